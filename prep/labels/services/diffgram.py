"""Diffgram's JSON: one file of all photos, by their numbers, with polygons in pixels.

Source of the layout: https://diffgram.readme.io/docs/export-walkthrough.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prep.core.errors import SegError
from prep.labels.annotators.photo_files import all_files, xy_corners
from prep.labels.formats import JsonFormat
from prep.labels.left_out import LeftOut
from prep.labels.region_labels import image_extent
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader


def is_diffgram(content: object) -> bool:
    """Whether the content of a JSON file has a map of labels and photos with lists of instances."""
    return (
        isinstance(content, dict)
        and isinstance(content.get("label_map"), dict)
        and any(isinstance(each, dict) and "instance_list" in each for each in content.values())
    )


def _images(path: Path, content: Any, left_out: LeftOut) -> Iterator[RegionImage]:  # noqa: ANN401  # whatever JSON holds
    labels = {str(number): str(name) for number, name in content["label_map"].items()}
    for each in content.values():
        if not (isinstance(each, dict) and "instance_list" in each):
            continue
        image = each.get("image") or {}
        name = str((each.get("file") or image).get("original_filename") or image["original_filename"])
        regions: list[tuple[str, Shape]] = []
        for entry in each["instance_list"] or ():
            label = labels.get(str(entry["label_file_id"]))
            if label is None:
                raise SegError(f"{path}: {name} has a label {entry['label_file_id']}, which label_map does not name")
            if entry["type"] == "polygon":
                regions.append((label, Polygon((xy_corners(f"{path}, {label} in {name}", entry["points"]),))))
            else:
                left_out.add(f"left out, because they are no polygons, {entry['type']}", f"{label} in {name}")
        sides = image.get("width"), image.get("height")
        size = image_extent(f"{path}, {name}", *sides) if all(sides) else (0, 0)
        yield RegionImage(name, size, tuple(regions))


FORMAT = JsonFormat(
    "diffgram",
    "Diffgram JSON",
    is_diffgram,
    all_files("diffgram", _images),
    (ShapeReader(name="diffgram"),),
    rules="Polygons are painted in the order of the file, a later one over an earlier one; boxes, cuboids, lines and "
    "points are left out and counted.",
)
