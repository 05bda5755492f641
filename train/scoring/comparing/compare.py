"""Two runs on the same images: is the difference of their scores more than chance?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from train.scoring.intervals import bootstrap_intervals, independent_units, sum_by_unit
from train.scoring.metrics import summarize
from train.scoring.split_scores import SplitScores

_NAMES = {"mean_iou": "mean IoU", "mean_dice": "mean Dice", "pixel_accuracy": "pixel accuracy"}


@dataclass(frozen=True)
class Difference:
    """One score of both runs, and the 95 % interval of ours - theirs, nan where there is none; verdict: in words."""

    name: str
    ours: float
    theirs: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True)
class Candidate:
    """One of the models that a mean is of, and the mean IoU of it alone."""

    name: str
    mean_iou: float


@dataclass(frozen=True)
class Comparison:
    """A run beside another one, by the name of that.  among: all of which that is the best, if it was chosen so."""

    other: str
    differences: tuple[Difference, ...]
    among: tuple[Candidate, ...] = ()


def compare(ours: SplitScores, theirs: SplitScores, classes: ClassMap) -> list[Difference]:
    """Compare mean IoU, Dice, accuracy, then the IoU of each class, with a paired bootstrap.

    Each replicate draws the same images (groups, where there are any) for both runs: what makes an image hard for both
    cancels out. Source of pairing: Efron and Tibshirani 1993, chapter 8. Raises SegError if the images differ.
    """
    scored = [sorted(each.images, key=lambda image: image.sample.stem) for each in (ours, theirs)]
    if [image.sample for image in scored[0]] != [image.sample for image in scored[1]]:
        raise SegError("the two runs were scored on other images; score both on the same dataset and split")
    _, owners = independent_units([image.sample for image in scored[0]])
    both = np.stack([[image.counts for image in images] for images in scored], axis=1)  # (N, 2, C, 5)
    units = sum_by_unit(both, owners)
    flat = units.reshape(len(units), -1).astype(np.float64)
    rows = bootstrap_intervals(flat, lambda sums: _differences(sums, len(classes)))
    scores = _scores(units.sum(axis=0))
    names = [*_NAMES.values(), *(f"IoU of {name}" for name in classes.names)]
    seen = np.count_nonzero(units[..., 1:3].sum(axis=(1, 3)), axis=0)
    rows[len(_NAMES) :][seen < 2] = np.nan
    return [
        _difference(name, *map(float, (scores[0, place], scores[1, place], *rows[place])))
        for place, name in enumerate(names)
    ]


def _difference(name: str, ours: float, theirs: float, low: float, high: float) -> Difference:
    if np.isnan(low):
        verdict = "no interval: the class, or all, stands in one independent image or group only"
    elif low <= 0 <= high:
        verdict = "no difference shown: the interval includes 0"
    else:
        verdict = f"{'better' if low > 0 else 'worse'}: the interval excludes 0"
    return Difference(name, ours, theirs, low, high, verdict)


def _differences(sums: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    scores = _scores(sums.reshape(*sums.shape[:-1], 2, classes, 5))
    return scores[..., 0, :] - scores[..., 1, :]


def _scores(counts: NDArray[Any]) -> NDArray[np.float64]:
    """(..., C, 5) -> (..., K)."""
    summary = summarize(counts)
    return np.concatenate([*(getattr(summary, name)[..., None] for name in _NAMES), summary.iou], axis=-1)
