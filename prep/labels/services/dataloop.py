"""Dataloop's JSON: a file for each photo, with polygons and bitmaps.

Source of the layout: https://docs.dataloop.ai/docs/annotations-json-format.
"""

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from prep.labels.annotators.photo_files import all_files, xy_corners
from prep.labels.formats import JsonFormat
from prep.labels.left_out import LeftOut
from prep.labels.region_labels import image_extent
from prep.labels.shapes.shapes import Bitmap, Polygon, RegionImage, Shape, ShapeReader


def is_dataloop(content: object) -> bool:
    """Whether the content of a JSON file is of one item, and its annotations have a type, a label and coordinates."""
    if not isinstance(content, dict) or not isinstance(content.get("annotations"), list):
        return False
    named = isinstance(content.get("filename"), str)
    entries = content["annotations"]
    keys = {"type", "label", "coordinates"}
    return named and all(isinstance(entry, dict) and keys <= entry.keys() for entry in entries) and bool(entries)


def _images(path: Path, content: Any, left_out: LeftOut) -> Iterator[RegionImage]:  # noqa: ANN401  # whatever JSON holds
    name = content["filename"].lstrip("/")
    system = (content.get("metadata") or {}).get("system") or {}
    sides = system.get("width"), system.get("height")
    regions: list[tuple[str, Shape]] = []
    for entry in content["annotations"]:
        shape = _shape(f"{path}, {entry['label']}", entry)
        if shape is None:
            left_out.add(f"left out, because they are no regions, {entry['type']}", f"{entry['label']} in {name}")
        else:
            regions.append((str(entry["label"]), shape))
    size = image_extent(f"{path}, {name}", *sides) if all(sides) else (0, 0)
    yield RegionImage(name, size, tuple(regions), file=path)


def _shape(where: str, entry: Mapping[str, Any]) -> Shape | None:
    """What an annotation covers; None for boxes, lines, points and the like."""
    at = entry["coordinates"]
    if entry["type"] == "segment":
        rings = [at] if at and isinstance(at[0], dict) else at
        return Polygon(tuple(xy_corners(where, ring) for ring in rings))
    if entry["type"] == "binary":
        text = at if isinstance(at, str) else at["data"]
        return Bitmap(base64.b64decode(text.rpartition(",")[2]), 0, 0)
    return None


FORMAT = JsonFormat(
    "dataloop",
    "Dataloop JSON",
    is_dataloop,
    all_files("dataloop", _images, each_photo=True),
    (ShapeReader(name="dataloop"),),
    rules="Polygons with their holes, and bitmaps, are painted in the order of the file, a later one over an earlier "
    "one; boxes, lines and points are left out and counted.",
    each_photo=True,
)
