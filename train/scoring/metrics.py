"""Scores as small functions of one confusion matrix."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX
from prep.images.geometry import row_strips
from prep.images.imageio import IndexMask

Confusion = NDArray[np.int64]
"""(C, C) pixels; rows are the truth, columns the prediction."""

Counts = NDArray[np.int64]
"""(..., C, 5) pixels of each class: right, true, predicted; in both boundary bands, in either of them (boundary.py).

They add up over images, and every score but the confusion matrix itself follows from their sums.
"""

_AT_ONCE = 1 << 21
"""Pixels that are counted at once: as numbers to count, each takes 8 bytes."""


def confusion_matrix(truth: IndexMask, guess: IndexMask, classes: int) -> Confusion:
    """Count the pixels of (H, W) masks that are not ignored in the truth."""
    counts = np.zeros(classes * classes, np.int64)
    for rows in row_strips(len(truth), truth.shape[1], _AT_ONCE):
        true, said = truth[rows], guess[rows]
        cells = true.astype(np.uint16) * classes + said
        counts += np.bincount(cells[true != IGNORE_INDEX], minlength=classes * classes)
    return counts.reshape(classes, classes)


def counts_of(confusion: Confusion, boundary: NDArray[np.int64]) -> Counts:
    """(C, 5) counts of a confusion matrix and the (C, 2) boundary pixels in both bands and in either of them."""
    marginals = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    return np.concatenate([np.stack(marginals, axis=1), boundary], axis=1)


@dataclass(frozen=True)
class Summary:
    """The scores that get an interval, of counts (..., C, 5): per class (..., C) and over all classes (...).

    nan where a class occurs neither in the truth nor in the prediction; the means leave such classes out.
    """

    iou: NDArray[np.float64]
    dice: NDArray[np.float64]
    boundary_iou: NDArray[np.float64]
    mean_iou: NDArray[np.float64]
    mean_dice: NDArray[np.float64]
    mean_boundary_iou: NDArray[np.float64]
    pixel_accuracy: NDArray[np.float64]


PER_CLASS = ("iou", "dice", "boundary_iou")
OVERALL = ("mean_iou", "mean_dice", "mean_boundary_iou", "pixel_accuracy")


def summarize(counts: Counts | NDArray[np.float64]) -> Summary:
    """Compute the scores of any number of counts (..., C, 5) at once."""
    right, true, guessed, both, either = np.moveaxis(counts.astype(np.float64), -1, 0)
    iou, dice = _iou(right, true, guessed), _dice(right, true, guessed)
    boundary_iou = _share(both, either)
    return Summary(
        iou, dice, boundary_iou,
        _mean(iou), _mean(dice), _mean(boundary_iou),
        _share(right.sum(axis=-1), true.sum(axis=-1)),
    )  # fmt: skip


@dataclass(frozen=True)
class Scores:
    """Scores per class (C,), nan where a class occurs neither in the truth nor in the prediction.

    accuracy: share of pixels on whose being this class or not both agree.
    """

    iou: NDArray[np.float64]
    dice: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    mean_iou: float
    mean_dice: float
    pixel_accuracy: float


def scores_of(confusion: Confusion) -> Scores:
    """Compute all scores; the means leave out classes that are nan."""
    return _scores(np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0))


def scores_of_counts(counts: Counts) -> Scores:
    """The same from the counts (C, 5) of one image."""
    return _scores(*counts.T[:3])


def _scores(right: NDArray[Any], truth: NDArray[Any], guess: NDArray[Any]) -> Scores:
    both, total = right.astype(np.float64), truth.sum()
    iou, dice = _iou(both, truth, guess), _dice(both, truth, guess)
    agree = np.where(truth + guess > 0, total - truth - guess + 2 * both, np.nan)
    return Scores(
        iou=iou,
        dice=dice,
        precision=_share(both, guess),
        recall=_share(both, truth),
        accuracy=agree / total if total else np.full(len(both), np.nan),
        mean_iou=mean_without_nan(iou),
        mean_dice=mean_without_nan(dice),
        pixel_accuracy=float(both.sum() / total) if total else float("nan"),
    )


def mean_without_nan(values: NDArray[np.float64]) -> float:
    """Mean of the values (N,) that are not nan; nan if all are."""
    return float(_mean(values))


def _iou(right: NDArray[Any], true: NDArray[Any], guessed: NDArray[Any]) -> NDArray[np.float64]:
    return _share(right, true + guessed - right)


def _dice(right: NDArray[Any], true: NDArray[Any], guessed: NDArray[Any]) -> NDArray[np.float64]:
    return _share(2 * right, true + guessed)


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., C) -> (...) mean of the values that are not nan."""
    known = ~np.isnan(values)
    return _share(np.where(known, values, 0).sum(axis=-1), known.sum(axis=-1))


def _share(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    result = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=result, where=np.asarray(whole) > 0)
    return result
