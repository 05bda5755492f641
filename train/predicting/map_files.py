"""Predicted masks as polygons on the earth: GeoPackage in map units, GeoJSON in degrees. Needs the extra `geo`."""

import io
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from prep.core.classes import ClassMap, format_color
from prep.core.errors import SegError
from prep.geo.extra import gdal
from prep.geo.projection import Points, Projection
from prep.images.imageio import IndexMask
from train.predicting.region_polygons import region_polygons

_LAYER = "classes"
_HALF_TURN = 180
_DIGITS = 8
"""Of degrees: a millimetre."""

_WKB_POLYGON = 3


@dataclass(frozen=True)
class MapPolygon:
    """A connected part of one class.

    rings: the outer one counterclockwise in map units, then its holes, clockwise; closed, (N, 2).
    area: on the ground, in square metres, of the polygon as it stands.
    """

    value: int
    rings: tuple[Points, ...]
    pixels: int
    area: float


def map_polygons(
    mask: IndexMask, classes: ClassMap, projection: Projection, tolerance: float, smallest: int
) -> Iterator[MapPolygon]:
    """Parts of each class but the background. tolerance, smallest: in pixels, as of region_polygons."""
    for polygon in region_polygons(mask, classes.foreground, tolerance, smallest):
        rings = [projection.map_points(ring) for ring in polygon.rings]
        yield MapPolygon(
            polygon.value,
            tuple(_closed(_turned(ring, is_hole=number > 0)) for number, ring in enumerate(rings)),
            polygon.pixels,
            projection.square_metres(rings),
        )


def geojson_in_degrees(
    mask: IndexMask, classes: ClassMap, image: str, projection: Projection, tolerance: float, smallest: int
) -> bytes:
    """A FeatureCollection as RFC 7946 wants it: longitude and latitude in WGS84, with the area in square metres.

    Raises SegError if a polygon crosses the 180th meridian, where that standard wants it cut.
    """
    features = []
    for polygon in map_polygons(mask, classes, projection, tolerance, smallest):
        rings = [projection.degrees(ring) for ring in polygon.rings]
        if np.ptp(rings[0][:, 0]) > _HALF_TURN:
            raise SegError(f"{projection.place.path}: crosses the 180th meridian; save geopackage instead of geojson")
        turned = [_turned(ring, is_hole=number > 0) for number, ring in enumerate(rings)]
        features.append(
            {
                "type": "Feature",
                "properties": {
                    "class": classes.names[polygon.value],
                    "index": polygon.value,
                    "color": format_color(classes.colors[polygon.value]),
                    "pixels": polygon.pixels,
                    "area_m2": round(polygon.area, 3),
                },
                "geometry": {"type": "Polygon", "coordinates": [ring.round(_DIGITS).tolist() for ring in turned]},
            }
        )
    content = {"type": "FeatureCollection", "image": image, "features": features}
    return (json.dumps(content, ensure_ascii=False) + "\n").encode("utf-8")


def geopackage(mask: IndexMask, classes: ClassMap, projection: Projection, tolerance: float, smallest: int) -> bytes:
    """A GeoPackage with one layer: polygons in map units with class, index, pixels and area in square metres."""
    from pyogrio.raw import write

    polygons = list(map_polygons(mask, classes, projection, tolerance, smallest))
    values = np.array([polygon.value for polygon in polygons], np.int32)
    columns = {
        "class": np.array([classes.names[value] for value in values], object),
        "index": values,
        "pixels": np.array([polygon.pixels for polygon in polygons], np.int64),
        "area_m2": np.array([polygon.area for polygon in polygons], np.float64),
    }
    file = io.BytesIO()
    with gdal(projection.place.path):
        write(
            file,
            np.array([_wkb(polygon.rings) for polygon in polygons], object),
            list(columns.values()),
            list(columns),
            layer=_LAYER,
            driver="GPKG",
            geometry_type="Polygon",
            crs=projection.crs.to_wkt(),
        )
    return file.getvalue()


def _wkb(rings: tuple[Points, ...]) -> bytes:
    """Well-known binary (OGC 06-103r4), little-endian."""
    parts = [struct.pack("<BII", 1, _WKB_POLYGON, len(rings))]
    parts += [struct.pack("<I", len(ring)) + ring.astype("<f8").tobytes() for ring in rings]
    return b"".join(parts)


def _turned(ring: Points, *, is_hole: bool) -> Points:
    """Outer rings counterclockwise, holes clockwise, by the numbers as they stand."""
    x, y = (ring - ring[0]).T
    is_counterclockwise = x @ np.roll(y, -1) > y @ np.roll(x, -1)
    return ring[::-1] if is_counterclockwise == is_hole else ring


def _closed(ring: Points) -> Points:
    return np.concatenate([ring, ring[:1]])
