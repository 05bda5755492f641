"""Hasty's JSON 1.1: polygons and masks of all photos of a project.

Source of the layout: https://hasty.ai/docs/userdocs/export/hasty-json.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prep.core.errors import SegError
from prep.labels.annotators.photo_files import all_files
from prep.labels.formats import JsonFormat
from prep.labels.left_out import LeftOut
from prep.labels.region_labels import corners, image_extent, is_whole
from prep.labels.shapes.shapes import BoxRuns, RegionImage, Shape, ShapeReader, packed_polygon


def is_hasty(content: object) -> bool:
    """Whether the content of a JSON file lists classes of labels and images as Hasty does."""
    return (
        isinstance(content, dict)
        and isinstance(content.get("label_classes"), list)
        and isinstance(content.get("images"), list)
        and "export_format_version" in content
    )


def _images(path: Path, content: Any, left_out: LeftOut) -> Iterator[RegionImage]:  # noqa: ANN401  # whatever JSON holds
    for image in content["images"]:
        name = str(image["image_name"])
        regions: list[tuple[float, str, Shape]] = []
        for entry in image.get("labels") or ():
            label = str(entry["class_name"])
            if entry.get("polygon"):
                shape: Shape = packed_polygon(corners(f"{path}, {label} in {name}", entry["polygon"]))
                regions.append((entry.get("z_index") or 0, label, shape))
            elif entry.get("mask"):
                shape = _box_runs(f"{path}, {label} in {name}", entry["bbox"], entry["mask"])
                regions.append((entry.get("z_index") or 0, label, shape))
            else:
                left_out.add("left out, because they are boxes", f"{label} in {name}")
        regions.sort(key=lambda region: region[0])
        size = image_extent(f"{path}, {name}", image["width"], image["height"])
        yield RegionImage(name, size, tuple((label, shape) for _, label, shape in regions))


def _box_runs(where: str, box: object, pairs: object) -> Shape:
    """A mask: first pixels (the top left of its box is 1) and lengths by turns, along the rows of the box."""
    sides, numbers = (each if isinstance(each, list) and all(map(is_whole, each)) else [] for each in (box, pairs))
    runs: list[int] = []
    if len(sides) == 4 and len(numbers) % 2 == 0:
        left, top, right, bottom = sides
        end = 0
        for first, length in zip(numbers[::2], numbers[1::2], strict=True):
            runs += [first - 1 - end, length]
            end = first - 1 + length
        runs.append((right - left) * (bottom - top) - end)
    if not runs or min(runs) < 0:
        raise SegError(f"{where}: its mask does not fit its box; export the project again, or as COCO")
    return BoxRuns(runs, left, top, right - left, bottom - top)


FORMAT = JsonFormat(
    "hasty",
    "Hasty JSON",
    is_hasty,
    all_files("hasty", _images),
    (ShapeReader(name="hasty"),),
    rules="Polygons and masks are painted by z_index, then in the order of the file, a later one over an earlier one; "
    "boxes are left out and counted.",
)
