"""Learning rate as a function of how much of the training is done, 0..1: by steps, or by the time budget."""

import math

from train.config.config import Schedule

_ONE_CYCLE_WARM_UP = 0.2
_START, _END = 1 / 25, 1 / 1000
_DROP_AT = 0.7
_POLY_POWER = 0.9


def lr_factor(done: float, schedule: Schedule, warm_up: float | None = None) -> float:
    """Share of the highest learning rate at this point of the training.

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
