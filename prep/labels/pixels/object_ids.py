"""Pascal VOC's SegmentationObject without SegmentationClass: each object has a number, and no class.

Source of the layout: the VOC development kit; 255 is the border around objects.
"""

from pathlib import Path

import numpy as np

from prep.core.classes import IGNORE_INDEX, ClassMap, made_up_classes
from prep.images.finding import find_files
from prep.labels.archive import label_bytes
from prep.labels.contents import Contents
from prep.labels.formats import NO, PROBABLE, FileFormat
from prep.labels.labelio import decode_label_ids
from prep.labels.pixels.ids import IdCodes
from prep.labels.reader import Codes, LabelSource, RawLabel

_OBJECTS, _PHOTOS = "SegmentationObject", "JPEGImages"


class ObjectIdReader(IdCodes):
    """Any object is 1."""

    name = "object-ids"

    def read(self, label: RawLabel) -> Codes:
        """(H, W) 1 in objects, 0 outside, 255 on their borders."""
        ids = decode_label_ids(Path(label.name), label_bytes(label))
        return np.where(ids == IGNORE_INDEX, np.uint8(IGNORE_INDEX), ids > 0)


def object_class() -> tuple[ClassMap, str]:
    """The classes of masks of objects, and the note that they are a guess."""
    note = "the masks name no class: 0 is background, 1 is object; name them with --classes, one name a line"
    return made_up_classes(("background", "object")), note


def _folder(contents: Contents) -> Path | None:
    source = contents.source.absolute()
    return next((each for each in (source, source / _OBJECTS) if each.name == _OBJECTS and each.is_dir()), None)


def _recognised(contents: Contents) -> float:
    return PROBABLE if _folder(contents) is not None else NO


def _opened(contents: Contents, variable: str) -> LabelSource:
    folder = _folder(contents)
    assert folder is not None, "opened only where it was recognised"
    labels = tuple(RawLabel(file.path, file.stem) for file in find_files(folder))
    photos = folder.parent / _PHOTOS
    found = {file.stem: file.path for file in find_files(photos)} if photos.is_dir() else {}
    named = {label.stem: found[label.stem] for label in labels if label.stem in found}
    note = "SegmentationObject tells objects apart, and not which class they are of: all are one class"
    return LabelSource(ObjectIdReader.name, labels, photos=named, notes=(note,), guess=object_class())


FORMAT = FileFormat(
    "object-ids",
    "Pascal VOC's SegmentationObject",
    _recognised,
    _opened,
    (ObjectIdReader(),),
    rules="Each object has a number and no class: all become 1, their borders (255) are ignored. Where "
    "SegmentationClass lies beside it, that is read.",
)
