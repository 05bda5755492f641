"""Pixels of TIFF files of any compression, whole or by rows; what we do not read, rasterio does (extra `geo`)."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prep.geo.extra import gdal, has_geo
from prep.images.tiff_pixels import UnknownCompressionError, read_tiff


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
        pixels = raster.read(window=Window(0, first, raster.width, last - first))
    return np.ascontiguousarray(np.moveaxis(pixels, 0, -1))
