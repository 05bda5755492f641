"""Opens and writes the image files of a dataset; everything else is arrays in, arrays out.

Raw photos are opened by prep/photos/photoio.py and raw labels by prep/labels/labelio.py, with the
decoders that stand here.
"""

import ctypes
import io
import math
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, _imaging

from prep.core.errors import SegError
from prep.core.files import read_bytes, within_limits, write_bytes
from prep.images.kinds.png_chunks import PNG_START, is_whole_png, without_remarks
from prep.images.kinds.webp import is_cut_short, webp_size

ImageRGB = NDArray[np.uint8]
"""(H, W, 3), 0..255, red first."""

IndexMask = NDArray[np.uint8]
"""(H, W), class index, 255 = ignore."""

IMAGE_SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jfif", ".png", ".tif", ".tiff", ".bmp", ".webp", ".heic", ".heif", ".avif"),
        *(".gif", ".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".j2k"),
    }
)

MAX_IMAGE_MEGAPIXELS = 400
"""Larger pictures are refused by their header, before memory is taken for them."""

LONGEST_SIDE = 1_000_000
"""Pixels; libpng writes and reads no more."""

_FORMATS = ("BMP", "GIF", "JPEG", "PPM", "PNG", "TIFF", "WEBP", "JPEG2000")
"""What Pillow may open, and nothing else: of PostScript, for one, it starts a program of others."""

_BOX_FORMATS = ("HEIF", "AVIF")
"""Those whose files begin with a box "ftyp"."""

_PNG_OPTIONS = [
    cv2.IMWRITE_PNG_COMPRESSION,
    1,
    # One fixed filter: three times faster than choosing a filter for each row, at the same size for masks.
    cv2.IMWRITE_PNG_FILTER,
    cv2.IMWRITE_PNG_FILTER_UP,
]
_MOST_PIXELS_PER_BYTE = 512
"""Of a JPEG: a block of 8 x 8 takes one bit at the least; a shorter file is cut off (ITU-T T.81, F.1.2)."""

_START_OF_SCAN = b"\xff\xda"
_USUAL_SCANS = 30
_MOST_SCANNED_PIXELS = 1_000_000_000
"""Progressive JPEG goes over all pixels in each scan, usually about ten, at some 600 megapixels a second."""

_JPEG_2000_START = b"\xff\x4f\xff\x51"
_PNG_CHANNELS = {0: 1, 2: 3, 4: 1, 6: 3}
"""Colour type of a PNG without palette -> its channels without alpha (PNG standard, 6.1)."""


def read_image(path: Path) -> ImageRGB:
    """Read a prepared image (JPEG or PNG, upright, sRGB) as (H, W, 3) uint8; SegError if it is damaged."""
    return decode_image(path, read_bytes(path))


def decode_image(path: Path, data: bytes) -> ImageRGB:
    """Decode the content of such a file."""
    if is_jpeg(data):
        refuse_enormous(path, *_jpeg_size(path, data))
        return decode_jpeg(path, data)
    pixels = decode(path, data, cv2.IMREAD_COLOR)
    with within_limits(path):
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def decode_plain_png(path: Path, data: bytes) -> NDArray[np.uint8] | None:
    """Grey (H, W) or RGB (H, W, 3) as stored in a PNG of 8 bits without palette, alpha dropped; else None.

    Pillow's picture, four bytes a pixel whatever it shows, would be held beside the array that is made of it.
    """
    if data[:8] != PNG_START or data[24] != 8 or (kind := data[25]) not in _PNG_CHANNELS:
        return None
    is_grey = _PNG_CHANNELS[kind] == 1
    flags = (cv2.IMREAD_GRAYSCALE if is_grey else cv2.IMREAD_COLOR) | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = decode(path, data, flags)
    return pixels if is_grey else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, dst=pixels), np.uint8)


