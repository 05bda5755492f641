"""Scale's JSON: a list of tasks with the polygons that came back.

Source of the layout: https://docs.scale.com/reference/polygon-annotation-response.
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


def is_scale(content: object) -> bool:
    """Whether the content of a JSON file is a task with an attachment and a response, or a list of such."""
    first = content[0] if isinstance(content, list) and content else content
    return isinstance(first, dict) and "task_id" in first and isinstance(first.get("params"), dict)


def _images(path: Path, content: Any, left_out: LeftOut) -> Iterator[RegionImage]:  # noqa: ANN401  # whatever JSON holds
    for task in content if isinstance(content, list) else [content]:
        name = unquote(urlsplit(str(task["params"]["attachment"])).path).lstrip("/")
        response = task.get("response") or {}
        if "annotations" not in response:
            left_out.add("left out, because their task has no annotations", name)
            continue
        if isinstance(response["annotations"], dict):
            raise SegError(
                f"{path}: {name} is a task of Scale's semantic segmentation, whose masks lie on its server; download "
                "them as PNG files, and convert those"
            )
        regions: list[tuple[str, Shape]] = []
        for entry in response["annotations"]:
            label = str(entry["label"])
            if entry.get("type") == "polygon":
                regions.append((label, Polygon((xy_corners(f"{path}, {label} in {name}", entry["vertices"]),))))
            else:
                left_out.add(f"left out, because they are no polygons, {entry.get('type')}", f"{label} in {name}")
        yield RegionImage(name, (0, 0), tuple(regions))


FORMAT = JsonFormat(
    "scale",
    "Scale JSON",
    is_scale,
    all_files("scale", _images),
    (ShapeReader(name="scale"),),
    rules="Polygons are painted in the order of the file, a later one over an earlier one; boxes, lines and points are "
    "left out and counted. Sizes are those of the photos.",
)
