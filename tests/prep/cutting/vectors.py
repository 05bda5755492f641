"""Small vector files: boxes around pixels of a raster."""

import json
from pathlib import Path

import numpy as np

from tests.rasters import EAST, NORTH


def box(left: float, top: float, right: float, bottom: float) -> list[list[float]]:
    """A closed ring in UTM around these pixels of a raster with the transform UTM."""
    east = [EAST + 0.5 * x for x in (left, right)]
    north = [NORTH - 0.5 * y for y in (top, bottom)]
    return [[east[0], north[0]], [east[1], north[0]], [east[1], north[1]], [east[0], north[1]], [east[0], north[0]]]


def write_geojson(path: Path, regions: list[tuple[str, list[list[list[float]]]]], crs: str = "EPSG:32633") -> Path:
    """Regions (kind, rings) in UTM as GeoJSON in this coordinate system."""
    from rasterio.warp import transform

    features = []
    for kind, rings in regions:
        moved = []
        for ring in rings:
            x, y = transform("EPSG:32633", crs, *np.array(ring).T.tolist())
            moved.append(np.array([x, y]).T.tolist())
        features.append(
            {
                "type": "Feature",
                "properties": {"kind": kind},
                "geometry": {"type": "Polygon", "coordinates": moved},
            }
        )
    content = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{crs.replace(':', '::')}"}},
        "features": features,
    }
    path.write_text(json.dumps(content))
    return path