def read_mask(path: Path) -> IndexMask:
    """Read a prepared mask as (H, W) uint8; SegError if it is damaged or no 8-bit grey image."""
    return decode_mask(path, read_bytes(path))


def decode_mask(path: Path, data: bytes) -> IndexMask:
    """Decode the content of such a file."""
    mask = decode(path, data, cv2.IMREAD_UNCHANGED)
    if mask.ndim != 2 or mask.dtype != np.uint8:
        raise SegError(f"{path}: a mask is an 8-bit grey PNG; bring it in with 'seg-prep masks convert'")
    return mask


def image_size(path: Path) -> tuple[int, int]:
    """Width and height of an image file from its header, in pixels."""
    width, height = open_image(path, read_bytes(path)).size
    return width, height


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode (H, W) or (H, W, 3) RGB uint8 as PNG; the same pixels give the same bytes."""
    ordered = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else pixels
    _, data = cv2.imencode(".png", ordered, _PNG_OPTIONS)
    return data.tobytes()


def write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write an image (H, W, 3) or a mask (H, W) as PNG, atomically."""
    write_bytes(path, encode_png(pixels))


def is_jpeg(data: bytes) -> bool:
    """Whether the file content begins as JPEG does."""
    return data[:3] == b"\xff\xd8\xff"


def damaged(path: Path) -> SegError:
    """The error for a file that cannot be decoded."""
    return SegError(f"{path}: the file is truncated or damaged, or no image at all; export or copy it again")


def decode(path: Path, data: bytes, flags: int) -> NDArray[np.uint8]:
    """Decode a whole file as OpenCV orders it: (H, W) or (H, W, C), blue first; `flags` as of cv2.imdecode."""
    if data[:8] == PNG_START:
        # Not with Pillow, which takes a third as long as decoding a small mask (tests/bench/NOTES.md).
        refuse_enormous(path, *_png_size(data))
        # A damaged PNG is told here, before libpng writes a line of its own to the terminal.
        if not is_whole_png(data):
            raise damaged(path)
        data = without_remarks(data)
    elif is_jpeg(data):
        refuse_enormous(path, *_jpeg_size(path, data))
        colors = decode_jpeg(path, data)
        with within_limits(path):
            return np.asarray(cv2.cvtColor(colors, cv2.COLOR_RGB2BGR), np.uint8)
    else:
        open_image(path, data)  # refuses enormous sizes
    with decoding(path):
        pixels = imdecode(data, flags)
    if pixels is None:
        raise damaged(path)
    return pixels


