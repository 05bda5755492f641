"""Predicted masks as polygons on the earth: GeoPackage in map units, GeoJSON in degrees. Needs the extra `geo`."""

import io
import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from prep.core.classes import ClassMap
from prep.geo.extra import gdal
from prep.geo.projection import Points, Projection
from prep.images.finding import FoundFile
from train.predicting.maps.antimeridian import degree_polygons
from train.predicting.maps.places import GEOJSON, GEOPACKAGE
from train.predicting.maps.simple_rings import simple_rings
from train.predicting.polygon_files import properties_of
from train.predicting.region_polygons import RegionPolygon

MAP_SUFFIXES = {GEOJSON: ".geojson", GEOPACKAGE: ".gpkg"}
_LAYER = "classes"
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


def map_path(kind: str, root: Path, photo: FoundFile) -> Path:
    """The file of a kind of OF_MAPS for this photo, below the folder of predictions."""
    return root / kind / f"{photo.stem}{MAP_SUFFIXES[kind]}"


def map_content(
    kind: str, polygons: Iterable[RegionPolygon], classes: ClassMap, image: str, projection: Projection
) -> bytes | memoryview:
    """The content of this file. image: name of the photo. SegError where there is none of this place.

    What is held grows with the bytes of the file: nothing else is kept of a polygon.
    """
    if kind == GEOJSON:
        return geojson_in_degrees(polygons, classes, image, projection)
    return geopackage(polygons, classes, projection)


def map_polygons(polygons: Iterable[RegionPolygon], projection: Projection) -> Iterator[MapPolygon]:
    """The parts of a mask on the map."""
    for polygon in polygons:
        rings = [projection.map_points(ring) for ring in simple_rings(polygon.rings)]
        yield MapPolygon(
            polygon.value,
            tuple(_closed(_turned(ring, is_hole=number > 0)) for number, ring in enumerate(rings)),
            polygon.pixels,
            projection.square_metres(rings),
        )


def geojson_in_degrees(
    polygons: Iterable[RegionPolygon], classes: ClassMap, image: str, projection: Projection
) -> memoryview:
    """A FeatureCollection as RFC 7946 wants it: longitude and latitude in WGS84, with the area in square metres.

    A polygon across the 180th meridian is cut there into a MultiPolygon. Raises SegError if one lies around a pole.
    """
    file, separator = io.BytesIO(), b""
    file.write(f'{{"type": "FeatureCollection", "image": {_json(image)}, "features": ['.encode())
    for polygon in map_polygons(polygons, projection):
        feature = {
            "type": "Feature",
            "properties": {**properties_of(polygon, classes), "area_m2": round(polygon.area, 3)},
            "geometry": _geometry(degree_polygons(polygon.rings, projection)),
        }
        file.write(separator + _json(feature).encode())
        separator = b", "
    file.write(b"]}\n")
    return file.getbuffer()


def _geometry(polygons: Sequence[Sequence[Points]]) -> dict[str, object]:
    """A geometry of GeoJSON from the rings of one or several polygons in degrees."""
    parts = [
        [_turned(ring, is_hole=number > 0).round(_DIGITS).tolist() for number, ring in enumerate(rings)]
        for rings in polygons
    ]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False)


def geopackage(polygons: Iterable[RegionPolygon], classes: ClassMap, projection: Projection) -> memoryview:
    """A GeoPackage with one layer: polygons in map units with class, index, pixels and area in square metres.

    It says the time of the photo as its own, so that the same photo gives the same bytes.
    """
    from pyogrio import set_gdal_config_options
    from pyogrio.raw import write

    parts = [
        (part.value, part.pixels, part.area, _wkb(part.rings)) for part in map_polygons(polygons, projection)
    ]  # fmt: skip
    values, pixels, areas, shapes = map(list, zip(*parts, strict=True)) if parts else ([], [], [], [])
    columns = {
        "class": np.array([classes.names[value] for value in values], object),
        "index": np.array(values, np.int32),
        "pixels": np.array(pixels, np.int64),
        "area_m2": np.array(areas, np.float64),
    }
    file, path = io.BytesIO(), projection.place.path
    with gdal(path):
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        set_gdal_config_options({"OGR_CURRENT_DATE": changed})
        write(
            file,
            np.array(shapes, object),
            list(columns.values()),
            list(columns),
            layer=_LAYER,
            driver="GPKG",
            geometry_type="Polygon",
            crs=projection.crs.to_wkt(),
        )
    return file.getbuffer()


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
