"""CVAT for images 1.1: one XML file with the polygons and masks of all images of a task.

Source of the layout: https://docs.cvat.ai/docs/manual/advanced/xml_format/.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.images.finding import FoundFile
from prep.images.imageio import IndexMask
from prep.images.runlengths import decode_runs
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat, only_one
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.region_labels import class_names, corners, image_extent, named_classes
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader, ellipse
from prep.labels.shapes.sources import noted, photo_folder, region_source
from prep.labels.text_files import parse_xml


@dataclass(frozen=True)
class BoxRuns:
    """Run lengths along the rows of a box, by turns outside and inside, and where its top left pixel lies."""

    counts: Sequence[int]
    left: int
    top: int
    width: int
    height: int

    def paint(self, mask: IndexMask, code: int) -> None:
        """Set the pixels of the runs inside; SegError if they do not fill the box or the box leaves the mask."""
        inside = decode_runs(self.counts, self.width, self.height).T
        if min(self.left, self.top) < 0 or self.top + self.height > len(mask) or self.left + self.width > mask.shape[1]:
            raise SegError("its mask reaches beyond the border of the image; export the file again")
        mask[self.top : self.top + self.height, self.left : self.left + self.width][inside] = code


def _files(contents: Contents) -> list[FoundFile]:
    return [file for file in contents.of_suffix(".xml") if b"<annotations>" in contents.text_head(file)]


def _recognised(contents: Contents) -> float:
    return LIKELY if _files(contents) else NO


def _opened(contents: Contents, variable: str) -> LabelSource:
    file = only_one(contents, _files(contents), "CVAT")
    path = file.path
    root = parse_xml(path, read_bytes(path))
    if root.find("track") is not None:
        raise SegError(
            f"{path}: this is 'CVAT for video', whose tracks are not read; export the task as 'CVAT for images 1.1', "
            "'Segmentation mask 1.1' or 'COCO 1.0'"
        )
    left_out = LeftOut()
    images = [_image(path, element, left_out) for element in root.iter("image")]
    notes = noted(f"{path}: holds no polygons and no masks", images, left_out.notes())
    classes = _classes(path, root, images)
    return region_source(
        "cvat", path, images, names=classes.names, classes=classes, notes=notes, root=photo_folder(contents, file)
    )


def _image(path: Path, element: Element, left_out: LeftOut) -> RegionImage:
    name = element.get("name") or ""
    where = f"{path}/{name}"
    size = image_extent(where, *(_whole(element.get(side)) for side in ("width", "height")))
    regions: list[tuple[int, str, Shape]] = []
    for child in element:
        label = child.get("label")
        if label is None or child.tag == "tag":
            continue
        shape = _shape(where, child)
        if shape is None:
            left_out.add(f"left out, because they are no regions, {child.tag}", f"{label} in {name}")
        else:
            regions.append((_whole(child.get("z_order")) or 0, label, shape))
    regions.sort(key=lambda region: region[0])
    return RegionImage(name, size, tuple((label, shape) for _, label, shape in regions))


def _shape(where: str, element: Element) -> Shape | None:
    """What it covers; None if it is a box, a line, points or the like."""
    if element.tag == "polygon":
        pairs = [pair.split(",") for pair in element.get("points", "").split(";")]
        return Polygon((corners(where, pairs),))
    if element.tag == "ellipse" and element.get("rotation", "0.0").strip("0.") == "":
        x, y, across, down = corners(where, [element.get(key) for key in ("cx", "cy", "rx", "ry")]).ravel()
        return ellipse(x, y, across, down)
    if element.tag != "mask":
        return None
    box = [_whole(element.get(key)) for key in ("left", "top", "width", "height")]
    counts = [_whole(run) for run in element.get("rle", "").split(",")]
    left, top, width, height = (value if value is not None else -1 for value in box)
    if min(width, height) < 1 or None in counts:
        raise SegError(
            f"{where}: a mask of {element.get('label')!r} has no whole numbers as its box and runs; export again"
        )
    return BoxRuns(np.asarray(counts).tolist(), left, top, width, height)


def _whole(text: str | None) -> int | None:
    """A whole number that is written as such, None for anything else."""
    text = (text or "").strip()
    return int(text) if text.lstrip("-").isdecimal() and text.isascii() and len(text) < 15 else None


def _classes(path: Path, root: Element, images: Sequence[RegionImage]) -> ClassMap:
    """The labels of the task in its order and colours, and those that only regions have."""
    listed = {name: label.findtext("color") for label in root.iter("label") if (name := label.findtext("name"))}
    used = sorted({name for image in images for name, _ in image.regions} - listed.keys())
    return named_classes(class_names(path, [*listed, *used]), listed)


FORMAT = FileFormat(
    "cvat",
    "CVAT for images 1.1 (XML)",
    _recognised,
    _opened,
    (ShapeReader(name="cvat"),),
    rules="Polygons, ellipses that are not rotated and masks are painted by z_order, then in the order of the file; "
    "boxes, lines, points and the like are left out and counted.",
)
