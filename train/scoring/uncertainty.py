"""How far the scores of a split may be from those of other images like them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prep.dataset.dataset import Sample
from train.scoring.bootstrap import REPLICATES, SHARE, intervals
from train.scoring.evaluation import Evaluation
from train.scoring.metrics import OVERALL, PER_CLASS, summarize

_ROUGH = 20
"""With fewer units, the intervals hold the truth in clearly fewer than 95 % of the cases (tests/bench/intervals.py)."""


@dataclass(frozen=True)
class Uncertainty:
    """95 % intervals of the scores of a split.

    unit: what was drawn with replacement, "images" or "groups".  number: how many there are.
    intervals: by name of the score, (2,) or for the scores per class (C, 2); nan where there is none.
    """

    unit: str
    number: int
    intervals: Mapping[str, NDArray[np.float64]]

    @property
    def words(self) -> str:
        """What a person should know of the intervals."""
        if self.number < 2:
            return f"No intervals: {self.number} {self.unit.removesuffix('s')} does not show how much scores vary"
        text = f"In brackets: 95 % intervals, from {REPLICATES:,} bootstrap draws of {self.number} {self.unit}"
        return text + ("; so few give rough intervals, rather too narrow" if self.number < _ROUGH else "")

    def to_json(self) -> dict[str, object]:
        """Plain data of how the intervals were made."""
        return {
            "share": SHARE,
            "method": "expanded percentile bootstrap",
            "replicates": REPLICATES,
            "unit": self.unit,
            "units": self.number,
            "words": self.words,
        }


def uncertainty_of(evaluation: Evaluation) -> Uncertainty:
    """Bootstrap over the images; where there are groups, over the groups: images of one group are much alike.

    Clusters drawn whole: Field and Welsh 2007, https://doi.org/10.1111/j.1467-9868.2007.00593.x
    """
    images = sorted(evaluation.images, key=lambda image: image.sample.stem)
    unit, owners = units_of([image.sample for image in images])
    counts = sum_by_unit(np.stack([image.counts for image in images]), owners)
    number, classes = counts.shape[:2]
    rows = intervals(counts.reshape(number, -1).astype(np.float64), lambda sums: _scores(sums, classes))
    overall = dict(zip(OVERALL, rows, strict=False))
    per_class = dict(zip(PER_CLASS, rows[len(OVERALL) :].reshape(len(PER_CLASS), classes, 2), strict=True))
    seen = np.count_nonzero(counts[..., 1:3].sum(axis=-1), axis=0)  # in how many units each class occurs
    for found in per_class.values():
        found[seen < 2] = np.nan
    return Uncertainty(unit, number, {**overall, **per_class})


def units_of(samples: Sequence[Sample]) -> tuple[str, NDArray[np.int64]]:
    """What is independent of each other ("groups", if any sample has one, else "images"), and (N,) each one's unit."""
    names = [("group", sample.group) if sample.group else ("image", sample.stem) for sample in samples]
    places = {name: place for place, name in enumerate(sorted(set(names)))}
    unit = "groups" if any(sample.group for sample in samples) else "images"
    return unit, np.array([places[name] for name in names], np.int64)


def sum_by_unit(counts: NDArray[np.int64], owners: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N, ...) counts of images -> (U, ...) of their units."""
    result = np.zeros((owners.max() + 1, *counts.shape[1:]), np.int64)
    np.add.at(result, owners, counts)
    return result


def _scores(sums: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    """(..., C * 5) -> (..., K): the scores over all classes, then those of each class."""
    summary = summarize(sums.reshape(*sums.shape[:-1], classes, 5))
    overall = [getattr(summary, name)[..., None] for name in OVERALL]
    return np.concatenate([*overall, *(getattr(summary, name) for name in PER_CLASS)], axis=-1)
