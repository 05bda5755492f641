"""Encord's JSON: a list of label rows, with polygons as shares of the image, and bitmasks as runs along its rows.

Source of the layout: https://docs.encord.com/platform-documentation/Annotate/annotate-export/annotate-export-formats.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from prep.core.errors import SegError
from prep.labels.annotators.photo_files import all_files, xy_corners
from prep.labels.formats import JsonFormat
from prep.labels.left_out import LeftOut
from prep.labels.region_labels import corners, is_whole
from prep.labels.shapes.shapes import BoxRuns, Polygon, RegionImage, Shape, ShapeReader


def is_encord(content: object) -> bool:
    """Whether the content of a JSON file is a label row, or a list of such."""
    first = content[0] if isinstance(content, list) and content else content
    return isinstance(first, dict) and "label_hash" in first and isinstance(first.get("data_units"), dict)


def _images(path: Path, content: Any, left_out: LeftOut) -> Iterator[RegionImage]:  # noqa: ANN401  # whatever JSON holds
    for row in content if isinstance(content, list) else [content]:
        for unit in row["data_units"].values():
            name = str(unit["data_title"])
            if "objects" not in unit["labels"] and unit["labels"]:
                raise SegError(f"{path}: {name} is a video; extract its frames, and export labels of images")
            regions: list[tuple[str, Shape]] = []
            for entry in unit["labels"].get("objects") or ():
                label = str(entry["name"])
                shape = _shape(f"{path}, {label} in {name}", entry)
                if shape is None:
                    left_out.add(f"left out, because they are no polygons, {entry['shape']}", f"{label} in {name}")
                else:
                    regions.append((label, shape))
            yield RegionImage(name, (0, 0), tuple(regions))


def _shape(where: str, entry: Mapping[str, Any]) -> Shape | None:
    """What an object covers; None for boxes, lines and points."""
    if entry["shape"] == "bitmask":
        bits = entry["bitmask"]
        left, top, width, height = (bits[key] for key in ("left", "top", "width", "height"))
        if not all(map(is_whole, (left, top, width, height))) or min(width, height) < 1:
            raise SegError(f"{where}: its bitmask has no whole numbers as its box; export it again")
        return BoxRuns(str(bits["rleString"]), left, top, width, height)
    if entry["shape"] != "polygon":
        return None
    if entry.get("polygons"):
        return Polygon(tuple(corners(where, ring) for each in entry["polygons"] for ring in each))
    points = entry["polygon"]
    listed = [points[key] for key in sorted(points, key=int)] if isinstance(points, dict) else points
    return Polygon((xy_corners(where, listed),))


FORMAT = JsonFormat(
    "encord",
    "Encord JSON",
    is_encord,
    all_files("encord", _images, "shares", each_photo=True),
    (ShapeReader(name="encord"),),
    rules="Polygons with their holes, and bitmasks, are painted in the order of the file, a later one over an earlier "
    "one; boxes, lines and points are left out and counted, videos refused, with the way out. Sizes are those of the "
    "photos.",
    each_photo=True,
)