def imdecode(data: bytes, flags: int) -> NDArray[np.uint8] | None:
    """As cv2.imdecode, with pixels of any depth, which callers tell apart; None if it is no image.

    Silent: what is wrong with a file is told in our words, and what is only odd about it in none.
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags)  # type: ignore[return-value]  # "any number"
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        raise


def decode_jpeg(path: Path, data: bytes, least: tuple[float, float] = (0, 0)) -> ImageRGB:
    """Decode a whole JPEG as (H, W, 3); SegError also where only its end is missing.

    least: width and height that are enough; the result has the smallest number of eighths that reaches them.
    """
    width, height = map(math.ceil, least)
    _check_jpeg_cost(path, data)
    with decoding(path):
        return np.asarray(simplejpeg.decode_jpeg(data, "RGB", min_width=width, min_height=height), np.uint8)


def refuse_damaged_jpeg(path: Path, data: bytes) -> None:
    """SegError if a JPEG cannot be decoded to its end: an eighth of its size takes every code, and a 64th of memory."""
    decode_jpeg(path, data, (1, 1))


def refuse_enormous(path: Path, width: int, height: int, max_megapixels: float = MAX_IMAGE_MEGAPIXELS) -> None:
    """SegError if a header declares more than `max_megapixels`, or a side that no PNG of ours can have."""
    if max(width, height) > LONGEST_SIDE:
        raise SegError(
            f"{path}: {width:,} x {height:,} pixels; a side has at most {LONGEST_SIDE:,}; cut it into pieces, or leave "
            "the file out if it is damaged"
        )
    if width * height > max_megapixels * 1e6:
        raise SegError(
            f"{path}: larger than this program opens: {width * height / 1e6:,.0f} megapixels ({width} x {height}), "
            f"the limit is {max_megapixels:g}; cut it into tiles"
        )


def _png_size(data: bytes) -> tuple[int, int]:
    """Width and height where the header of a PNG states them (PNG standard, 11.2.1)."""
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _check_jpeg_cost(path: Path, data: bytes) -> None:
    """Refuse a JPEG that takes memory, or time, out of all proportion to its length, before either is spent."""
    width, height = _jpeg_size(path, data)
    if len(data) < width * height // _MOST_PIXELS_PER_BYTE:
        raise damaged(path)
    scans = data.count(_START_OF_SCAN)
    if scans > _USUAL_SCANS and scans * width * height > _MOST_SCANNED_PIXELS:
        raise SegError(f"{path}: a JPEG of {scans} scans, which takes minutes to decode; save it again")


def _jpeg_size(path: Path, data: bytes) -> tuple[int, int]:
    with decoding(path):
        height, width, *_ = simplejpeg.decode_jpeg_header(data)
    return width, height


def open_image(path: Path, data: bytes, max_megapixels: float = MAX_IMAGE_MEGAPIXELS) -> Image.Image:
    """Read the header of an image file of any kind that we name, with Pillow; its content decides, not its name.

    Raises SegError if it is of no such kind or declares more than `max_megapixels`.
    """
    refuse_enormous(path, *(webp_size(data) or (1, 1)), max_megapixels)
    if is_cut_short(data):
        raise damaged(path)
    with quiet_pillow, decoding(path):
        picture = Image.open(io.BytesIO(data), formats=_formats_of(data))
    refuse_enormous(path, *picture.size, max_megapixels)
    return picture


def _formats_of(data: bytes) -> tuple[str, ...]:
    if data[4:8] != b"ftyp":
        return _FORMATS
    import pillow_heif

    Image.init()
    pillow_heif.register_heif_opener()
    return tuple(name for name in _BOX_FORMATS if name in Image.OPEN)


def loaded(path: Path, picture: Image.Image) -> Image.Image:
    """Decode the pixels of an opened picture."""
    if picture.format == "TIFF":
        _silence_libtiff()
    with quiet_pillow, decoding(path):
        picture.load()
    return picture


@cache
def _silence_libtiff() -> None:
    """Pillow raises what its libtiff has found, which writes lines of its own to the terminal besides.

    The library is the one that Pillow's has loaded; where it is built into that (Windows), the lines stay.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)


def jpeg2000_bits(data: bytes) -> int:
    """Bits a channel that JPEG 2000 states (ITU-T T.800, A.5.1), of the first one; 0 where it is none."""
    start = data.find(_JPEG_2000_START)
    return (data[start + 42] & 0x7F) + 1 if 0 <= start < len(data) - 42 else 0


@contextmanager
def decoding(path: Path) -> Iterator[None]:
    """Turn whatever a decoder raises into a SegError: no memory, or a damaged file."""
    with within_limits(path):
        try:
            yield
        except (MemoryError, RecursionError, SegError):
            raise
        except Exception as error:  # parsers of many formats on bytes of others: they raise anything
            raise damaged(path) from error


class _QuietPillow:
    """Without Pillow's own limit of size and its warnings about odd metadata; what matters becomes an error here.

    Limit and warnings belong to the whole process: with several threads the first to enter changes them, the last to
    leave restores them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._restore = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._restore.enter_context(warnings.catch_warnings())
                warnings.simplefilter("ignore")
                self._restore.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
                Image.MAX_IMAGE_PIXELS = None

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._restore.close()


quiet_pillow = _QuietPillow()
