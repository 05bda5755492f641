"""Bootstrap intervals of anything that follows from sums over independent units (images, or groups of them)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from prep.core.randomness import Stream

REPLICATES, SHARE = 2000, 0.95

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Sums over units (..., F) -> (..., K) numbers; nan where one is not defined."""

_CHUNK = 1 << 22
"""Draws made at a time: bounds the memory for many units."""


def intervals(units: NDArray[np.float64], statistic: Statistic, seed: int = 0) -> NDArray[np.float64]:
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
