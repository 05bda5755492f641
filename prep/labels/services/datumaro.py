"""Datumaro JSON, which CVAT exports, too: annotations/default.json with polygons and masks of all photos.

Source of the layout: https://docs.cvat.ai/docs/manual/advanced/formats/format-datumaro/.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from prep.labels.annotators.photo_files import all_files
from prep.labels.formats import JsonFormat
from prep.labels.layouts.splits import split_of
from prep.labels.left_out import LeftOut
from prep.labels.region_labels import corners, image_extent
from prep.labels.shapes.shapes import RegionImage, Runs, Shape, ShapeReader, packed_polygon


def is_datumaro(content: object) -> bool:
    """Whether the content of a JSON file lists items, and labels among its categories."""
    categories = content.get("categories") if isinstance(content, dict) else None
    return isinstance(content, dict) and isinstance(categories, dict) and isinstance(content.get("items"), list)


def _images(path: Path, content: Any, left_out: LeftOut) -> Iterator[RegionImage]:  # noqa: ANN401  # whatever JSON holds
    names = [str(each["name"]) for each in content["categories"]["label"]["labels"]]
    for item in content["items"]:
        image = item.get("image") or item.get("media") or {}
        name = str(image.get("path") or item["id"])
        height, width = image.get("size") or (0, 0)
        regions: list[tuple[float, str, Shape]] = []
        for entry in item["annotations"]:
            if entry["type"] in ("label", "caption"):
                continue
            label = names[entry["label_id"]]
            shape = _shape(f"{path}, {label} in {name}", entry)
            if shape is None:
                left_out.add(f"left out, because they are no regions, {entry['type']}", f"{label} in {name}")
            else:
                regions.append((entry.get("z_order") or 0, label, shape))
        regions.sort(key=lambda region: region[0])
        yield RegionImage(
            name,
            image_extent(f"{path}, {name}", width, height) if width and height else (0, 0),
            tuple((label, shape) for _, label, shape in regions),
            split=split_of(path.name),
        )


def _shape(where: str, entry: Mapping[str, Any]) -> Shape | None:
    """What an annotation covers; None for boxes, lines, points and the like."""
    if entry["type"] == "polygon":
        return packed_polygon(corners(where, entry["points"]))
    if entry["type"] != "mask":
        return None
    height, width = entry["rle"]["size"]
    return Runs(entry["rle"]["counts"], height, width)


FORMAT = JsonFormat(
    "datumaro",
    "Datumaro JSON",
    is_datumaro,
    all_files("datumaro", _images),
    (ShapeReader(name="datumaro"),),
    rules="Polygons and masks are painted by z_order, then in the order of the file, a later one over an earlier one; "
    "boxes, lines and points are left out and counted. Files named train, val and test are splits.",
)
