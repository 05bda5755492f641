"""Opens raw photos of any kind: upright by EXIF, in sRGB by their ICC profile, 8 bits a channel."""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.core.words import counted
from prep.images.bands import Bands
from prep.images.imageio import (
    ImageRGB,
    decode_jpeg,
    decode_plain_png,
    decoding,
    is_jpeg,
    loaded,
    open_image,
    quiet_pillow,
    refuse_enormous,
)
from prep.images.kinds.png_strips import png_strips
from prep.images.kinds.webp import webp_size
from prep.images.resample import resize_image, upright
from prep.images.single import refuse_several
from prep.images.sizing import Placement
from prep.images.tiff_pages import page_bytes
from prep.photos.depth import PLAIN, Depth, depth_of, depth_of_bands, stored_numbers
from prep.photos.ranges import NumberCounts, Ranges, eight_bits
from prep.photos.record import TURNED, PhotoRecord, turned_upright
from prep.photos.rendering import OWN_RANGES, Rendering
from prep.photos.srgb import is_srgb, to_srgb

_BAND = 256
"""Rows of a picture that are taken over at a time."""

JPEG_QUALITY = 95
"""For photos that must be re-encoded; without chroma subsampling."""

_LOSSY_FORMATS = frozenset({"JPEG", "MPO", "HEIF", "AVIF"})
_EXIF_ORIENTATION = 0x0112
MARKS_OF_PNG = (b"eXIf", b"Raw profile type exif", b"tiff:Orientation")
"""What tells of an orientation in a PNG: a chunk of EXIF, a text of ImageMagick, XMP."""

_MOST_WEBP = 200.0
"""Megapixels of a WebP where nobody says more: to open it takes memory for all its pixels, four bytes each."""

_SCALED_DECODE = ((1, 3.9), (2, 2.6), (4, 1.9))
"""JPEG may be decoded at n eighths if that leaves so many times the pixels that are wanted on a side.

These keep at least 38 dB to a full decode on all campus photos at the usual sizes (tests/bench/NOTES.md). The other
eighths are left out: libjpeg-turbo has fast code for halves only, and decodes 5/8 about as slowly as the whole.
"""


@dataclass(frozen=True)
class RawPhoto:
    """A photo whose header was read, and no more.

    picture: None where Pillow does not open it.  width, height: as stored, in pixels.
    orientation: of EXIF, 1..8, how to turn what is stored.  depth: how its numbers are stored.
    """

    path: Path
    data: bytes
    picture: Image.Image | None
    width: int
    height: int
    orientation: int
    depth: Depth = PLAIN

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height as a person sees the photo."""
        return turned_upright(self.width, self.height, self.orientation)

    @property
    def profile(self) -> bytes | None:
        """The ICC profile of its colours."""
        if self.depth.layout is not None:
            return self.depth.layout.profile
        return self.picture.info.get("icc_profile") if self.picture else None

    @property
    def is_lossy(self) -> bool:
        """Whether the file was compressed with loss, so that a JPEG of it is good enough."""
        kind = self.picture.format if self.picture else ""
        return kind in _LOSSY_FORMATS or (kind == "WEBP" and not _is_lossless_webp(self.data))

    @property
    def is_plain_jpeg(self) -> bool:
        """Whether an upright sRGB image stands in the file as JPEG, so that its coded pixels can be kept."""
        picture = self.picture
        return (
            picture is not None
            and picture.format == "JPEG"
            and picture.mode == "RGB"
            and self.orientation == 1
            and is_srgb(picture.info.get("icc_profile"))
        )

    def record(self, stem: str, name: str, placement: Placement) -> PhotoRecord:
        """The photo's row of photos.csv. name: posix path below the folder in which it was found."""
        place = placement.left, placement.top, placement.across, placement.down
        return PhotoRecord(stem, name, self.width, self.height, self.orientation, *place)


def open_photo(path: Path, max_megapixels: float | None = None, page: int = 0) -> RawPhoto:
    """Read the header of a raw photo of any kind; its content decides which, not its name.

    page: of a TIFF with several, from 1.
    Raises SegError if it is no image, larger than `max_megapixels` (None: 400), or several pages and none is named.
    """
    return parse_photo(path, page_bytes(path, page) if page else read_bytes(path), max_megapixels)


