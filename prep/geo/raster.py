"""Pixels of TIFF files of any compression, whole or by rows; what we do not read, rasterio does (extra `geo`)."""

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


def read_rows(path: Path, first: int, last: int) -> NDArray[Any]:
    """Rows first to last - 1 of the first page of a TIFF, (n, W, bands) as stored, through rasterio."""
    import rasterio
    from rasterio.windows import Window

    with gdal(path), rasterio.open(path.resolve(), driver="GTiff") as raster:
        # Of tiles a few columns at a time: GDAL gives the bands one after the other, which here shall stand together.
        at_once = raster.width if raster.block_shapes[0][1] == raster.width else _COLUMNS
        pixels = np.empty((last - first, raster.width, raster.count), raster.dtypes[0])
        for left in range(0, raster.width, at_once):
            part = raster.read(window=Window(left, first, min(at_once, raster.width - left), last - first))
            pixels[:, left : left + at_once] = np.moveaxis(part, 0, -1)
    return pixels
