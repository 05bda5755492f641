"""SA-1B's JSON: a file for each photo, with masks that have no class.

Source of the layout: https://github.com/facebookresearch/segment-anything#dataset.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prep.labels.annotators.photo_files import all_files
from prep.labels.formats import JsonFormat
from prep.labels.left_out import LeftOut
from prep.labels.region_labels import image_extent
from prep.labels.shapes.shapes import RegionImage, Runs, ShapeReader


def is_segment_anything(content: object) -> bool:
    """Whether the content of a JSON file is an image with annotations that have run lengths and no category."""
    if not isinstance(content, dict) or not isinstance(content.get("annotations"), list):
        return False
    image, entries = content.get("image"), content["annotations"]
    return (
        isinstance(image, dict)
        and "file_name" in image
        and bool(entries)
        and all(
            isinstance(each, dict) and "segmentation" in each and not {"category_id", "name"} & each.keys()
            for each in entries
        )
    )


def _images(path: Path, content: Any, left_out: LeftOut) -> Iterator[RegionImage]:  # noqa: ANN401  # whatever JSON holds
    image = content["image"]
    runs = []
    for entry in content["annotations"]:
        height, width = entry["segmentation"]["size"]
        runs.append(("object", Runs(entry["segmentation"]["counts"], height, width)))
    left_out.add("their masks have no class: all are one, object", path.name)
    size = image_extent(str(path), image["width"], image["height"])
    yield RegionImage(str(image["file_name"]), size, tuple(runs), file=path)


FORMAT = JsonFormat(
    "segment-anything",
    "Segment Anything's JSON (SA-1B)",
    is_segment_anything,
    all_files("segment-anything", _images, each_photo=True),
    (ShapeReader(name="segment-anything"),),
    rules="The masks have no class; all are one, object.",
    each_photo=True,
)
