"""Places of a raster in other coordinate systems: degrees of WGS84, and square metres. Needs the extra `geo`."""

import functools
import io
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.geo.extra import gdal, has_geo
from prep.geo.footprint import Footprint, pixel_sizes
from prep.geo.georeference import GEO_KEYS, TIE_POINTS, GeoReference, Transform, georeference_in
from prep.geo.pixel_size import PixelSize
from prep.images.polygons import signed_area

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
        with np.errstate(invalid="ignore"):  # of a raster that says to lie at infinity; whoever needs its place says so
            return np.stack([a * x + b * y + c, d * x + e * y + f], axis=1)

    def pixel_size(self, width: int, height: int) -> PixelSize:
        """How large a pixel is on the ground, in the middle of a raster of this size. SegError if it lies nowhere."""
        footprint = Footprint.of(self.transform, self.crs.to_string(), 0, 0, width, height)
        return pixel_sizes([footprint], self.place.path)[0]

    def degrees(self, points: Points) -> Points:
        """Map units (N, 2) as longitude, latitude in WGS84. SegError where a point has none."""
        return self._moved(points, WGS84)

    def square_metres(self, rings: list[Points]) -> float:
        """Area on the ground inside a ring (N, 2) in map units, without those of its holes, the other rings.

        Measured in an equal-area projection around the first corner, so it is right in any system, also in degrees
        and in Web Mercator.
        """
        flat = [self._moved(ring, self._equal_area) for ring in rings]
        areas = [abs(signed_area(ring - flat[0][0])) for ring in flat]
        return areas[0] - sum(areas[1:])

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


def pixel_size_in(path: Path, data: bytes) -> PixelSize | None:
    """How large a pixel of a GeoTIFF is on the ground, from the bytes of its file; None where it says no place.

    path: stands for the file in errors.
    """
    from rasterio.io import MemoryFile

    place = georeference_in(path, io.BytesIO(data))
    if place is None or place.transform is None or GEO_KEYS not in place.tags or place.orientation != 1:
        return None
    with gdal(path), MemoryFile(data) as memory, memory.open(driver="GTiff") as raster:
        crs, size = raster.crs, (raster.width, raster.height)
    return Projection(place, place.transform, crs).pixel_size(*size) if crs else None


def projection_of(place: GeoReference) -> Projection | None:
    """The projection of a raster that has a transform and names its coordinate system; None for any other."""
    crs = crs_of(place) if place.transform is not None else None
    return None if crs is None or place.transform is None else Projection(place, place.transform, crs)


def warping(place: GeoReference) -> str | None:
    """The command that gives a raster a transform of which only control points say where it lies; None for others."""
    if place.transform is not None or TIE_POINTS not in place.tags or not has_geo():
        return None
    import rasterio

    with gdal(place.path), rasterio.open(place.path.resolve(), driver="GTiff") as raster:
        points, crs = raster.gcps
    if not points or not crs:
        return None
    target = place.path.with_name(f"{place.path.stem}-warped.tif")
    return shlex.join(["rio", "warp", str(place.path), str(target), "--dst-crs", crs.to_string()])
