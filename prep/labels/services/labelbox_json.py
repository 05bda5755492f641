"""Labelbox's earlier JSON export: a list of labels, of which each names its photo.

Source of the layout: https://docs.labelbox.com/docs/export-labels (version 1).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from prep.core.errors import SegError
from prep.labels.annotators.photo_files import all_files, xy_corners
from prep.labels.formats import JsonFormat
from prep.labels.left_out import LeftOut
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader


def is_labelbox(content: object) -> bool:
    """Whether the content of a JSON file is a list of labels as Labelbox's version 1 writes them."""
    first = content[0] if isinstance(content, list) and content else None
    return isinstance(first, dict) and {"Label", "Labeled Data"} <= first.keys()


def _images(path: Path, content: Any, left_out: LeftOut) -> Iterator[RegionImage]:  # noqa: ANN401  # whatever JSON holds
    seen: set[str] = set()
    for row in content:
        name = str(row.get("External ID") or unquote(urlsplit(str(row["Labeled Data"])).path).lstrip("/"))
        objects = row["Label"].get("objects") if isinstance(row["Label"], dict) else None
        if objects is None:
            left_out.add("left out, because nobody labelled them", name)
        elif name in seen:
            left_out.add("labelled more than once: the first label is taken", name)
        else:
            seen.add(name)
            yield RegionImage(name, (0, 0), tuple(_regions(path, name, objects, left_out)))


def _regions(path: Path, name: str, objects: Any, left_out: LeftOut) -> Iterator[tuple[str, Shape]]:  # noqa: ANN401
    for entry in objects:
        label = str(entry.get("title") or entry["value"])
        if entry.get("polygon"):
            yield label, Polygon((xy_corners(f"{path}, {label} in {name}", entry["polygon"]),))
        elif "bbox" in entry or "line" in entry or "point" in entry:
            left_out.add("left out, because they are no polygons", f"{label} in {name}")
        else:
            raise SegError(
                f"{path}: {name} has masks, which lie on Labelbox's server; download them as PNG files with its SDK, "
                "and convert those"
            )


FORMAT = JsonFormat(
    "labelbox-json",
    "Labelbox JSON (version 1)",
    is_labelbox,
    all_files("labelbox-json", _images),
    (ShapeReader(name="labelbox-json"),),
    rules="Polygons are painted in the order of the file, a later one over an earlier one; boxes, lines and points are "
    "left out and counted, masks (which only Labelbox's server has) refused. Of several labels of a photo the first is "
    "taken; sizes are those of the photos.",
)
