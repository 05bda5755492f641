"""Very large TIFF files, read from the top down, a few rows at a time."""

import contextlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.files import explained
from prep.geo.extra import INSTALL_GEO, has_geo
from prep.geo.no_data import Empty, empty_pixels, has_mask, masked_rows
from prep.geo.raster import read_rows
from prep.images.imageio import ImageRGB, damaged
from prep.images.tiff_pixels import OWN_COMPRESSIONS, OWN_PREDICTORS, TiffLayout, tiff_layout
from prep.photos.kept_rows import KeptRows
from prep.photos.ranges import InUse, Range, Ranges, eight_bits
from prep.photos.srgb import to_srgb

if TYPE_CHECKING:
    from tifffile import TiffPage

LARGE_MEGAPIXELS = 64
"""TIFFs above this are read, labelled and written strip by strip; cameras make smaller ones."""

_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""Of TIFF and BigTIFF, either byte order."""

_PLAIN_ROWS = 256
"""Rows of an uncompressed picture in one piece that are read at once."""

_MOST_BYTES = 1 << 30
"""A compressed strip that holds more than this is refused: it can only be decoded as a whole."""

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
"""Photometric interpretations (TIFF 6.0, section 8); the first two are grey."""

_KINDS = ("bool", "uint8", "uint16", "int16", "uint32", "int32", "float32", "float64")

_ORIENTATION = 274


def is_large_tiff(path: Path) -> bool:
    """Whether the file is a TIFF with more than LARGE_MEGAPIXELS, by its header. SegError if that is damaged."""
    with explained(path), path.open("rb") as file:
        if file.read(4) not in _STARTS:
            return False
    with _first_page(path) as page:
        return page.imagewidth * page.imagelength > LARGE_MEGAPIXELS * 1e6


class TiffRows:
    """The first picture of a TIFF file as ImageRows: 8 bits, sRGB, as prep.photos.photoio reads photos.

    Holds the rows asked for and one row of tiles, or one strip.
    ranges: which numbers become black and white, by kind; of a kind that is not among them, what is in use in the file
    decides, which takes one more reading, and `own_range` says it.
    keeps_empty: keep, of the rows that were read, which pixels hold no data, until `taken_empty` takes them.
    Raises SegError if the file is damaged, or if its pixels or its compression are of a kind that cannot be read in
    pieces, or needs the extra `geo`, which is missing.
    """

    def __init__(self, path: Path, ranges: Ranges | None = None, *, keeps_empty: bool = False) -> None:
        self._path = path
        with explained(path), path.open("rb") as file:
            layout = tiff_layout(path, file)
        if layout is None:
            raise damaged(path)
        self._layout = layout
        self._held: tuple[int, NDArray[Any]] = (-1, np.empty(0))
        self._empty = KeptRows(layout.width) if keeps_empty else None
        self._has_mask = has_mask(path)
        with _first_page(path) as page:
            _refuse_unreadable(path, page)
            self.height, self.width = page.imagelength, page.imagewidth
            self._is_plain = _is_plain(page)
            self._is_by_gdal = not _is_read_here(page)
            self._piece_rows = _piece_rows(page)
            if not self._is_plain and self._piece_rows * page.imagewidth * page.samplesperpixel > _MOST_BYTES:
                raise SegError(
                    f"{path}: stored as one compressed piece, which cannot be read row by row; "
                    "save it again with tiles, for example: gdal_translate -co TILED=YES -co COMPRESS=DEFLATE IN OUT"
                )
        self._range = (ranges or {}).get(layout.kind)

    @property
    def kind(self) -> str:
        """Type of the numbers in NumPy, empty where they are those of 0 to 255."""
        return self._layout.kind if self._layout.is_deep else ""

    @cached_property
    def own_range(self) -> Range | None:
        """What is in use in the file, where the numbers are deep and no range of their kind is known."""
        return self.in_use().range() if self.kind and self._range is None else None

    def rows(self, first: int, last: int) -> ImageRGB:
        """Rows first to last - 1, (n, W, 3). Fastest from the top down, without gaps."""
        pixels, empty = self.rows_with_empty(first, last)
        if self._empty is not None:
            self._empty.add(first, empty)
        return pixels

    def rows_with_empty(self, first: int, last: int) -> tuple[ImageRGB, Empty]:
        """The same rows, and which of their pixels hold no data, (n, W)."""
        stored, (numbers, profile) = self._stored(first, last)
        is_masked = self._has_mask
        empty = masked_rows(self._path, first, last) if is_masked else empty_pixels(stored, self._layout)
        span = self._range or self.own_range
        pixels = eight_bits(numbers, span, self._layout.no_data) if span and self._layout.is_deep else numbers
        return to_srgb(self._path, np.invert(pixels) if self._layout.is_inverted else pixels, profile), empty

    def empty(self, first: int, last: int) -> Empty:
        """Which pixels of rows first to last - 1 hold no data, (n, W). These rows, read before, stay kept."""
        assert self._empty is not None
        return self._empty.seen(first, last)

    def taken_empty(self, first: int, last: int) -> Empty:
        """Which pixels of rows first to last - 1 hold no data, (n, W). These rows, read before, are kept no longer."""
        assert self._empty is not None
        return self._empty.taken(first, last)

    def in_use(self) -> InUse:
        """How often each number occurs, which takes one reading."""
        in_use = InUse(self._layout.kind)
        for top in range(0, self.height, self._piece_rows):
            _, (numbers, _) = self._stored(top, min(self.height, top + self._piece_rows))
            in_use.add(numbers, self._layout.no_data)
        return in_use

    def _stored(self, first: int, last: int) -> tuple[NDArray[Any], tuple[NDArray[Any], bytes | None]]:
        """Rows as they are stored; the same without bands that are no colours, and the profile of these."""
        size = self._piece_rows
        wanted = range(first // size, -(-last // size))
        with _first_page(self._path) as page:
            # Copies, so that a piece is let go before the next one is decoded.
            parts = [
                self._piece(page, each)[max(0, first - each * size) : last - each * size].copy() for each in wanted
            ]
            pixels = np.concatenate(parts) if len(parts) > 1 else parts[0]
            return pixels, (_numbers(page, self._layout, pixels), page.iccprofile)

    def _piece(self, page: "TiffPage", number: int) -> NDArray[Any]:
        """A row of tiles, or a strip, (rows, W, samples) as stored."""
        if self._held[0] != number:
            self._held = (-1, np.empty(0))  # before: two at once would take twice the memory
            with _explained(self._path):
                read = _read_by_gdal if self._is_by_gdal else _read_plain if self._is_plain else _read_segments
                self._held = number, read(page, number * self._piece_rows, self._piece_rows)
        return self._held[1]


@contextmanager
def _first_page(path: Path) -> Iterator["TiffPage"]:
    from tifffile import TiffFile, TiffPage

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # its warnings about odd tags are nobody's business
    with contextlib.ExitStack() as stack:
        with _explained(path):
            page = stack.enter_context(TiffFile(path)).pages.first
        if not isinstance(page, TiffPage) or not page.imagewidth or not page.imagelength:
            raise damaged(path)
        yield page


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Parsers on damaged bytes raise anything."""
    try:
        with explained(path):
            yield
    except SegError:
        raise
    except Exception as error:
        raise damaged(path) from error


