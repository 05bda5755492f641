"""Classes that the truth lacks and that are predicted all the same: each counts as 0 in the mean."""

import math
from collections.abc import Sequence

import numpy as np

from prep.core.words import counted, list_some, verb
from train.scoring.metrics import Confusion, mean_without_nan, scores_of


def mean_iou_of_present(confusion: Confusion) -> float:
    """Mean IoU of the classes that occur in the truth; nan if there are none."""
    return mean_without_nan(scores_of(confusion).iou[confusion.sum(axis=1) > 0])


def absent_note(confusion: Confusion, names: Sequence[str], masks: str) -> str | None:
    """What classes that are not in the truth do to the mean IoU, in words; None if they do nothing.

    masks: which masks the truth is, such as "the masks of test".
    """
    pixels = np.where(confusion.sum(axis=1) == 0, confusion.sum(axis=0), 0)
    absent = [names[index] for index in np.flatnonzero(pixels).tolist()]
    if not absent:
        return None
    them, total, present = verb(len(absent), "it", "them"), int(pixels.sum()), mean_iou_of_present(confusion)
    said = (
        f"{masks} hold no pixel of {list_some(absent)}; {counted(total, 'pixel')} ({total / confusion.sum():.2%}) "
        f"taken for {them} {verb(total, 'counts', 'count')} as IoU 0"
    )
    if math.isnan(present) or f"{present:.4f}" == f"{scores_of(confusion).mean_iou:.4f}":
        return said
    return f"{said}: without {them} the mean IoU is {present:.4f} instead of {scores_of(confusion).mean_iou:.4f}"
