"""Id masks: every class is a whole number, as the grey value or palette index of a pixel."""

import math
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from prep.core.classes import IGNORE_INDEX, ClassMap, made_up_classes
from prep.labels.archive import label_bytes
from prep.labels.labelio import decode_label_ids, label_id_strips
from prep.labels.reader import Codes, RawLabel, array_strips

_TWO_VALUES = 2


class IdCodes:
    """Code = id, 0..65535; 255 is ignored unless it is the id of a class."""

    size = 1 << 16

    def table(self, classes: ClassMap) -> dict[int, int]:
        """Ids of each class."""
        ignored = dict.fromkeys((IGNORE_INDEX, *classes.ignored_ids), IGNORE_INDEX)
        return ignored | classes.index_of_id()

    def describe(self, code: int) -> str:
        """The id."""
        return str(code)

    def distance(self, code: int, classes: ClassMap) -> list[float]:
        """Differences of the ids; of a class with several, the smallest."""
        distances = [math.inf] * len(classes)
        for raw, index in classes.index_of_id().items():
            distances[index] = min(distances[index], abs(code - raw))
        return distances

    def propose(self, codes: Sequence[int]) -> ClassMap:
        """Made-up names and colours; 255 is a class in masks of two values only."""
        codes = [code for code in codes if code != IGNORE_INDEX or len(codes) <= _TWO_VALUES]
        return made_up_classes((f"class{code}" for code in codes), codes)


class InstanceReader(IdCodes):
    """Ids that hold the class and the number of the object: class x factor + number; the number is left out.

    Cityscapes' instanceIds have 1000, and ids below it are classes alone; KITTI's have 256.
    """

    def __init__(self, factor: int, plain_below: int) -> None:
        self.name = f"ids-{factor}"
        self._factor, self._plain_below = factor, plain_below

    def read(self, label: RawLabel) -> Codes:
        """(H, W) classes."""
        ids = decode_label_ids(Path(label.name), label_bytes(label))
        return np.where(ids < self._plain_below, ids, ids // self._factor).astype(np.uint16)


INSTANCES = (InstanceReader(1000, 1000), InstanceReader(256, 0))


def instance_readers(codes: Iterable[int], classes: Container[int]) -> list[str]:
    """What --from calls the readers by which all of these ids, which are no classes, become classes."""
    codes = list(codes)
    factors = [each for each in (1000, 256) if all(code >= each and code // each in classes for code in codes)]
    return [f"ids-{factor}" for factor in factors]


class IdReader(IdCodes):
    """Ids of image files."""

    name = "ids"

    def read(self, label: RawLabel) -> Codes:
        """(H, W) ids of an 8-bit or 16-bit label file."""
        return decode_label_ids(Path(label.name), label_bytes(label))

    def strips(self, label: RawLabel) -> Iterator[Codes]:
        """Strips (n, W) of the same ids."""
        for ids in label_id_strips(Path(label.name), label_bytes(label)):
            for rows in array_strips(ids):
                yield ids[rows]
