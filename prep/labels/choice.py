"""Choose the label reader that fits a set of raw label files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from prep.classes import IGNORE_INDEX, ClassMap
from prep.errors import SegError
from prep.labelio import label_kind
from prep.labels.ids import IdReader
from prep.labels.reader import LabelReader
from prep.labels.rgb import RgbReader
from prep.lookup import UNKNOWN, Lookup

READERS: tuple[LabelReader, ...] = (RgbReader(), IdReader())

_LOOKED_AT = 5
"""Files that are read to decide; the decision is the same for all files."""


def reader_named(name: str) -> LabelReader:
    """The reader that --from names."""
    return next(reader for reader in READERS if reader.name == name)


def choose_reader(paths: Sequence[Path], classes: ClassMap | None) -> LabelReader:
    """Choose by the kind of the files; where grey or palette files allow both, by which one the classes explain.

    A file of greys 0 and 255 can hold ids or the colours black and white, and a palette file its indices or
    its colours: the reading that leaves fewer pixels unknown wins, then the one that puts more of them into classes,
    then ids for grey and colours for palette.
    """
    kinds = {label_kind(path) for path in paths}
    if "color" in kinds:
        return RgbReader()
    preferred: tuple[LabelReader, LabelReader] = (IdReader(), RgbReader())
    if "palette" in kinds:
        preferred = (RgbReader(), IdReader())
    if classes is None:
        return preferred[0]
    step = max(1, len(paths) // _LOOKED_AT)
    return max(preferred, key=lambda reader: _explained(reader, classes, paths[::step]))


def _explained(reader: LabelReader, classes: ClassMap, paths: Sequence[Path]) -> tuple[int, int]:
    """Count the pixels that this reading explains (as a class or as ignored), and those that it puts into a class."""
    lookup = Lookup(reader.size, reader.table(classes))
    explained, in_classes = 0, 0
    for path in paths:
        try:
            mask = lookup(reader.read(path))
        except SegError:  # a damaged file explains nothing; converting it will say what is wrong with it
            continue
        known = int(np.count_nonzero(mask != UNKNOWN))
        explained += known
        in_classes += known - int(np.count_nonzero(mask == IGNORE_INDEX))
    return explained, in_classes
