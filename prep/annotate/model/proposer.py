"""What a model says about an image, and what annotation asks of a model, whatever program computes it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX
from prep.core.errors import SegError
from prep.dataset.index import Sample
from prep.images.imageio import ImageRGB, IndexMask

Report = Callable[[float], None]
"""Is told the share that is done, 0..1, again and again; what it raises ends the work."""


PROPOSERS = "seg_prep.proposers"
"""Group of entry points: functions (run, note, scale) -> Proposer, as open_proposer below."""


@dataclass(frozen=True)
class Proposal:
    """A model's labels of an image.

    mask: (H, W) uint8, the model's class indices.
    confidence: (H, W) uint8, probability of that class in percent, rounded down.
    entropy: (ceil(H / 16), ceil(W / 16)) uint8, mean of blocks of 16 x 16 pixels; 255 is that of equal probabilities.
    """

    mask: IndexMask
    confidence: NDArray[np.uint8]
    entropy: NDArray[np.uint8]


class Proposer(Protocol):
    """A model with a name for people, a key that differs for every other model, and the names of its classes."""

    name: str
    key: str
    classes: tuple[str, ...]

    def __call__(self, image: ImageRGB, report: Report, sample: Sample) -> Proposal:
        """Label (H, W, 3), the image of a sample, whose place may tell its scale; SegError if that is not possible."""
        ...


def open_proposer(run: Path, note: Callable[[str], None], scale: str = "auto") -> Proposer:
    """The model of a run, opened by whoever trains models: the entry point "run" of the group seg_prep.proposers.

    note: is told what the person at the terminal should know.  scale: auto, fit or a factor, as of seg-train predict.
    Raises SegError if there is no such entry point, or no such model, or if packages are missing for it.
    """
    for entry in entry_points(group=PROPOSERS, name="run"):
        opened: Proposer = entry.load()(run, note, scale)
        return opened
    raise SegError(
        "--model needs seg-train, which this installation does not name; type: pip install 'seg-prep[train]' "
        "(in a checkout, once again: pip install -e '.[train]')"
    )


def class_lookup(model: Sequence[str], dataset: Sequence[str]) -> NDArray[np.uint8]:
    """(256,) the dataset's index of each class of the model, found by its name; 255 where the dataset has none.

    Raises SegError if they have no class in common.
    """
    lookup = np.full(256, IGNORE_INDEX, np.uint8)
    places = {name: index for index, name in enumerate(dataset)}
    for index, name in enumerate(model):
        lookup[index] = places.get(name, IGNORE_INDEX)
    if (lookup == IGNORE_INDEX).all():
        has = f"has the classes {', '.join(dataset)}" if dataset else "has no classes yet"
        raise SegError(
            f"the dataset {has}, the model knows {', '.join(model)}: none in common; "
            "name the classes as the model does, or use a model of this dataset"
        )
    return lookup


def region_at(mask: IndexMask, confidence: NDArray[np.uint8], x: int, y: int, least: int) -> NDArray[np.bool_]:
    """(H, W) the 8-connected pixels of one class around a pixel whose confidence is at least `least` percent.

    Empty where the pixel has no class (255) or is less confident itself.
    """
    allowed = ((mask == mask[y, x]) & (confidence >= least)).view(np.uint8)
    if mask[y, x] == IGNORE_INDEX or not allowed[y, x]:
        return np.zeros(mask.shape, np.bool_)
    cv2.floodFill(allowed, None, (x, y), 2, flags=8)
    return np.asarray(allowed == 2)
