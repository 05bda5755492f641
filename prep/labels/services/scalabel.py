"""Scalabel's JSON, as BDD100K has it: a list of frames with polygons whose sides may be Bezier curves.

Source of the layout: https://doc.scalabel.ai/format.html.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from prep.images.polygons import Ring
from prep.labels.annotators.photo_files import all_files
from prep.labels.formats import JsonFormat
from prep.labels.layouts.splits import split_of
from prep.labels.left_out import LeftOut
from prep.labels.region_labels import corners
from prep.labels.shapes.shapes import Polygon, RegionImage, Runs, Shape, ShapeReader

_STEPS = np.linspace(0, 1, 17)[1:, None]


def is_scalabel(content: object) -> bool:
    """Whether the content of a JSON file is a list of frames of which one has a label with poly2d or rle."""
    frames = content.get("frames") if isinstance(content, dict) else content
    if not isinstance(frames, list) or not all(isinstance(frame, dict) and "name" in frame for frame in frames):
        return False
    labels = [label for frame in frames for label in frame.get("labels") or () if isinstance(label, dict)]
    return any("category" in label and ("poly2d" in label or "rle" in label or "box2d" in label) for label in labels)


def _images(path: Path, content: Any, left_out: LeftOut) -> Iterator[RegionImage]:  # noqa: ANN401  # whatever JSON holds
    for frame in content["frames"] if isinstance(content, dict) else content:
        name = str(frame["name"])
        regions: list[tuple[str, Shape]] = []
        for label in frame.get("labels") or ():
            shape = _shape(f"{path}, {label['category']} in {name}", label)
            if shape is None:
                left_out.add("left out, because they are boxes or lines", f"{label['category']} in {name}")
            else:
                regions.append((str(label["category"]), shape))
        yield RegionImage(name, (0, 0), tuple(regions), split=split_of(path.name))


def _shape(where: str, label: Mapping[str, Any]) -> Shape | None:
    """What a label covers; None for boxes and open lines."""
    if label.get("rle"):
        height, width = label["rle"]["size"]
        return Runs(label["rle"]["counts"], height, width)
    closed = [each for each in label.get("poly2d") or () if each.get("closed", True)]
    if not closed:
        return None
    return Polygon(tuple(_outline(where, each["vertices"], str(each.get("types") or "")) for each in closed))


def _outline(where: str, vertices: object, types: str) -> Ring:
    """Corners (N, 2); three vertices of type C in a row are two control points and the end of a Bezier curve."""
    points = corners(where, vertices)
    if "C" not in types or len(types) != len(points):
        return points
    found: list[Ring] = []
    at = 0
    while at < len(points):
        if types[at : at + 3] == "CCC":
            start = points[at - 1]
            first, second, end = points[at : at + 3]
            t = _STEPS
            curve = (1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * first + 3 * (1 - t) * t**2 * second + t**3 * end
            found.append(curve)
            at += 3
        else:
            found.append(points[at : at + 1])
            at += 1
    return np.concatenate(found)


FORMAT = JsonFormat(
    "scalabel",
    "Scalabel JSON (BDD100K)",
    is_scalabel,
    all_files("scalabel", _images),
    (ShapeReader(name="scalabel"),),
    rules="Closed polygons, also with curves, and run lengths are painted in the order of the file, a later one over "
    "an earlier one; boxes and lines are left out and counted. Sizes are those of the photos; files named train and "
    "val are splits.",
)
