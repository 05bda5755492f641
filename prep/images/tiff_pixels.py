"""Pixels of TIFF files as they are stored, of the kinds that Pillow does not open or cuts to 8 bits."""

import io
import logging
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.files import within_limits
from prep.core.words import counted
from prep.images.imageio import MAX_IMAGE_MEGAPIXELS, damaged, imdecode, refuse_enormous
from prep.images.tiff_pages import (
    BANDS,
    BITS,
    COMPRESSION,
    EXTRA_SAMPLES,
    HEIGHT,
    NO_DATA,
    ORIENTATION,
    PHOTOMETRIC,
    PLANAR,
    PREDICTOR,
    PROFILE,
    ROWS,
    SAMPLE_FORMAT,
    SEGMENTS,
    TILE_HEIGHT,
    TILE_WIDTH,
    WIDTH,
    TiffPage,
    alone,
    first_page,
)

_FORMATS = {1: "uint", 2: "int", 3: "float"}
WHOLE_BITS = (8, 16, 32, 64)
_BITS = {"uint": WHOLE_BITS, "int": WHOLE_BITS, "float": (16, 32, 64)}
_ODD_BITS = range(9, 16)
"""Of sensors; GDAL gives such numbers as uint16."""

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB = 0, 1, 2
_DEFLATE = (8, 32946)
OWN_COMPRESSIONS = (1, 32773, *_DEFLATE)
_USUAL_COMPRESSIONS = (*OWN_COMPRESSIONS, 5, 7)
"""And LZW and JPEG, which every libtiff reads."""

_FOREIGN_COMPRESSIONS = (34887, 50001, 50002)
"""LERC, WebP and JPEG XL, which neither Pillow nor OpenCV reads."""

OWN_PREDICTORS = (1, 2)
"""None, PackBits and Deflate, which tifffile reads by itself; other compressions, and differences of floating-point
numbers, are left to OpenCV."""

_ALPHA = (1, 2)
"""Kinds of extra samples (TIFF 6.0, section 18)."""

_PLAIN_TAGS = frozenset(
    {256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 338, 339, 347}
)
"""What a decoder needs to know."""

_MOST_BYTES = 1 << 32
"""Of all bands together, before memory is taken for them."""

_COLORS = {_RGB: 3, 5: 4, 6: 3, 8: 3}
"""Samples of RGB, CMYK, YCbCr and Lab; whatever is more is alpha or a band. All others have one."""


class UnknownCompressionError(SegError):
    """The file is compressed in a way that is not read here."""


@dataclass(frozen=True)
class TiffLayout:
    """What the first page of a TIFF declares of its pixels.

    kind: name of their type in NumPy, empty for whole numbers of less than 8 bits and for what has no name.
    bands: all samples of a pixel.  colors: those that its colours take.
    no_data: the number of pixels that hold nothing, as GDAL writes it.
    orientation: of EXIF, 1..8.  profile: of its colours, as ICC writes it.
    alpha: which of the samples says how opaque a pixel is, from 0.
    unusual: what of it Pillow and OpenCV refuse, or read wrong without a word; empty for most files.
    """

    width: int
    height: int
    kind: str
    bands: int
    colors: int
    bits: int
    photometric: int
    no_data: float | None
    orientation: int
    profile: bytes | None
    alpha: int | None
    unusual: str

    @property
    def is_deep(self) -> bool:
        """Whether the numbers are not those of 0 to 255."""
        return self.kind not in ("", "uint8")

    @property
    def is_inverted(self) -> bool:
        """Whether 0 is white."""
        return self.photometric == _WHITE_IS_ZERO


def tiff_layout(path: Path, file: bytes | BinaryIO) -> TiffLayout | None:
    """What the first page of a file or its content declares; None if it is no TIFF. SegError if it is damaged."""
    page = first_page(path, io.BytesIO(file) if isinstance(file, bytes) else file)
    if page is not None and not (page.pixels and page.value(BANDS, 1)):
        raise damaged(path)
    return None if page is None else _layout(page)


