"""Loss of a batch, from logits (B, C, H, W) and masks (B, H, W) uint8 with 255 = ignored.

All compute in float32 whatever the network's precision is, depend on no ignored pixel, and are 0 with zero gradients
where all pixels are ignored.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from prep.core.classes import IGNORE_INDEX
from train.config.loss_spec import parse_loss

_PIXEL_MEANS = {"ce", "focal"}
"""Losses that are means over pixels, by the weights of their classes."""


@dataclass(frozen=True)
class Loss:
    """A sum of losses: (B, C, H, W) logits and (B, H, W) uint8 masks -> a scalar."""

    terms: tuple[tuple[float, Callable[[Tensor, Tensor, Tensor | None], Tensor]], ...]
    weights: Tensor | None
    weighs_pixels: bool

    def __call__(self, logits: Tensor, masks: Tensor) -> Tensor:
        """Compute the sum."""
        values = [factor * function(logits, masks, self.weights) for factor, function in self.terms]
        return values[0] if len(values) == 1 else torch.stack(values).sum()

    def amount(self, masks: Tensor) -> Tensor:
        """What the loss of (B, H, W) masks counts beside that of others, to make the mean over all their pixels.

        A scalar: the number of pixels that are not ignored, each by the weight of its class where pixels are weighted.
        """
        target = masks.long()
        counted = target != IGNORE_INDEX
        if self.weights is None or not self.weighs_pixels:
            return counted.sum().float()
        return _pixel_weights(target, counted, self.weights).sum()


def build_loss(spec: str, weights: Tensor | None = None) -> Loss:
    """The loss that a spec such as `0.7*ce+0.3*dice` names; weights: (C,) of the classes, or None.

    Cross-entropy and focal are weighted means over pixels, by the weight of each pixel's class; bce over pixels and
    classes; dice, tversky and lovasz over the classes in the batch. So the size of the weights does not matter.
    Raises SegError for a spec that cannot be read.
    """
    terms = parse_loss(spec)
    functions = tuple((term.factor, partial(_FUNCTIONS[term.name], **term.parameters)) for term in terms)
    return Loss(functions, weights, any(term.name in _PIXEL_MEANS for term in terms))


def cross_entropy(logits: Tensor, masks: Tensor, weights: Tensor | None = None, smoothing: float = 0.0) -> Tensor:
    """Weighted mean over the pixels that are not ignored; 0 if all are.

    logits: (B, C, H, W).  masks: (B, H, W) uint8 class indices, 255 = ignored.  weights: (C,) or None.
    smoothing: share of the target spread over all classes (Szegedy 2016, https://arxiv.org/abs/1512.00567).
    """
    logits, target = _precise(logits), masks.long()
    total = F.cross_entropy(
        logits, target, _like(weights, logits), ignore_index=IGNORE_INDEX, reduction="sum", label_smoothing=smoothing
    )
    counted = target != IGNORE_INDEX
    if weights is None:
        return total / counted.sum().clamp(min=1)
    return total / _at_least_tiny(_pixel_weights(target, counted, weights).sum())


def binary_cross_entropy(logits: Tensor, masks: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean over pixels and classes of the cross-entropy of each class's sigmoid against the rest.

    With weights, the mean over classes is weighted.
    """
    logits, truth, counted = _prepare(logits, masks)
    losses = F.binary_cross_entropy_with_logits(logits, truth.to(logits.dtype), reduction="none")
    sums = losses.masked_fill(~counted, 0).sum((0, 2, 3))
    per_class = sums / counted.sum().clamp(min=1)
    return _class_mean(per_class, torch.ones_like(per_class, dtype=torch.bool), weights)


def focal(logits: Tensor, masks: Tensor, weights: Tensor | None = None, gamma: float = 2.0) -> Tensor:
    """Cross-entropy times (1 - p) ** gamma, p the probability of the true class; the same mean as cross_entropy.

    Lin 2017, https://arxiv.org/abs/1708.02002, for several exclusive classes; gamma 0 is cross_entropy.
    """
    logits, _, counted = _prepare(logits, masks)
    counted = counted[:, 0]
    target = masks.long().masked_fill(~counted, 0)
    log_p = logits.log_softmax(1).gather(1, target[:, None])[:, 0]
    # The power has no finite slope at 0 for gamma below 1.
    unsure = (-log_p.expm1()).clamp(min=torch.finfo(log_p.dtype).tiny)
    losses = (-log_p * unsure**gamma).masked_fill(~counted, 0)
    if weights is None:
        return losses.sum() / counted.sum().clamp(min=1)
    scale = _pixel_weights(target, counted, weights).to(losses.dtype)
    return (losses * scale).sum() / _at_least_tiny(scale.sum())


def tversky(
    logits: Tensor,
    masks: Tensor,
    weights: Tensor | None = None,
    alpha: float = 0.3,
    beta: float = 0.7,
    smooth: float = 0.0,
) -> Tensor:
    """1 - Tversky index of softmax probabilities: alpha weighs false pixels, beta missed ones.

    All pixels of the batch count as one image; the mean is over the classes that it has, weighted if there are weights.
    Salehi 2017, https://arxiv.org/abs/1706.05721.
    """
    logits, truth, counted = _prepare(logits, masks)
    p = logits.softmax(1).masked_fill(~counted, 0)
    hits = p.masked_fill(~truth, 0).sum((0, 2, 3))
    size = truth.sum((0, 2, 3))
    index = (hits + smooth) / (hits + alpha * (p.sum((0, 2, 3)) - hits) + beta * (size - hits) + smooth).clamp(
        min=torch.finfo(p.dtype).tiny
    )
    return _class_mean(1 - index, size > 0, weights)


def dice(logits: Tensor, masks: Tensor, weights: Tensor | None = None, smooth: float = 0.0) -> Tensor:
    """1 - soft Dice, (2 * common + smooth) / (predicted + true + smooth); pixels and classes as in tversky.

    Milletari 2016, https://arxiv.org/abs/1606.04797, with sums instead of sums of squares.
    """
    return tversky(logits, masks, weights, 0.5, 0.5, smooth / 2)


def lovasz(logits: Tensor, masks: Tensor, weights: Tensor | None = None) -> Tensor:
    """Lovasz-softmax: the convex extension of 1 - IoU, of softmax probabilities; pixels and classes as in tversky.

    Berman 2018, https://arxiv.org/abs/1705.08790, algorithm 1.
    """
    logits, truth, counted = _prepare(logits, masks)
    p = logits.softmax(1)
    errors = torch.where(truth, 1 - p, p).masked_fill(~counted, -1)  # ignored pixels come last
    ordered, order = errors.transpose(0, 1).flatten(1).sort(dim=1, descending=True)
    true = truth.transpose(0, 1).flatten(1).gather(1, order).to(p.dtype)
    size = true.sum(1, keepdim=True)
    union = size + (1 - true).cumsum(1)
    losses = 1 - (size - true.cumsum(1)) / union  # 1 - IoU if all up to here were wrong; stays 1 over ignored pixels
    slope = losses.diff(dim=1, prepend=torch.zeros_like(size))
    return _class_mean((ordered * slope).sum(1), size[:, 0] > 0, weights)


_FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "ce": cross_entropy,
    "bce": binary_cross_entropy,
    "dice": dice,
    "focal": focal,
    "tversky": tversky,
    "lovasz": lovasz,
}


