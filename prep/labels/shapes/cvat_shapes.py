"""Shapes as CVAT's XML files write them, of images as of tracks: polygons, ellipses, and masks as runs in a box."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.labels.left_out import LeftOut
from prep.labels.region_labels import class_names, corners, named_classes
from prep.labels.shapes.shapes import BoxRuns, Polygon, RegionImage, Shape, ellipse

REGIONS = ("polygon", "ellipse", "mask")
"""Elements that have an area."""


def regions_in_order(
    path: Path, name: str, shapes: Iterable[tuple[str, Element]], left_out: LeftOut
) -> tuple[tuple[str, Shape], ...]:
    """Regions by z_order, then in the order given, of elements with their labels; what is no region is left out."""
    regions: list[tuple[int, str, Shape]] = []
    for label, element in shapes:
        shape = _shape(f"{path}/{name}", label, element)
        if shape is None:
            left_out.add(f"left out, because they are no regions, {element.tag}", f"{label} in {name}")
        else:
            regions.append((whole_number(element.get("z_order")) or 0, label, shape))
    regions.sort(key=lambda region: region[0])
    return tuple((label, shape) for _, label, shape in regions)


def _shape(where: str, label: str, element: Element) -> Shape | None:
    """What it covers; None if it is a box, a line, points or the like."""
    if element.tag == "polygon":
        pairs = [pair.split(",") for pair in element.get("points", "").split(";")]
        return Polygon((corners(where, pairs),))
    if element.tag == "ellipse" and element.get("rotation", "0.0").strip("0.") == "":
        x, y, across, down = corners(where, [element.get(key) for key in ("cx", "cy", "rx", "ry")]).ravel()
        return ellipse(x, y, across, down)
    if element.tag != "mask":
        return None
    box = [whole_number(element.get(key)) for key in ("left", "top", "width", "height")]
    counts = [whole_number(run) for run in element.get("rle", "").split(",")]
    left, top, width, height = (value if value is not None else -1 for value in box)
    if min(width, height) < 1 or None in counts:
        raise SegError(f"{where}: a mask of {label!r} has no whole numbers as its box and runs; export again")
    return BoxRuns(np.asarray(counts).tolist(), left, top, width, height)


def whole_number(text: str | None) -> int | None:
    """A whole number that is written as such, None for anything else."""
    text = (text or "").strip()
    return int(text) if text.lstrip("-").isdecimal() and text.isascii() and len(text) < 15 else None


def classes_of(path: Path, root: Element, images: Sequence[RegionImage]) -> ClassMap:
    """The labels of the task in its order and colours, and those that only regions have."""
    listed = {name: label.findtext("color") for label in root.iter("label") if (name := label.findtext("name"))}
    used = sorted({name for image in images for name, _ in image.regions} - listed.keys())
    return named_classes(class_names(path, [*listed, *used]), listed)