def _refuse_unreadable(path: Path, page: "TiffPage") -> None:
    is_read_here = _is_read_here(page)
    if not is_read_here and not has_geo():
        kind = getattr(page.compression, "name", page.compression)
        raise SegError(
            f"{path}: compressed by {kind}, which needs one more package; type: {INSTALL_GEO} "
            "(or save the file again with Deflate, or without compression)"
        )
    tag = page.tags.get(_ORIENTATION)
    if tag is not None and tag.value != 1:
        raise SegError(f"{path}: stored turned or mirrored (orientation {tag.value}); save it again upright")
    is_grey = page.photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _PALETTE)
    least = 1 if is_grey else {_RGB: 3, _CMYK: 4}.get(page.photometric)
    if page.photometric == _YCBCR and not is_read_here:  # which GDAL turns into RGB
        least = 3
    if least is None or page.samplesperpixel < least or page.dtype not in _KINDS:
        kind = getattr(page.photometric, "name", page.photometric)
        raise SegError(f"{path}: pixels of the kind {kind}, {page.dtype}; save it as grey or RGB")


def _is_read_here(page: "TiffPage") -> bool:
    """Whether tifffile decodes it, by itself or by imagecodecs where that is installed; it takes more for readable."""
    if find_spec("imagecodecs") is None:
        return page.compression in OWN_COMPRESSIONS and page.predictor in OWN_PREDICTORS
    from tifffile import TIFF

    return page.compression in TIFF.DECOMPRESSORS