def read_tiff(path: Path, data: bytes, max_megapixels: float = MAX_IMAGE_MEGAPIXELS) -> NDArray[Any]:
    """Decode the first page of a TIFF as (H, W) or (H, W, bands), red first, in the type in which it is stored.

    Raises SegError if it is damaged, larger than `max_megapixels`, or of a kind or compression that is not read.
    """
    page = first_page(path, io.BytesIO(data))
    if page is None or not page.value(BANDS, 1):
        raise damaged(path)
    layout = _layout(page)
    refuse_enormous(path, layout.width, layout.height, max_megapixels)
    if not layout.kind:
        raise SegError(f"{path}: pixels of {counted(layout.bits, 'bit')}; save it with 8 or 16 bits a channel")
    if layout.width * layout.height * layout.bands * np.dtype(layout.kind).itemsize > _MOST_BYTES:
        raise SegError(
            f"{path}: {counted(layout.bands, 'band')} of {layout.width} x {layout.height} pixels; cut it into tiles"
        )
    with within_limits(path):
        is_plain = page.value(COMPRESSION, 1) in OWN_COMPRESSIONS and page.value(PREDICTOR, 1) in OWN_PREDICTORS
        if layout.unusual and not (is_plain and layout.bits in WHOLE_BITS):  # tifffile knows of unwritten tiles
            raise _needs_geo(path, layout)
        return (_by_tifffile if is_plain or layout.kind == "float16" else _by_libtiff)(page, layout)


def _layout(page: TiffPage) -> TiffLayout:
    bits, form = page.values(BITS, (1,)), page.values(SAMPLE_FORMAT, (1,))
    bands = page.value(BANDS, 1)
    same = len({*bits}) == 1 and len({*form}) == 1 and bits[0] in _BITS.get(_FORMATS.get(form[0], ""), ())
    photometric = page.value(PHOTOMETRIC, _BLACK_IS_ZERO)
    colors = min(bands, _COLORS.get(photometric, 1))
    if colors == 1 and bands >= _COLORS[_RGB]:  # grey by its header, but nobody stores three greys
        colors = _COLORS[_RGB]
    kind = f"{_FORMATS[form[0]]}{bits[0]}" if same else ""
    if not kind and {*bits} <= {*_ODD_BITS} and {*form} == {1}:
        kind = "uint16"
    return TiffLayout(
        *(page.value(WIDTH), page.value(HEIGHT), kind, bands, colors, bits[0], photometric, _no_data(page)),
        orientation=turn if 1 <= (turn := page.value(ORIENTATION, 1)) <= 8 else 1,
        profile=page.content(PROFILE) or None,
        alpha=_alpha(page, bands),
        unusual=_unusual(page, bits[0]),
    )


def _unusual(page: TiffPage, bits: int) -> str:
    if bits in _ODD_BITS:
        return f"numbers of {counted(bits, 'bit')}"
    if page.value(COMPRESSION, 1) in _FOREIGN_COMPRESSIONS:
        return "a compression"
    return "tiles that were never written" if page.has_unwritten else ""


def _alpha(page: TiffPage, bands: int) -> int | None:
    extra = page.values(EXTRA_SAMPLES)
    return next((bands - len(extra) + number for number, kind in enumerate(extra) if kind in _ALPHA), None)


def _no_data(page: TiffPage) -> float | None:
    try:
        return float(page.content(NO_DATA).rstrip(b"\0 ")) if NO_DATA in page.fields else None
    except ValueError:
        return None


def _by_libtiff(page: TiffPage, layout: TiffLayout) -> NDArray[Any]:
    """The pixels in a compression that OpenCV knows: each plane by itself, or up to four bands in one."""
    if page.value(PLANAR, 1) == 1 or layout.bands == 1:
        return _by_tifffile(page, layout) if layout.bands in (2, *range(5, 1 << 16)) else _plane(page, layout, 0, 1)
    return np.stack([_plane(page, layout, number, layout.bands) for number in range(layout.bands)], axis=2)


