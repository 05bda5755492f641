"""Id masks: every class is a whole number, as the grey value or palette index of a pixel."""

import math
from collections.abc import Sequence
from pathlib import Path

from prep.core.classes import IGNORE_INDEX, ClassMap, made_up_classes
from prep.labels.archive import label_bytes
from prep.labels.labelio import decode_label_ids
from prep.labels.reader import Codes, RawLabel

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


class IdReader(IdCodes):
    """Ids of image files."""

    name = "ids"

    def read(self, label: RawLabel) -> Codes:
        """(H, W) ids of an 8-bit or 16-bit label file."""
        return decode_label_ids(Path(label.name), label_bytes(label))
