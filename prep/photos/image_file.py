"""The image file that is made of a photo: its type, where the photo stands in it, and its bytes."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image

from prep.core.errors import SegError
from prep.core.files import make_folder, within_limits, write_bytes
from prep.core.words import counted, verb
from prep.dataset.dataset_files import IMAGES, MASKS
from prep.images.imageio import ImageRGB, encode_png, quiet_pillow, refuse_damaged_jpeg
from prep.images.kinds.png_bands import png_of_bands
from prep.images.resample import frame_image
from prep.images.sizing import Placement, Target, place
from prep.photos.metadata import exif_of, with_exif, without_metadata
from prep.photos.photoio import JPEG_QUALITY, RawPhoto, decode_photo, encode_jpeg, photo_strips
from prep.photos.rendering import OWN_RANGES, Rendering


@dataclass(frozen=True)
class ImageOptions:
    """How images are made of photos: see the options of 'seg-prep resize'.

    target: None keeps the size of the photo, as 'seg-prep masks convert' does.
    image_format: None is JPEG for photos that were compressed with loss, PNG for all others.
    quality: of JPEG; None is 95, and keeps an upright sRGB JPEG as it is coded if its size does not change.
    max_megapixels: larger photos are left out by 'seg-prep resize'.
    rendering: of deep photos, and of those with more bands than colours.
    """

    target: Target | None = None
    image_format: Literal["jpg", "png"] | None = None
    quality: int | None = None
    keep_metadata: bool = False
    max_megapixels: float = 200
    rendering: Rendering = OWN_RANGES


FULL_SIZE = ImageOptions()


def place_photo(photo: RawPhoto, options: ImageOptions) -> Placement:
    """Fit a photo to the target; SegError naming the file if that cannot be."""
    return place_size(photo.path, *photo.upright_size, options)


def place_size(path: Path, width: int, height: int, options: ImageOptions) -> Placement:
    """Fit an upright photo of this size to the target; SegError naming `path` if that cannot be."""
    if options.target is None:
        return Placement(width, height, 0, 0, width, height)
    try:
        return place(width, height, options.target)
    except SegError as error:
        raise SegError(f"{path}: {error}") from error


def image_file(
    photo: RawPhoto, stem: str, placement: Placement, options: ImageOptions, folder: Path
) -> tuple[str, bytes]:
    """Posix path in the dataset and content of a photo's image: upright, sRGB, resized, framed, without metadata.

    The content is empty if an interrupted run has written the file below `folder`. Raises SegError if the photo is
    damaged, or if its metadata was asked for and cannot be carried over.
    """
    image_format = options.image_format or ("jpg" if photo.is_lossy else "png")
    name = f"{IMAGES}/{stem}.{image_format}"
    if (folder / name).exists():
        return name, b""
    with within_limits(photo.path):
        if image_format == "png":
            data = _png(photo, placement, options)
        elif _keeps_its_bytes(photo, placement, options):
            refuse_damaged_jpeg(photo.path, photo.data)
            data = without_metadata(photo.data)
        else:
            data = encode_jpeg(_pixels(photo, placement, options), options.quality or JPEG_QUALITY)
        return name, _with_metadata(data, photo, placement) if options.keep_metadata else data


def notes_on_quality(names: Sequence[str], options: ImageOptions) -> list[str]:
    """A note where a quality was asked for and some of the images of these names are stored without loss."""
    exact = sum(name.endswith(".png") for name in names)
    if options.quality is None or not exact:
        return []
    made = f"{counted(exact, 'image')} {verb(exact, 'is', 'are')} stored as PNG, for which --quality means nothing"
    return [
        made if options.image_format else f"{made}; --format jpg makes JPEG of photos that were stored without loss"
    ]


def write_file(path: Path, data: bytes) -> None:
    """Write a file of a dataset into a folder that is there; nothing if an interrupted run has made it (no content)."""
    if data:
        write_bytes(path, data)


def with_folders(folder: Path) -> Path:
    """The folder, with those of images and masks in it: made once, not for each file."""
    make_folder(folder / IMAGES)
    make_folder(folder / MASKS)
    return folder


def _keeps_its_bytes(photo: RawPhoto, placement: Placement, options: ImageOptions) -> bool:
    same_size = (placement.width, placement.height) == (photo.width, photo.height)
    return same_size and photo.is_plain_jpeg and options.quality is None


def _png(photo: RawPhoto, placement: Placement, options: ImageOptions) -> bytes:
    """A PNG of a photo; where that is a huge one and nothing is to be done but its colours, never held whole."""
    is_whole = placement == Placement(photo.width, photo.height, 0, 0, photo.width, photo.height)
    strips = photo_strips(photo) if is_whole else None
    if strips is None:
        return encode_png(_pixels(photo, placement, options))
    return b"".join(png_of_bands(placement.height, placement.width, strips))


def _pixels(photo: RawPhoto, placement: Placement, options: ImageOptions) -> ImageRGB:
    return frame_image(decode_photo(photo, placement.across, placement.down, options.rendering), placement)


def _with_metadata(file: bytes, photo: RawPhoto, placement: Placement) -> bytes:
    try:
        with quiet_pillow:
            exif = photo.picture.getexif() if photo.picture else Image.Exif()
            return with_exif(file, exif_of(exif, placement.width, placement.height))
    except (LookupError, OSError, SyntaxError, TypeError, ValueError, struct.error) as error:
        raise SegError(
            f"{photo.path}: its metadata cannot be carried over ({error}); leave out --keep-metadata"
        ) from error
