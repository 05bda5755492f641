"""What one raw label holds, and what the values of many may mean."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.files import within_limits
from prep.images.imageio import open_picture
from prep.labels.archive import content_of
from prep.labels.reader import RawLabel, read_codes
from prep.labels.registry import reader_named

IMAGE_FILES = ("rgb", "ids")
"""Readers of image files; the others have no header to look at."""


@dataclass(frozen=True)
class Facts:
    """One label: its values with their pixels, both (N,), its size, and what its header says; or what is wrong."""

    codes: NDArray[np.uint32]
    pixels: NDArray[np.int64]
    width: int
    height: int
    oddities: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Value:
    """One value of the labels. name: of its class, "ignore", or empty if no class map knows it.

    is_noise: it looks like a blended edge or a trace of JPEG rather than a class.
    photo: mean colour of the photos where it lies, #rrggbb, of the few that hold most of it; empty without photos.
    """

    code: int
    value: str
    pixels: int
    share: float
    files: int
    name: str
    is_noise: bool
    photo: str = ""


@dataclass(frozen=True)
class FactsOf:
    """Reads a label with the reader of this name."""

    reader: str

    def __call__(self, label: RawLabel) -> Facts:
        """Read it; a problem is part of the facts."""
        try:
            with within_limits(Path(label.name)):
                values = read_codes(reader_named(self.reader), label)
                codes, pixels = np.unique(values, return_counts=True)
                oddities = _oddities(label) if self.reader in IMAGE_FILES else ()
        except SegError as error:
            return Facts(np.zeros(0, np.uint32), np.zeros(0, np.int64), 0, 0, problem=str(error))
        return Facts(codes, pixels.astype(np.int64), values.shape[1], values.shape[0], oddities)


def _oddities(label: RawLabel) -> tuple[str, ...]:
    picture = open_picture(Path(label.name), content_of(label))
    odd = []
    if picture.format in ("JPEG", "MPO"):
        odd.append("jpeg")
    if picture.mode in ("P", "PA"):
        odd.append("palette")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        odd.append("alpha")
    if picture.mode.startswith("I"):
        odd.append("16-bit")
    return tuple(odd)
