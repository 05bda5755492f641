"""Pieces of the first page of a TIFF file: rows of tiles, strips, or some rows of what stands in one piece."""

import contextlib
import logging
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.files import explained
from prep.geo.extra import INSTALL_GEO, has_geo
from prep.geo.raster import RasterRows
from prep.images.imageio import damaged
from prep.images.tiff_pixels import OWN_COMPRESSIONS, OWN_PREDICTORS, WHOLE_BITS

if TYPE_CHECKING:
    from tifffile import TiffPage

_PLAIN_ROWS = 256
"""Rows of a picture in one piece that are read at once."""

_MOST_BYTES = 1 << 30
"""A compressed strip that holds more than this is only read where GDAL decodes it line by line."""


class TiffPieces:
    """All rows of a page in pieces of so many `rows`, (rows, W, samples) as stored; the last one may have fewer.

    samples: which of each pixel, from 0.
    The last piece is held. Raises SegError if the file is damaged, needs the extra `geo`, which is missing, or holds
    compressed strips that are too large to be decoded.
    """

    def __init__(self, path: Path, samples: Sequence[int]) -> None:
        self._path, self._samples = path, list(samples)
        self._held: tuple[int, NDArray[Any]] = (-1, np.empty(0))
        self._by_gdal: RasterRows | None = None
        with opened_page(path) as page:
            self._is_plain = _is_plain(page)
            strip = int(page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength))
            self.rows = _PLAIN_ROWS if self._is_plain else strip
            if not is_read_here(page):
                self._by_gdal = RasterRows(path)
            numbers, size = strip * page.imagewidth * page.samplesperpixel, np.dtype(page.dtype).itemsize
            if not self._is_plain and numbers * size > _MOST_BYTES:
                self._by_gdal = _line_by_line(path)
                self.rows = _PLAIN_ROWS

    def middle(self, height: int) -> int:
        """The number of a piece to look at besides the first: the first, where others can be read only after it."""
        return 0 if self._by_gdal is not None else height // 2 // self.rows

    def piece(self, number: int) -> NDArray[Any]:
        """The rows from number * `rows` on."""
        if self._held[0] != number:
            self._held = (-1, np.empty(0))  # before: two at once would take twice the memory
            with opened_page(self._path) as page, explained_page(self._path):
                self._held = number, self._read(page, number * self.rows)
        return self._held[1]

    def _read(self, page: "TiffPage", top: int) -> NDArray[Any]:
        if self._by_gdal is not None:
            return self._by_gdal.read(top, min(page.imagelength, top + self.rows), self._samples)
        read = _read_plain if self._is_plain else _read_segments
        return read(page, top, self.rows, self._samples)


def is_read_here(page: "TiffPage") -> bool:
    """Whether tifffile decodes it, by itself or by imagecodecs where that is installed; it takes more for readable."""
    if page.bitspersample not in WHOLE_BITS:
        return page.dtype == np.bool_ and page.compression in OWN_COMPRESSIONS
    if find_spec("imagecodecs") is None:
        return page.compression in OWN_COMPRESSIONS and page.predictor in OWN_PREDICTORS
    from tifffile import TIFF

    return page.compression in TIFF.DECOMPRESSORS


@contextmanager
def opened_page(path: Path) -> Iterator["TiffPage"]:
    """The first page of a file; SegError if it is damaged."""
    from tifffile import TiffFile, TiffPage

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # its warnings about odd tags are nobody's business
    with contextlib.ExitStack() as stack:
        with explained_page(path):
            page = stack.enter_context(TiffFile(path)).pages.first
        if not isinstance(page, TiffPage) or not page.imagewidth or not page.imagelength:
            raise damaged(path)
        yield page


@contextmanager
def explained_page(path: Path) -> Iterator[None]:
    """Parsers on damaged bytes raise anything."""
    try:
        with explained(path):
            yield
    except SegError:
        raise
    except Exception as error:
        raise damaged(path) from error


def _line_by_line(path: Path) -> RasterRows:
    """A file of huge strips as GDAL reads it; SegError where that takes whole strips, too."""
    if not has_geo():
        raise SegError(
            f"{path}: stored as compressed pieces of more than a gigabyte, which need one more package to be read row "
            f"by row; type: {INSTALL_GEO} (in a checkout: pip install -e '.[geo]')"
        )
    rows = RasterRows(path)
    if rows.block_rows > _PLAIN_ROWS:
        target = path.with_name(f"{path.stem}-tiled.tif")
        options = "driver='GTiff', TILED='YES', COMPRESS='DEFLATE', BIGTIFF='IF_SAFER'"
        command = [
            "python",
            "-c",
            f"import rasterio.shutil; rasterio.shutil.copy({str(path)!r}, {str(target)!r}, {options})",
        ]
        raise SegError(
            f"{path}: stored as compressed pieces of more than a gigabyte, which cannot be read row by row; save it "
            f"again with tiles: {shlex.join(command)}"
        )
    return rows


def _is_plain(page: "TiffPage") -> bool:
    """Whether the pixels stand in the file as they are, in one piece, all samples of a pixel together."""
    return bool(page.is_memmappable and (page.planarconfig != 2 or page.samplesperpixel == 1))


def _read_plain(page: "TiffPage", top: int, rows: int, samples: list[int]) -> NDArray[Any]:
    """Rows of a picture that stands in the file as it is, one sample after another."""
    rows = min(rows, page.imagelength - top)
    stored = np.dtype(page.dtype).newbyteorder(page.parent.byteorder)
    shape = (rows, page.imagewidth, page.samplesperpixel)
    bytes_a_row = page.imagewidth * page.samplesperpixel * stored.itemsize
    page.parent.filehandle.seek(page.dataoffsets[0] + top * bytes_a_row)
    data = page.parent.filehandle.read(rows * bytes_a_row)
    pixels = np.frombuffer(data, stored).reshape(shape)
    return pixels if samples == list(range(shape[2])) else pixels[..., samples]


def _read_segments(page: "TiffPage", top: int, rows: int, samples: list[int]) -> NDArray[Any]:
    """These samples of all tiles, or of the strip, that begin in row `top`."""
    shape = min(rows, page.imagelength - top), page.imagewidth, len(samples)
    pixels = np.full(shape, page.nodata, page.dtype)  # tiles that were never written hold no data
    across = -(-page.imagewidth // page.tilewidth) if page.is_tiled else 1
    down = -(-page.imagelength // rows)
    # Of planes only those that are wanted are decoded; otherwise all samples of a pixel come together.
    planes = list(enumerate(samples)) if page.planarconfig == 2 else [(slice(None), 0)]
    for target, plane in planes:
        for column in range(across):
            segment = _segment(page, (plane * down + top // rows) * across + column)
            if segment is not None:
                pieces, left = segment
                area = pieces[: len(pixels), : page.imagewidth - left]  # tiles reach beyond the border
                wanted = area[..., 0] if page.planarconfig == 2 else area[..., samples]
                pixels[: len(area), left : left + area.shape[1], target] = wanted
    return pixels


def _segment(page: "TiffPage", number: int) -> tuple[NDArray[Any], int] | None:
    """A tile or strip (rows, columns, samples), and its first column; None if it was never written."""
    page.parent.filehandle.seek(page.dataoffsets[number])
    data = page.parent.filehandle.read(page.databytecounts[number])
    if len(data) != page.databytecounts[number]:
        raise EOFError
    segment, (_, _, _, left, _), _ = page.decode(data or None, number)
    return None if segment is None else (segment[0], left)
