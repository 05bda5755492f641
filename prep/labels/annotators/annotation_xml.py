"""XML files with one <annotation> each: polygons of LabelMe's web tool and of RectLabel; boxes of LabelImg are counted.

Sources of the layouts: https://github.com/CSAILVision/LabelMeAnnotationTool and https://rectlabel.com/help.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.core.folder_names import names_labels
from prep.core.words import counted
from prep.images.finding import FoundFile
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.annotators.photo_files import images_of, source_of
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.region_labels import corners
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader
from prep.labels.text_files import parse_xml

_START = re.compile(rb"<annotation[\s>]")
_LOOKED_AT = 20


def _files(contents: Contents) -> list[FoundFile]:
    """The XML files, if one of the first is of this kind."""
    files = [] if contents.is_zip else contents.of_suffix(".xml")
    return files if any(_START.search(contents.text_head(file)) for file in files[:_LOOKED_AT]) else []


def _recognised(contents: Contents) -> float:
    """Masks beside such files, as Pascal VOC's and the Oxford pets' are, come first."""
    if not contents.once(_files):
        return NO
    masks = contents.of_suffix(*IMAGE_SUFFIXES)
    return NO if any(names_labels(part) for file in masks for part in file.name.split("/")[:-1]) else LIKELY


def _opened(contents: Contents, variable: str) -> LabelSource:
    files, left_out = contents.once(_files), LeftOut()
    images = images_of("annotation-xml", files, lambda file: [_image(file.path, left_out)], left_out)
    if images and not any(image.regions for image in images):
        raise SegError(
            f"{contents.source}: {counted(len(files), 'XML file')} with boxes and no regions (Pascal VOC's "
            "annotations, as LabelImg writes them); boxes are no masks: export polygons, or draw masks with 'seg-prep "
            "annotate'"
        )
    return source_of("annotation-xml", contents, files[0], images, left_out)


def _image(path: Path, left_out: LeftOut) -> RegionImage:
    root = parse_xml(path, read_bytes(path))
    if root.tag != "annotation":
        raise SegError(f"{path}: is no annotation of a photo, but <{root.tag:.40}>; export it again, or remove it")
    name = (root.findtext("filename") or f"{path.stem}.jpg").strip()
    return RegionImage(name, (0, 0), tuple(_regions(path, root, left_out)), file=path)


def _regions(path: Path, root: Element, left_out: LeftOut) -> Iterator[tuple[str, Shape]]:
    for entry in root.iter("object"):
        label = (entry.findtext("name") or "").strip()
        if (entry.findtext("deleted") or "0").strip() == "1":
            continue
        outline = entry.find("polygon")
        if entry.find("segm") is not None:
            raise SegError(
                f"{path}: {label} is a mask in a file of its own, which is not read; export COCO or PNG masks"
            )
        if outline is None:
            left_out.add("left out, because they are boxes", f"{label} in {path.name}")
            continue
        pairs = [[point.findtext("x"), point.findtext("y")] for point in outline.findall("pt")]
        number = 1
        while outline.find(f"x{number}") is not None:  # RectLabel: x1, y1, x2, y2 ...
            pairs.append([outline.findtext(f"x{number}"), outline.findtext(f"y{number}")])
            number += 1
        yield label, Polygon((corners(f"{path}, {label}", pairs),))


FORMAT = FileFormat(
    "annotation-xml",
    "XML of LabelMe's web tool and of RectLabel",
    _recognised,
    _opened,
    (ShapeReader(name="annotation-xml"),),
    rules="Polygons are painted in the order of the file, a later one over an earlier one; boxes are left out and "
    "counted, and files with nothing but boxes refused; sizes are those of the photos.",
)
