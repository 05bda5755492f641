"""How far the scores of a split may be from those of other images like them: bootstrap over images, or groups."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prep.core.randomness import Stream
from prep.dataset.index import Sample
from train.scoring.metrics import OVERALL, PER_CLASS, summarize
from train.scoring.split_scores import SplitScores

REPLICATES, SHARE = 2000, 0.95

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Sums over units (..., F) -> (..., K) numbers; nan where one is not defined."""

_CHUNK = 1 << 22
"""Draws made at a time: bounds the memory for many units."""

_ROUGH = 20
"""With fewer units, the intervals hold the truth in clearly fewer than 95 % of the cases (tests/bench/intervals.py)."""


@dataclass(frozen=True)
class IntervalMethod:
    """How intervals were made.  unit: what was drawn with replacement, "images" or "groups".  units: their number.

    words: what a person should know of them.
    """

    share: float
    method: str
    replicates: int
    unit: str
    units: int
    words: str


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

    @property
    def method(self) -> IntervalMethod:
        """How the intervals were made."""
        return IntervalMethod(SHARE, "expanded percentile bootstrap", REPLICATES, self.unit, self.number, self.words)


def uncertainty_of(scored: SplitScores) -> Uncertainty:
    """Bootstrap over the images; where there are groups, over the groups: images of one group are much alike.

    Clusters drawn whole: Field and Welsh 2007, https://doi.org/10.1111/j.1467-9868.2007.00593.x
    """
    images = sorted(scored.images, key=lambda image: image.sample.stem)
    images = [image for image in images if image.counts.any()] or images  # one without a labelled pixel says nothing
    unit, owners = independent_units([image.sample for image in images])
    counts = sum_by_unit(np.stack([image.counts for image in images]), owners)
    number, classes = counts.shape[:2]
    rows = bootstrap_intervals(counts.reshape(number, -1).astype(np.float64), lambda sums: _scores(sums, classes))
    overall = dict(zip(OVERALL, rows, strict=False))
    per_class = dict(zip(PER_CLASS, rows[len(OVERALL) :].reshape(len(PER_CLASS), classes, 2), strict=True))
    seen = np.count_nonzero(counts[..., 1:3].sum(axis=-1), axis=0)  # in how many units each class occurs
    for found in per_class.values():
        found[seen < 2] = np.nan
    return Uncertainty(unit, number, {**overall, **per_class})


def independent_units(samples: Sequence[Sample]) -> tuple[str, NDArray[np.int64]]:
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


def bootstrap_intervals(units: NDArray[np.float64], statistic: Statistic, seed: int = 0) -> NDArray[np.float64]:
    """(K, 2) 95 % intervals of a statistic of the sum of U units (U, F); nan where there is nothing to tell from.

    Expanded percentiles: Hesterberg 2015, https://arxiv.org/abs/1411.5279, section 4.1. For few units they are nearer
    to 95 % than BCa (tests/bench/intervals.py). Replicates in which a number is not defined are left out; where nearly
    half of them are, there is no interval. The seed and U alone decide which units are drawn: two runs scored on the
    same units are resampled together.
    """
    estimate = statistic(units.sum(axis=0))
    if len(units) < 2:
        return np.full((len(estimate), 2), np.nan)
    replicates = statistic(resample(units, seed))
    tails = expanded_tails(len(units))
    return np.stack([_quantiles(column, tails) for column in replicates.T])


def resample(units: NDArray[np.float64], seed: int, replicates: int = REPLICATES) -> NDArray[np.float64]:
    """(R, F) sums of U units drawn with replacement out of (U, F)."""
    number = len(units)
    stream = Stream(seed, "bootstrap", number)
    rows = max(1, _CHUNK // number)
    sums = []
    for first in range(0, replicates, rows):
        count = min(rows, replicates - first)
        drawn = stream.integers(count * number, number) + number * np.repeat(np.arange(count), number)
        times = np.bincount(drawn, minlength=count * number).reshape(count, number)
        sums.append(times.astype(np.float64) @ units)  # exact below 2**53 pixels
    return np.concatenate(sums)


def expanded_tails(number: int, share: float = SHARE) -> tuple[float, float]:
    """Quantiles that stand for the ends of an interval: wider than (1 - share) / 2 where units are few.

    The bootstrap's spread is too narrow by sqrt((U - 1) / U), and quantiles of a normal distribution stand where those
    of Student's t with U - 1 degrees of freedom should.
    """
    from scipy.special import ndtr, stdtrit

    tail = float(ndtr(np.sqrt(number / (number - 1)) * stdtrit(number - 1, (1 - share) / 2)))
    return tail, 1 - tail


def _quantiles(values: NDArray[np.float64], tails: tuple[float, float]) -> NDArray[np.float64]:
    known = values[~np.isnan(values)]
    return np.quantile(known, tails) if len(known) > len(values) / 2 else np.full(2, np.nan)


def _scores(sums: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    """(..., C * 5) -> (..., K): the scores over all classes, then those of each class."""
    summary = summarize(sums.reshape(*sums.shape[:-1], classes, 5))
    overall = [getattr(summary, name)[..., None] for name in OVERALL]
    return np.concatenate([*overall, *(getattr(summary, name) for name in PER_CLASS)], axis=-1)