def parse_photo(path: Path, data: bytes, max_megapixels: float | None = None) -> RawPhoto:
    """Read the header of such a file's content; `path` is for errors."""
    depth = depth_of(path, io.BytesIO(data))
    if depth.layout is not None:
        picture, size, orientation = None, (depth.layout.width, depth.layout.height), depth.layout.orientation
        _check_size(path, *size, max_megapixels)
    else:
        if (declared := webp_size(data)) is not None:
            _check_size(path, *declared, max_megapixels)
            refuse_enormous(path, *declared, max_megapixels or _MOST_WEBP)
        with quiet_pillow:
            picture = open_image(path, data, math.inf)
            _check_size(path, *picture.size, max_megapixels)
            with decoding(path):
                size, orientation = picture.size, orientation_of(picture, data)
    refuse_several(path, data, picture)
    if picture and picture.format == "TIFF" and orientation in TURNED:  # Pillow gives the size after turning
        size = size[::-1]
    return RawPhoto(path, data, picture, *size, orientation, depth)


def _check_size(path: Path, width: int, height: int, max_megapixels: float | None) -> None:
    megapixels = width * height / 1e6
    if max_megapixels is None:
        refuse_enormous(path, width, height)
    elif megapixels > max_megapixels:
        shown = next(n for digits in (None, *range(1, 7)) if (n := round(megapixels, digits)) > max_megapixels)
        raise SegError(
            f"{path}: {counted(shown, 'megapixel')} ({width} x {height}), more than --max-megapixels "
            f"{max_megapixels:g}; add --max-megapixels {int(megapixels) + 1} if that is right"
        )


def with_bands(photo: RawPhoto, bands: Bands | None) -> RawPhoto:
    """The photo with these bands as its colours; as it is where none are chosen, and where it is no TIFF.

    Raises SegError if it has no such bands.
    """
    depth = None if bands is None else depth_of_bands(photo.path, photo.data, bands)
    if depth is None or depth.layout is None:
        return photo
    stored = depth.layout.width, depth.layout.height
    return RawPhoto(photo.path, photo.data, None, *stored, depth.layout.orientation, depth)


def read_photo(path: Path, rendering: Rendering = OWN_RANGES, page: int = 0) -> ImageRGB:
    """Read a raw photo of any kind as (H, W, 3) uint8: upright (EXIF), sRGB (ICC), 8 bits a channel.

    Raises SegError if the file is damaged, no image, or of a kind that has no such form.
    """
    photo = open_photo(path, page=page)
    return decode_photo(photo, *photo.upright_size, rendering)


def decode_photo(photo: RawPhoto, width: int, height: int, rendering: Rendering = OWN_RANGES) -> ImageRGB:
    """Decode an opened photo as (height, width, 3): upright, sRGB, averaged down (or enlarged) to this size.

    rendering: a deep photo of a kind that has no range there is brought to 8 bits by its own.
    Raises SegError if the photo is damaged, or lacks a band that is chosen there.
    """
    photo = with_bands(photo, rendering.bands)
    picture = photo.picture
    turn = 1 if picture and picture.format == "TIFF" else photo.orientation  # Pillow turns TIFF by itself
    if turn in TURNED:
        width, height = height, width
    with decoding(photo.path):  # odd palettes, and tags of a wrong type, are found out as late as here
        pixels, extent = _stored_pixels(photo, width, height, rendering.ranges)
        small = upright(resize_image(pixels, width, height, extent), turn)  # few pixels are turned quickly
        return to_srgb(photo.path, small, photo.profile)


def photo_strips(photo: RawPhoto) -> Iterator[ImageRGB] | None:
    """Strips (n, W, 3) of the rows that decode_photo would give in the photo's own size; None unless it is a huge PNG.

    Raises SegError, here or on the way, if it is damaged.
    """
    if photo.picture is None or photo.depth.kind or photo.orientation != 1:
        return None
    strips = png_strips(photo.path, photo.data)
    return None if strips is None else (to_srgb(photo.path, _red_first(strip), photo.profile) for strip in strips)


