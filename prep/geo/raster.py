"""Pixels of TIFF files of any compression, whole or by rows; what we do not read, rasterio does (extra `geo`)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prep.geo.extra import gdal, has_geo
from prep.images.tiff_pixels import UnknownCompressionError, read_tiff

_COLUMNS = 4096
"""Of a tiled raster that are read at once; a multiple of the usual sides of tiles."""


def read_any_tiff(path: Path, data: bytes) -> NDArray[Any]:
    """Decode the first page of a TIFF of any size as read_tiff does, through rasterio where that cannot.

    Raises SegError if it is damaged, or in a compression that needs the extra, which is missing.
    """
    try:
        return read_tiff(path, data, np.inf)
    except UnknownCompressionError:
        if not has_geo():
            raise
    from rasterio.io import MemoryFile

    with gdal(path), MemoryFile(data) as memory, memory.open(driver="GTiff") as raster:
        return np.ascontiguousarray(np.moveaxis(raster.read(), 0, -1))


class RasterRows:
    """Rows of the first page of a TIFF, through rasterio. Needs the extra `geo`; SegError if the file is damaged.

    The file stays open: of a compressed strip GDAL decodes line after line only while it is the same reader.
    """

    def __init__(self, path: Path) -> None:
        import rasterio

        self._path = path
        with gdal(path):
            self._raster = rasterio.open(path.resolve(), driver="GTiff")

    @property
    def block_rows(self) -> int:
        """How many rows GDAL decodes at once."""
        return int(self._raster.block_shapes[0][0])

    def read(self, first: int, last: int, samples: Sequence[int] | None = None) -> NDArray[Any]:
        """Rows first to last - 1, (n, W, samples) as stored. samples: which of each pixel, from 0; None is all."""
        from rasterio.windows import Window

        raster = self._raster
        numbers = [*raster.indexes] if samples is None else [number + 1 for number in samples]
        # Of tiles a few columns at a time: GDAL gives the bands one after the other, which here shall stand together.
        at_once = raster.width if raster.block_shapes[0][1] == raster.width else _COLUMNS
        pixels = np.empty((last - first, raster.width, len(numbers)), raster.dtypes[0])
        with gdal(self._path):
            for left in range(0, raster.width, at_once):
                window = Window(left, first, min(at_once, raster.width - left), last - first)
                pixels[:, left : left + at_once] = np.moveaxis(raster.read(numbers, window=window), 0, -1)
        return pixels
