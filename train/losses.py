"""Loss of a batch."""

import torch
import torch.nn.functional as F
from torch import Tensor

from prep.classes import IGNORE_INDEX


def cross_entropy(logits: Tensor, masks: Tensor, weights: Tensor | None = None) -> Tensor:
    """Weighted mean over the pixels that are not ignored; 0 if all are.

    logits: (B, C, H, W).  masks: (B, H, W) uint8 class indices, 255 = ignored.  weights: (C,) or None.
    """
    target = masks.long()
    total = F.cross_entropy(logits.float(), target, weights, ignore_index=IGNORE_INDEX, reduction="sum")
    counted = target != IGNORE_INDEX
    if weights is None:
        return total / counted.sum().clamp(min=1)
    scale: Tensor = weights[target.masked_fill(~counted, 0)].masked_fill(~counted, 0).sum()
    return total / scale.clamp(min=torch.finfo(torch.float32).tiny)
