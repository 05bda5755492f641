"""What the history of a training says in words, when it says that something is wrong."""

import math
from collections.abc import Sequence

import numpy as np

from prep.core.classes import ClassMap
from train.fitting.history import Epoch
from train.scoring.metrics import Confusion

_WORSE_FOR = 5
_WORSE_BY = 1.1


def one_class_only(confusion: Confusion, classes: ClassMap) -> str | None:
    """A warning if the model gives every validation pixel the same class while there are more in the masks."""
    predicted, present = confusion.sum(axis=0), confusion.sum(axis=1)
    if np.count_nonzero(predicted) != 1 or np.count_nonzero(present) < 2:
        return None
    return (
        f"warning: the model labels every validation pixel as {classes.names[int(predicted.argmax())]}; if that stays "
        "so, try --class-weights, --loss ce+dice or a lower --lr, and look at the masks with 'seg-prep report'"
    )


def overfitting(history: Sequence[Epoch]) -> str | None:
    """A warning if the validation loss has been rising for several validations while the training loss fell."""
    rows = [row for row in history if row.val_loss is not None and not math.isnan(row.val_loss)]
    losses = [row.val_loss for row in rows if row.val_loss is not None]
    if len(losses) <= _WORSE_FOR:
        return None
    best = int(np.argmin(losses))
    if len(losses) - 1 - best < _WORSE_FOR or losses[-1] < _WORSE_BY * losses[best] or rows[-1].loss >= rows[best].loss:
        return None
    return (
        f"warning: since epoch {rows[best].epoch} validation gets worse (loss {losses[best]:.4f} -> {losses[-1]:.4f}) "
        "while training gets better: the model learns the training images by heart. More images, --rotate, --scale, "
        "--brightness, --contrast, --weights imagenet or a lower --patience help"
    )
