"""Hasty's JSON 1.1: polygons of all photos of a project.

Source of the layout: https://hasty.ai/docs/userdocs/export/hasty-json.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prep.core.errors import SegError
from prep.labels.annotators.photo_files import all_files
from prep.labels.formats import JsonFormat
from prep.labels.left_out import LeftOut
from prep.labels.region_labels import corners, image_extent
from prep.labels.shapes.shapes import RegionImage, Shape, ShapeReader, packed


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
                shape = packed(corners(f"{path}, {label} in {name}", entry["polygon"]))
                regions.append((entry.get("z_index") or 0, label, shape))
            elif entry.get("mask"):
                raise SegError(
                    f"{path}: {name} has masks in Hasty's own run lengths, which are not read; export the project as "
                    "COCO, or as semantic PNG files"
                )
            else:
                left_out.add("left out, because they are boxes", f"{label} in {name}")
        regions.sort(key=lambda region: region[0])
        size = image_extent(f"{path}, {name}", image["width"], image["height"])
        yield RegionImage(name, size, tuple((label, shape) for _, label, shape in regions))


FORMAT = JsonFormat(
    "hasty",
    "Hasty JSON",
    is_hasty,
    all_files("hasty", _images),
    (ShapeReader(name="hasty"),),
    rules="Polygons are painted by z_index, then in the order of the file, a later one over an earlier one; boxes are "
    "left out and counted, masks in Hasty's run lengths refused, with the way out.",
)
