"""How the weights change: optimizer, learning rate over the training, and the running mean of the weights."""

import copy
import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from prep.core.errors import SegError
from train.config.config import Config, Schedule
from train.networks.networks import encoder_of

LR_SHARE = "lr_share"
"""In a group of weights: its learning rate as a share of that of the others."""


_NEW_SHARES = ((250, 0.02), (100, 0.05), (0, 0.1))
"""From which step on, how much of a running mean each batch is."""

_ONE_CYCLE_WARM_UP = 0.2
_START, _END = 1 / 25, 1 / 1000
_DROP_AT = 0.7
_POLY_POWER = 0.9


def build_optimizer(network: nn.Module, config: Config) -> torch.optim.Optimizer:
    """AdamW, Adam, or SGD with Nesterov momentum; biases and normalisation do not decay.

    "No bias decay" of He et al. 2018 (Bag of Tricks, section 3.1,
    https://arxiv.org/abs/1812.01187).
    """
    groups = _groups(network.parameters(), config.decay)
    if config.encoder_lr != 1:
        encoder = encoder_of(network)
        if encoder is None:
            raise SegError(f"--encoder-lr {config.encoder_lr:g}: the plain U-Net has no encoder; add --encoder NAME")
        own = set(encoder.parameters())
        groups = [
            *_groups((weight for weight in network.parameters() if weight not in own), config.decay),
            *({**each, LR_SHARE: config.encoder_lr} for each in _groups(encoder.parameters(), config.decay)),
        ]
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, config.peak_lr, momentum=0.9, nesterov=True)
    if config.optimizer == "adam":
        return torch.optim.Adam(groups, config.peak_lr)
    return torch.optim.AdamW(groups, config.peak_lr)


def _groups(weights: Iterable[nn.Parameter], decay: float) -> list[dict[str, Any]]:
    """Those that decay, and those that do not."""
    all_of_them = list(weights)
    decayed = [weight for weight in all_of_them if weight.ndim > 1]
    others = [weight for weight in all_of_them if weight.ndim <= 1]
    return [{"params": decayed, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def set_lr(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Set the learning rate, of each group its share."""
    for group in optimizer.param_groups:
        group["lr"] = lr * group.get(LR_SHARE, 1.0)


def lr_factor(done: float, schedule: Schedule, warm_up: float | None = None) -> float:
    """Share of the highest learning rate where so much of the training is done, 0..1, by steps or by the time budget.

    one-cycle: half a cosine up and half a cosine down (Smith and Topin 2017, https://arxiv.org/abs/1708.07120).
    cosine: half a cosine down (Loshchilov and Hutter 2016, https://arxiv.org/abs/1608.03983, without restarts).
    poly: (1 - done)**0.9 (Chen et al. 2016, https://arxiv.org/abs/1606.00915).
    step: constant, then a tenth.  constant: 1.
    warm_up: share of the training in which the rate rises to its highest; then the rest takes its course.
    """
    rise = warm_up if warm_up is not None else _ONE_CYCLE_WARM_UP if schedule == "one-cycle" else 0.0
    if done < rise:
        return _half_cosine(_START, 1.0, done / rise)
    rest = min((done - rise) / (1 - rise), 1.0)
    if schedule in ("one-cycle", "cosine"):
        return _half_cosine(1.0, _END, rest)
    if schedule == "poly":
        return max(math.pow(1 - rest, _POLY_POWER), _END)
    if schedule == "step":
        return 1.0 if rest < _DROP_AT else 0.1
    return 1.0


def _half_cosine(begin: float, end: float, share: float) -> float:
    return end + (begin - end) * (1 + math.cos(math.pi * share)) / 2


def set_memory_of_statistics(network: nn.Module, step: int) -> None:
    """Of how many batches the running mean and variance are that label: 10 at first, as usual, 50 from step 250 on.

    Those of 10 batches of a few crops change so much from step to step that scores of one network do, too, by up to
    0.05 mean IoU, and the best of them is luck; measured in tests/bench/NOTES.md. See https://arxiv.org/abs/2105.07576.
    """
    share = next(share for least, share in _NEW_SHARES if step >= least)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and module.momentum is not None:
            module.momentum = min(module.momentum, share)


class MeanWeights:
    """Exponential moving average of weights and running statistics, https://arxiv.org/abs/1903.03575.

    decay: share of the old mean that stays at each step; early on less, so that random weights are soon forgotten.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take in the weights after step number `step`, counted from 1."""
        keep = min(self.decay, step / (step + 9))
        mean = dict(self.network.named_parameters())
        for name, weight in network.named_parameters():
            mean[name].lerp_(weight, 1 - keep)
        buffers = dict(self.network.named_buffers())
        for name, buffer in network.named_buffers():
            if buffer.is_floating_point():
                buffers[name].lerp_(buffer, 1 - keep)
            else:
                buffers[name].copy_(buffer)