def _red_first(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey (H, W) as it is, of colours (H, W, 3) or (H, W, 4) with blue first the three."""
    if pixels.ndim == 2:
        return pixels
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGB), np.uint8)


def encode_jpeg(pixels: ImageRGB, quality: int = JPEG_QUALITY) -> bytes:
    """Encode (H, W, 3) as JPEG without chroma subsampling; the same pixels give the same bytes."""
    data: bytes = simplejpeg.encode_jpeg(pixels, quality=quality, colorsubsampling="444")
    return data


def orientation_of(picture: Image.Image, data: bytes) -> int:
    """EXIF orientation, 1 if there is none that means anything; of HEIC always 1, its decoder turns the picture."""
    if picture.format == "PNG" and not any(mark in data for mark in MARKS_OF_PNG):
        return 1  # Pillow decodes all pixels, and keeps them, to look for it behind them
    value = picture.getexif().get(_EXIF_ORIENTATION, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _is_lossless_webp(data: bytes) -> bool:
    """Whether the first image in a WebP file is coded without loss; a colour profile may stand before it (RFC 9649)."""
    position = 12
    while (name := data[position : position + 4]) not in (b"VP8 ", b"VP8L", b""):
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        position += 8 + (16 if name == b"ANMF" else size + size % 2)  # the frame of an animation holds such chunks
    return name == b"VP8L"


def _stored_pixels(
    photo: RawPhoto, width: int, height: int, ranges: Ranges
) -> tuple[NDArray[np.uint8], tuple[float, float]]:
    """Grey (H, W), RGB (H, W, 3) or CMYK (H, W, 4) as stored, with its extent in pixels of the array.

    A JPEG may come in a fraction of its size, enough to average it down to width x height.
    """
    picture = photo.picture
    if picture is None or photo.depth.kind:
        pixels = _deep_pixels(photo, ranges)
        return pixels, (pixels.shape[1], pixels.shape[0])
    if not is_jpeg(photo.data) or picture.mode == "CMYK":
        plain = decode_plain_png(photo.path, photo.data)
        with quiet_pillow:
            pixels = _eight_bits(photo.path, loaded(photo.path, picture)) if plain is None else plain
        return pixels, (pixels.shape[1], pixels.shape[0])
    eighths = next(
        (n for n, spare in _SCALED_DECODE if min(photo.width / width, photo.height / height) * n / 8 >= spare), 8
    )
    extent = photo.width * eighths / 8, photo.height * eighths / 8
    return decode_jpeg(photo.path, photo.data, extent), extent


def _deep_pixels(photo: RawPhoto, ranges: Ranges) -> NDArray[np.uint8]:
    """Grey, RGB or CMYK of a photo whose numbers are not those of 0 to 255, brought to them."""
    numbers, layout = stored_numbers(photo.path, photo.data, photo.depth), photo.depth.layout
    no_data = layout.no_data if layout else None
    if not photo.depth.kind:
        pixels = numbers
    elif photo.depth.kind in ranges:
        pixels = eight_bits(numbers, ranges[photo.depth.kind], no_data)
    else:
        in_use = NumberCounts(photo.depth.kind)
        in_use.add(numbers, no_data)
        pixels = eight_bits(numbers, in_use.range(), no_data)
    return np.invert(pixels) if layout and layout.is_inverted else pixels


def _eight_bits(path: Path, picture: Image.Image) -> NDArray[np.uint8]:
    """Grey, RGB or CMYK pixels of a loaded picture of 8 bits; alpha is dropped."""
    if picture.mode in {"1", "LA", "La"}:
        picture = picture.convert("L")
    elif picture.mode not in {"L", "RGB", "CMYK"}:
        if "transparency" in picture.info:
            picture = picture.convert("RGBA")
        try:
            picture = picture.convert("RGB")
        except ValueError as error:
            raise SegError(f"{path}: pixels of the kind {picture.mode}; save the photo as RGB") from error
    return _array_of(picture)


def _array_of(picture: Image.Image) -> NDArray[np.uint8]:
    """The pixels of a picture, a band of rows at a time: at once, Pillow would hold them three times."""
    channels = len(picture.getbands())
    pixels = np.empty((picture.height, picture.width, channels)[: 2 + (channels > 1)], np.uint8)
    for top in range(0, picture.height, _BAND):
        bottom = min(top + _BAND, picture.height)
        pixels[top:bottom] = np.asarray(picture.crop((0, top, picture.width, bottom)))
    return pixels
