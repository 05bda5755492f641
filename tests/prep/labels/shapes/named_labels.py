"""Label files that are called as their photo is, and say of it nothing else."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.prep.labels.microscopes.rois import RECTANGLE, pack, roi

Write = Callable[[Path, int], object]
"""Writes a label file of this path without ending: a rectangle of a class, from the left edge on."""


def corners(width: int) -> list[list[int]]:
    return [[0, 0], [width, 0], [width, 4], [0, 4], [0, 0]]


def geojson(path: Path, width: int) -> None:
    geometry = {"type": "Polygon", "coordinates": [corners(width)]}
    feature = {"type": "Feature", "geometry": geometry, "properties": {"classification": {"name": "road"}}}
    path.with_suffix(".geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))


def rois(path: Path, width: int) -> None:
    pack(path.with_suffix(".zip"), {"road": roi(RECTANGLE, (0, 0, width, 4))})


def asap(path: Path, width: int) -> None:
    points = "".join(f'<Coordinate Order="{n}" X="{x}" Y="{y}"/>' for n, (x, y) in enumerate(corners(width)[:4]))
    path.with_suffix(".xml").write_text(
        '<ASAP_Annotations><Annotations><Annotation Name="1" Type="Polygon" PartOfGroup="road"><Coordinates>'
        f"{points}</Coordinates></Annotation></Annotations></ASAP_Annotations>"
    )


FORMATS = {"geojson": geojson, "imagej-roi": rois, "slide-xml": asap}