def _plane(page: TiffPage, layout: TiffLayout, number: int, planes: int) -> NDArray[Any]:
    """One plane of several. OpenCV sees no tags that it would warn of, and bands as red, green and blue."""
    starts = next((tag for tag in SEGMENTS if tag in page.fields), 0)
    each = len(page.values(starts)) // planes
    bands = layout.bands if planes == 1 else 1
    ours = slice(number * each, (number + 1) * each)
    changes = {tag: page.values(tag)[ours] for tag in (starts, SEGMENTS[starts])} if starts else {}
    changes |= {BANDS: (bands,), PLANAR: (1,), PHOTOMETRIC: (_BLACK_IS_ZERO if bands == 1 else _RGB,)}
    changes |= {tag: page.values(tag, (1,) * bands)[:bands] for tag in (BITS, SAMPLE_FORMAT)}
    changes |= {EXTRA_SAMPLES: (0,)} if bands > _COLORS[_RGB] else {}
    kept = {tag: held for tag, held in page.fields.items() if tag in _PLAIN_TAGS and tag != EXTRA_SAMPLES}
    try:
        pixels: NDArray[Any] | None = imdecode(alone(replace(page, fields=kept), changes), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise damaged(page.path) from error
    if pixels is None and page.value(COMPRESSION, 1) not in _USUAL_COMPRESSIONS:
        raise _needs_geo(page.path, layout)
    if pixels is None or pixels.shape[:2] != (layout.height, layout.width) or pixels.dtype != layout.kind:
        raise damaged(page.path)
    return pixels if pixels.ndim == 2 else np.concatenate([pixels[..., 2::-1], pixels[..., 3:]], axis=2)


def _by_tifffile(page: TiffPage, layout: TiffLayout) -> NDArray[Any]:
    from tifffile import TIFF, TiffFile

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # its warnings about odd tags are nobody's business
    try:
        _refuse_bomb(page, layout)
        with TiffFile(io.BytesIO(alone(page, {}))) as file:
            stored = file.pages[0]
            if stored.compression not in TIFF.DECOMPRESSORS:
                raise _needs_geo(page.path, layout)
            pixels = np.asarray(stored.asarray())
    except (SegError, MemoryError, RecursionError):
        raise
    except Exception as error:  # a parser of others on bytes of others: it raises anything
        is_unknown = isinstance(error, ImportError) or "imagecodecs" in str(error)
        raise (_needs_geo(page.path, layout) if is_unknown else damaged(page.path)) from error
    if pixels.shape == (layout.bands, layout.height, layout.width):
        pixels = np.moveaxis(pixels, 0, -1)
    if pixels.shape[:2] != (layout.height, layout.width):
        raise damaged(page.path)
    return pixels


def _refuse_bomb(page: TiffPage, layout: TiffLayout) -> None:
    """SegError if a strip or tile unpacks to more than it can hold; tifffile would unpack it all."""
    if page.value(COMPRESSION) not in _DEFLATE:
        return
    wide = page.value(TILE_WIDTH, layout.width)
    high = page.value(TILE_HEIGHT, min(page.value(ROWS, layout.height), layout.height))
    most = wide * high * layout.bands * np.dtype(layout.kind).itemsize
    for segment in page.segments():
        if len(zlib.decompressobj().decompress(segment, most + 1)) > most:
            raise damaged(page.path)


def _needs_geo(path: Path, layout: TiffLayout) -> SegError:
    bands, what = counted(layout.bands, "band"), layout.unusual or "a compression"
    return UnknownCompressionError(
        f"{path}: {bands} of {layout.kind} with {what}: that needs one more package; type: pip install 'seg-prep[geo]' "
        "(or save the file again, whole, with 8 or 16 bits and without compression)"
    )
