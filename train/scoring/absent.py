"""Classes that the truth lacks and that are predicted all the same: each counts as 0 in the mean."""

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
    return (
        f"{masks} hold no pixel of {list_some(absent)}; {counted(int(pixels.sum()), 'pixel')} "
        f"({pixels.sum() / confusion.sum():.2%}) taken for {verb(len(absent), 'it', 'them')} "
        f"{verb(int(pixels.sum()), 'counts', 'count')} as IoU 0: without {verb(len(absent), 'it', 'them')} the mean "
        f"IoU is {mean_iou_of_present(confusion):.4f} instead of {scores_of(confusion).mean_iou:.4f}"
    )
