"""Learning rate as a function of how much of the training is done, 0..1: by steps, or by the time budget."""

import math

from train.config import Optimizer

_WARM_UP = 0.2
_START, _END = 1 / 25, 1 / 1000
_DROP_AT = 0.7


def lr_factor(done: float, optimizer: Optimizer) -> float:
    """Share of the highest learning rate at this point of the training.

    adamw: one cycle, half a cosine up and half a cosine down (Smith and Topin 2017, https://arxiv.org/abs/1708.07120).
    sgd: constant, then a tenth.
    """
    if optimizer == "sgd":
        return 1.0 if done < _DROP_AT else 0.1
    if done < _WARM_UP:
        return _half_cosine(_START, 1.0, done / _WARM_UP)
    return _half_cosine(1.0, _END, min((done - _WARM_UP) / (1 - _WARM_UP), 1.0))


def _half_cosine(begin: float, end: float, share: float) -> float:
    return end + (begin - end) * (1 + math.cos(math.pi * share)) / 2
