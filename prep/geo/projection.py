"""Places of a raster in other coordinate systems: degrees of WGS84, and square metres. Needs the extra `geo`."""

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.geo.extra import gdal
from prep.geo.georeference import GEO_KEYS, GeoReference, Transform

if TYPE_CHECKING:
    from rasterio.crs import CRS

Points = NDArray[np.float64]

WGS84 = "EPSG:4326"


def crs_of(place: GeoReference) -> "CRS | None":
    """The coordinate system of a raster; None where it names none. SegError if GDAL does not understand it."""
    import rasterio
    from rasterio.crs import CRS

    with gdal(place.path):
        if GEO_KEYS in place.tags:
            with rasterio.open(place.path.resolve(), driver="GTiff") as raster:
                return raster.crs or None
        if place.projection is not None:
            return CRS.from_wkt(place.projection.decode("utf-8", "replace"), morph_from_esri_dialect=True)
        return None


@dataclass(frozen=True)
class Projection:
    """From the pixels of a raster to map units, degrees and square metres."""

    place: GeoReference
    transform: Transform
    crs: "CRS"

    def map_points(self, corners: Points) -> Points:
        """Pixel corners (N, 2) as x, y in map units."""
        a, b, c, d, e, f = self.transform
        x, y = np.asarray(corners, np.float64).T
        return np.stack([a * x + b * y + c, d * x + e * y + f], axis=1)

    def degrees(self, points: Points) -> Points:
        """Map units (N, 2) as longitude, latitude in WGS84. SegError where a point has none."""
        return self._moved(points, WGS84)

    def square_metres(self, rings: list[Points]) -> float:
        """Area on the ground inside a ring (N, 2) in map units, without those of its holes, the other rings.

        Measured in an equal-area projection around the first corner, so it is right in any system, also in degrees
        and in Web Mercator.
        """
        flat = [self._moved(ring, self._equal_area) for ring in rings]
        areas = [abs(_shoelace(ring - flat[0][0])) for ring in flat]
        return areas[0] - sum(areas[1:])

    @property
    def metres_a_pixel(self) -> float:
        """Side of a square on the ground as large as the upper left pixel."""
        corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float64)
        return math.sqrt(self.square_metres([self.map_points(corners)]))

    @functools.cached_property
    def _equal_area(self) -> str:
        east, north = self.degrees(self.map_points(np.zeros((1, 2))))[0]
        return f"+proj=laea +lon_0={east:.9f} +lat_0={north:.9f} +datum=WGS84 +units=m"

    def _moved(self, points: Points, target: Any) -> Points:  # noqa: ANN401
        from rasterio.crs import CRS
        from rasterio.warp import transform

        with gdal(self.place.path):
            x, y = transform(self.crs, CRS.from_user_input(target), *points.T.tolist())
        moved = np.array([x, y], np.float64).T
        if not np.isfinite(moved).all():
            raise SegError(f"{self.place.path}: lies outside of its coordinate system; check it in a GIS program")
        return moved


def projection_of(place: GeoReference) -> Projection | None:
    """The projection of a raster that has a transform and names its coordinate system; None for any other."""
    crs = crs_of(place) if place.transform is not None else None
    return None if crs is None or place.transform is None else Projection(place, place.transform, crs)


def _shoelace(ring: Points) -> float:
    x, y = ring.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