def _is_plain(page: "TiffPage") -> bool:
    """Whether the pixels stand in the file as they are, in one piece, all samples of a pixel together."""
    return bool(page.is_memmappable and (page.planarconfig != 2 or page.samplesperpixel == 1))


def _piece_rows(page: "TiffPage") -> int:
    if _is_plain(page):
        return _PLAIN_ROWS
    return int(page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength))


def _read_plain(page: "TiffPage", top: int, rows: int) -> NDArray[Any]:
    """Rows of a picture that stands in the file as it is, one sample after another."""
    rows = min(rows, page.imagelength - top)
    stored = np.dtype(page.dtype).newbyteorder(page.parent.byteorder)
    shape = (rows, page.imagewidth, page.samplesperpixel)
    bytes_a_row = page.imagewidth * page.samplesperpixel * stored.itemsize
    page.parent.filehandle.seek(page.dataoffsets[0] + top * bytes_a_row)
    data = page.parent.filehandle.read(rows * bytes_a_row)
    return np.frombuffer(data, stored).reshape(shape)


def _read_by_gdal(page: "TiffPage", top: int, rows: int) -> NDArray[Any]:
    path = Path(page.parent.filehandle.path)
    return read_rows(path, top, min(page.imagelength, top + rows))


def _read_segments(page: "TiffPage", top: int, rows: int) -> NDArray[Any]:
    """All tiles, or the strip, of each plane that begin in row `top`."""
    pixels = np.zeros((min(rows, page.imagelength - top), page.imagewidth, page.samplesperpixel), page.dtype)
    across = -(-page.imagewidth // page.tilewidth) if page.is_tiled else 1
    down = -(-page.imagelength // rows)
    planes = page.samplesperpixel if page.planarconfig == 2 else 1
    for plane in range(planes):
        for column in range(across):
            number = (plane * down + top // rows) * across + column
            page.parent.filehandle.seek(page.dataoffsets[number])
            data = page.parent.filehandle.read(page.databytecounts[number])
            if len(data) != page.databytecounts[number]:
                raise EOFError
            segment, (_, _, _, left, _), _ = page.decode(data or None, number)
            if segment is not None:  # None: a tile that was never written
                area = segment[0, : len(pixels), : page.imagewidth - left]  # tiles reach beyond the border
                pixels[: len(area), left : left + area.shape[1], plane : plane + area.shape[2]] = area
    return pixels


def _numbers(page: "TiffPage", layout: TiffLayout, pixels: NDArray[Any]) -> NDArray[Any]:
    """(n, W, samples) as stored -> grey (n, W), RGB (n, W, 3) or CMYK (n, W, 4) of the same type."""
    if page.photometric == _PALETTE and page.colormap is not None:
        return np.asarray(page.colormap.T[pixels[..., 0]] >> 8, np.uint8)
    if pixels.dtype == np.bool_:
        pixels = pixels * np.uint8(255)
    return np.ascontiguousarray(pixels[..., 0] if layout.colors == 1 else pixels[..., : layout.colors])
