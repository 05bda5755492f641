"""Scores as small functions of one confusion matrix."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prep.classes import IGNORE_INDEX
from prep.imageio import IndexMask

Confusion = NDArray[np.int64]
"""(C, C) pixels; rows are the truth, columns the prediction."""


def confusion_matrix(truth: IndexMask, guess: IndexMask, classes: int) -> Confusion:
    """Count the pixels of (H, W) masks that are not ignored in the truth."""
    pairs = truth.astype(np.uint16) * classes + guess
    counts = np.bincount(pairs[truth != IGNORE_INDEX], minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.int64)


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
    both = np.diag(confusion).astype(np.float64)
    truth, guess = confusion.sum(axis=1), confusion.sum(axis=0)
    total = confusion.sum()
    iou, dice = _share(both, truth + guess - both), _share(2 * both, truth + guess)
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
    """Mean of the values that are not nan; nan if all are."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    result = np.full(len(part), np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result
