"""Bootstrap intervals of anything that follows from sums over independent units (images, or groups of them)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from prep.randomness import Stream

REPLICATES, SHARE = 2000, 0.95

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Sums over units (..., F) -> (..., K) numbers; nan where one is not defined."""

_CHUNK = 1 << 22
"""Draws made at a time: bounds the memory for many units."""


def intervals(units: NDArray[np.float64], statistic: Statistic, seed: int = 0) -> NDArray[np.float64]:
    """(K, 2) 95 % intervals of a statistic of the sum of U units (U, F); nan where there is nothing to tell from.

    Bias-corrected and accelerated (BCa): Efron 1987, https://doi.org/10.1080/01621459.1987.10478410. The seed and U
    alone decide which units are drawn: two runs scored on the same units are resampled together.
    """
    estimate = statistic(units.sum(axis=0))
    if len(units) < 2:
        return np.full((len(estimate), 2), np.nan)
    replicates = statistic(resample(units, seed))
    jackknife = statistic(units.sum(axis=0) - units)
    return np.stack([bca(*column) for column in zip(estimate, replicates.T, jackknife.T, strict=True)])


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


def bca(
    estimate: np.float64, replicates: NDArray[np.float64], jackknife: NDArray[np.float64], share: float = SHARE
) -> NDArray[np.float64]:
    """(2,) ends of the BCa interval of one number from its replicates (R,) and leave-one-out values (U,).

    Replicates in which the number is not defined are left out; nan if nearly all are, or the number itself is.
    """
    from scipy.special import ndtr, ndtri

    known, left_out = replicates[~np.isnan(replicates)], jackknife[~np.isnan(jackknife)]
    if np.isnan(estimate) or len(known) < len(replicates) // 2 or len(left_out) < 2:
        return np.full(2, np.nan)
    below = np.mean(known < estimate) + np.mean(known == estimate) / 2
    bias = ndtri(np.clip(below, 0.5 / len(known), 1 - 0.5 / len(known)))
    away = left_out.mean() - left_out
    spread = np.sum(away**2) ** 1.5
    acceleration = np.sum(away**3) / (6 * spread) if spread > 0 else 0.0
    tails = bias + ndtri(np.array([(1 - share) / 2, (1 + share) / 2]))
    return np.quantile(known, ndtr(bias + tails / (1 - acceleration * tails)))
