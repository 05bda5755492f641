"""The seam for label formats: a reader turns a raw label file into codes, one whole number a pixel."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from prep.classes import ClassMap


class LabelReader(Protocol):
    """One way to read raw label files.

    A new format is a module with such a class, registered in prep/labels/choice.py.
    """

    name: str
    """What --from calls it."""

    size: int
    """Codes are 0 .. size - 1."""

    def read(self, path: Path) -> NDArray[np.uint32]:
        """(H, W) codes of a label file; SegError if it is damaged or not of this format."""

    def table(self, classes: ClassMap) -> dict[int, int]:
        """Which code means which class index, or 255 for ignored pixels."""

    def describe(self, code: int) -> str:
        """The code as a person writes it, for example #ff0000 or 7."""

    def distance(self, code: int, classes: ClassMap) -> list[float]:
        """How far the code is from each class, to name the nearest."""

    def propose(self, codes: Sequence[int]) -> ClassMap:
        """A class map with made-up names for these codes, for a person to edit."""
