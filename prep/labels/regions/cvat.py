"""CVAT's XML files: for images 1.1, with the polygons and masks of each image of a task, and for video 1.1.

Source of the layout: https://docs.cvat.ai/docs/manual/advanced/xml_format/.
"""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

from prep.core.files import read_bytes
from prep.images.finding import FoundFile
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat, only_one
from prep.labels.layouts.splits import split_of
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.region_labels import image_extent
from prep.labels.regions.cvat_video import frames_of
from prep.labels.shapes.cvat_shapes import classes_of, regions_in_order, whole_number
from prep.labels.shapes.shapes import RegionImage, ShapeReader
from prep.labels.shapes.sources import notes_with_empty, photo_folder, region_source
from prep.labels.text_files import parse_xml


def _files(contents: Contents) -> list[FoundFile]:
    return [file for file in contents.of_suffix(".xml") if b"<annotations>" in contents.text_head(file)]


def _recognised(contents: Contents) -> float:
    return LIKELY if _files(contents) else NO


def _opened(contents: Contents, variable: str) -> LabelSource:
    file = only_one(contents, _files(contents), "CVAT")
    path = file.path
    root = parse_xml(path, read_bytes(path))
    folder = photo_folder(contents, file)
    left_out = LeftOut()
    if root.find("track") is not None:
        images = frames_of(path, root, folder, left_out)
    else:
        elements = list(root.iter("image"))
        subsets = {subset for element in elements if (subset := element.get("subset"))}
        times = Counter(element.get("name") for element in elements)
        images = [_image(path, element, left_out, several=len(subsets) > 1) for element in elements]
        images = [  # a subset may have photos that are called as those of another one
            replace(image, name=f"{element.get('subset')}/{image.name}")
            if len(subsets) > 1 and times[image.name] > 1 and element.get("subset")
            else image
            for image, element in zip(images, elements, strict=True)
        ]
    notes = notes_with_empty(f"{path}: holds no polygons and no masks", images, left_out.notes())
    classes = classes_of(path, root, images)
    return region_source("cvat", path, images, names=classes.names, classes=classes, notes=notes, root=folder)


def _image(path: Path, element: Element, left_out: LeftOut, *, several: bool) -> RegionImage:
    """several: whether the task has several subsets, whose names may be those of splits."""
    name = element.get("name") or ""
    size = image_extent(f"{path}/{name}", *(whole_number(element.get(side)) for side in ("width", "height")))
    labelled = [(label, child) for child in element if (label := child.get("label")) is not None and child.tag != "tag"]
    stated = split_of(element.get("subset") or "") if several else ""
    return RegionImage(name, size, regions_in_order(path, name, labelled, left_out), stated)


FORMAT = FileFormat(
    "cvat",
    "CVAT for images and for video 1.1 (XML)",
    _recognised,
    _opened,
    (ShapeReader(name="cvat"),),
    rules="Polygons, ellipses that are not rotated and masks are painted by z_order, then in the order of the file; "
    "boxes, lines, points and the like are left out and counted. Frames of a video are the photos that CVAT calls "
    "frame_000000, or else, where there are as many, the photos in order; a shape lies on its frame but where it is "
    "outside; frames in which a track is cut (they were deleted) are left out and counted.",
)
