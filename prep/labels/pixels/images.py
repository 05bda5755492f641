"""Masks as image files of any layout: colours, or ids as grey values or palette indices."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from prep.core.classes import IGNORE_INDEX, ClassMap
from prep.core.errors import SegError
from prep.images.finding import names_photos
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.archive import label_bytes
from prep.labels.contents import Contents
from prep.labels.formats import NO, PERHAPS, FileFormat
from prep.labels.labelio import label_kind
from prep.labels.pixels.ids import IdReader
from prep.labels.pixels.rgb import RgbReader
from prep.labels.reader import UNKNOWN, LabelReader, LabelSource, Lookup, RawLabel, read_codes

_LOOKED_AT = 5
"""Files that are read to decide; the decision is the same for all files."""


def image_labels(contents: Contents) -> tuple[RawLabel, ...]:
    """All image files that do not lie in a folder of photos."""
    files = contents.of_suffix(*IMAGE_SUFFIXES, skip=names_photos)
    if contents.is_zip:
        return tuple(RawLabel(contents.source, file.stem, file.name) for file in files)
    return tuple(RawLabel(file.path, file.stem) for file in files)


def _recognised(contents: Contents) -> float:
    return PERHAPS if image_labels(contents) else NO


def _opened(contents: Contents, variable: str) -> LabelSource:
    return LabelSource("", image_labels(contents))


FORMAT = FileFormat("images", "masks as image files", _recognised, _opened, (RgbReader(), IdReader()), writes=True)


def choose_reader(labels: Sequence[RawLabel], classes: ClassMap | None) -> LabelReader:
    """Choose by the kind of the files; where grey or palette files allow both, by which one the classes explain.

    A file of greys 0 and 255 can hold ids or the colours black and white, and a palette file its indices or
    its colours: the reading that leaves fewer pixels unknown wins, then the one that puts more of them into classes,
    then ids for grey and colours for palette.
    """
    kinds = {label_kind(Path(label.name), label_bytes(label)) for label in labels}
    if "color" in kinds:
        return RgbReader()
    preferred: tuple[LabelReader, LabelReader] = (IdReader(), RgbReader())
    if "palette" in kinds:
        preferred = (RgbReader(), IdReader())
    if classes is None:
        return preferred[0]
    step = max(1, len(labels) // _LOOKED_AT)
    return max(preferred, key=lambda reader: _explained(reader, classes, labels[::step]))


def _explained(reader: LabelReader, classes: ClassMap, labels: Sequence[RawLabel]) -> tuple[int, int]:
    """Count the pixels that this reading explains (as a class or as ignored), and those that it puts into a class."""
    lookup = Lookup(reader.size, reader.table(classes))
    explained, in_classes = 0, 0
    for label in labels:
        try:
            mask = lookup(read_codes(reader, label))
        except SegError:  # a damaged file explains nothing; converting it will say what is wrong with it
            continue
        known = int(np.count_nonzero(mask != UNKNOWN))
        explained += known
        in_classes += known - int(np.count_nonzero(mask == IGNORE_INDEX))
    return explained, in_classes
