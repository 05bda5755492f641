"""Regions of vector files become pixels of a raster. Needs the extra `geo`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.geo.extra import gdal
from prep.geo.georeference import Transform
from prep.geo.vectors import Region

UNBURNT = 254
"""Of a pixel in no region; classes are below."""


class Burner:
    """Regions in the coordinate system of a raster, ready to be burnt onto any part of it.

    values: of each region, below UNCOVERED; a later one is burnt over earlier ones.
    all_touched: burn every pixel that a region touches, not only those whose centre lies in it.
    """

    def __init__(
        self, regions: Sequence[Region], values: Sequence[int], transform: Transform, path: Path, *, all_touched: bool
    ) -> None:
        self._regions, self._values, self._path = regions, values, path
        self._transform, self._all_touched = transform, all_touched
        self._boxes = np.array([region.box for region in regions], np.float64).reshape(-1, 4)

    def __call__(self, left: int, top: int, width: int, height: int) -> NDArray[np.uint8]:
        """The values of these pixels, (height, width)."""
        from rasterio import Affine
        from rasterio.features import rasterize

        numbers = self._near(left, top, width, height)
        burnt = np.full((height, width), UNBURNT, np.uint8)
        if not numbers:
            return burnt
        shapes = [(_shape(self._regions[number]), self._values[number]) for number in numbers]
        a, b, c, d, e, f = self._transform
        place = Affine(a, b, a * left + b * top + c, d, e, d * left + e * top + f)
        with gdal(self._path):
            rasterize(shapes, out=burnt, transform=place, all_touched=self._all_touched)
        return burnt

    def touches(self, width: int, height: int) -> bool:
        """Whether some region may lie on a raster of this size, by the boxes around them."""
        return bool(self._near(0, 0, width, height))

    def _near(self, left: int, top: int, width: int, height: int) -> list[int]:
        """Numbers of the regions whose boxes touch the box around these pixels."""
        a, b, c, d, e, f = self._transform
        x, y = np.array([left, left + width] * 2), np.repeat([top, top + height], 2)
        east, north = a * x + b * y + c, d * x + e * y + f
        boxes = self._boxes
        touches = (boxes[:, 0] <= east.max()) & (boxes[:, 2] >= east.min())
        touches &= (boxes[:, 1] <= north.max()) & (boxes[:, 3] >= north.min())
        found: list[int] = np.flatnonzero(touches).tolist()
        return found


def _shape(region: Region) -> dict[str, object]:
    return {"type": "MultiPolygon", "coordinates": [[ring.tolist() for ring in each] for each in region.polygons]}
