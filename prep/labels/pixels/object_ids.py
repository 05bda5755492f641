"""Masks in which each object has a number, and no class: Pascal VOC's SegmentationObject, and Cellpose's.

Source of the layouts: the VOC development kit, where 255 is the border around objects; Cellpose's io.save_masks.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

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
_CELLPOSE = "_cp_masks"
OF_CELLPOSE = "masks of Cellpose (_cp_masks) number objects, and do not tell of which class they are: all are one class"


class ObjectIdReader(IdCodes):
    """Any object is 1."""

    name = "object-ids"

    def read(self, label: RawLabel) -> Codes:
        """(H, W) 1 in objects, 0 outside, 255 on their borders; 255 is an object where they are counted up to it."""
        ids = decode_label_ids(Path(label.name), label_bytes(label))
        if (ids == IGNORE_INDEX - 1).any() or ids.max() > IGNORE_INDEX:
            return (ids > 0).astype(np.uint8)
        return np.where(ids == IGNORE_INDEX, np.uint8(IGNORE_INDEX), ids > 0)


def object_class() -> tuple[ClassMap, str]:
    """The classes of masks of objects, and the note that they are a guess."""
    note = "the masks name no class: 0 is background, 1 is object; name them with --classes, one name a line"
    return made_up_classes(("background", "object")), note


def numbers_objects(labels: Sequence[RawLabel]) -> bool:
    """Whether the names of all masks say that Cellpose wrote them: x_cp_masks.png."""
    return bool(labels) and all(_is_of_cellpose(label) for label in labels)


def _is_of_cellpose(label: RawLabel) -> bool:
    return PurePosixPath(label.part or label.path.name).stem.lower().endswith(_CELLPOSE)


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
    "SegmentationClass lies beside it, that is read. So are Cellpose's x_cp_masks.",
)