def _prepare(logits: Tensor, masks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Precise logits; (B, C, H, W) whether a pixel is of a class; (B, 1, H, W) whether it counts."""
    counted = (masks != IGNORE_INDEX)[:, None]
    classes = torch.arange(logits.shape[1], device=masks.device, dtype=masks.dtype)[:, None, None]
    return _precise(logits), masks[:, None] == classes, counted


def _precise(logits: Tensor) -> Tensor:
    return logits if logits.dtype == torch.float64 else logits.float()


def _like(weights: Tensor | None, logits: Tensor) -> Tensor | None:
    return None if weights is None else weights.to(logits.dtype)


def _pixel_weights(target: Tensor, counted: Tensor, weights: Tensor) -> Tensor:
    """Weight of each pixel's class; 0 where ignored."""
    return weights[target.masked_fill(~counted, 0)].masked_fill(~counted, 0)


def _class_mean(losses: Tensor, present: Tensor, weights: Tensor | None) -> Tensor:
    """Mean of the losses of classes (C,) over those that are present, weighted if there are weights; 0 without any."""
    scale = present.to(losses.dtype) if weights is None else weights.to(losses.dtype).masked_fill(~present, 0)
    return (losses.masked_fill(~present, 0) * scale).sum() / _at_least_tiny(scale.sum())


def _at_least_tiny(scale: Tensor) -> Tensor:
    """No division by 0: over nothing, a mean is 0."""
    return scale.clamp(min=torch.finfo(torch.float32).tiny)
