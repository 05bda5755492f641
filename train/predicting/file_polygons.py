"""The connected parts of a mask in a TIFF file as polygons: memory grows with their corners, not with the mask."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.geo.extra import gdal
from prep.geo.raster import RasterRows
from prep.images.polygons import Ring, signed_area
from train.predicting.region_polygons import (
    Junctions,
    Moving,
    RegionPolygon,
    is_moving,
    junctions,
    region_polygon,
)

_ROWS = 256


def file_polygons(
    path: Path, values: Sequence[int], tolerance: Moving = 0.0, smallest: int = 1
) -> Iterator[RegionPolygon]:
    """Parts of these values of the mask in a file, as of region_polygons, in the order in which GDAL finds them.

    Needs the extra `geo`. Raises SegError if the file is damaged.
    """
    import rasterio
    from rasterio.features import shapes

    # GDAL gives polygons in map units where it knows of any: here it shall not.
    with gdal(path), rasterio.open(path.resolve(), driver="GTiff", GEOREF_SOURCES="NONE") as raster:
        fixed = _junctions_of(path, raster.height, raster.width) if is_moving(tolerance) else None
        band = rasterio.band(raster, 1)
        covered = None if 0 in values else band  # GDAL leaves out where its mask is 0
        for shape, value in shapes(band, mask=covered, connectivity=4):
            if int(value) not in values:
                continue
            rings = [_ring(np.array(corners)) for corners in shape["coordinates"]]
            part = region_polygon(int(value), rings, fixed, tolerance, smallest)
            if part is not None:
                yield part


def _ring(corners: NDArray[np.float64]) -> Ring:
    """A closed ring of GDAL as ours: clockwise as seen, from its topmost, then leftmost corner."""
    ring = corners[:-1]
    ring = ring if signed_area(ring) > 0 else ring[::-1]
    return np.roll(ring, -int(np.lexsort((ring[:, 0], ring[:, 1]))[0]), axis=0)


def _junctions_of(path: Path, height: int, width: int) -> Junctions:
    """The junctions of a mask in a file: numbers of corners, row by row, sorted."""
    across = width + 1
    found, rows = [], RasterRows(path)
    for top in range(0, height, _ROWS):
        bottom, before = min(height, top + _ROWS), max(0, top - 1)
        down, right = np.nonzero(junctions(rows.read(before, bottom)[..., 0]))
        down += before
        # The first corners of a strip lie between two rows, of which it has both; those at its end are the next one's.
        is_ours = (down >= top) & ((down < bottom) | (bottom == height))
        found.append(down[is_ours] * across + right[is_ours])
    numbers = np.concatenate(found)

    def is_junction(x: NDArray[np.int64], y: NDArray[np.int64]) -> NDArray[np.bool_]:
        wanted = y * across + x
        places = np.searchsorted(numbers, wanted).clip(max=len(numbers) - 1)
        same: NDArray[np.bool_] = numbers[places] == wanted
        return same

    return is_junction
