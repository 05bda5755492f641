"""How much each of several overlapping windows counts in a pixel: weights that sum to one everywhere."""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Blend = Literal["average", "gaussian", "spline"]
BLENDS: tuple[Blend, ...] = get_args(Blend)


def blending_weights(starts: Sequence[int], window: int, blend: Blend) -> NDArray[np.float64]:
    """Weights along one axis: (windows, window), in a pixel that windows cover their weights sum to one.

    starts: first pixel of each window, ascending.
    The weight of a pixel in an image is the product of its weights along both axes, so those sum to one, too.
    """
    profile = window_profile(window, blend)
    total = np.zeros(starts[-1] + window - starts[0])
    for start in starts:
        total[start - starts[0] :][:window] += profile
    return np.stack([profile / total[start - starts[0] :][:window] for start in starts])


def window_profile(window: int, blend: Blend) -> NDArray[np.float64]:
    """(window,) weights above zero, symmetric, highest in the middle, before they are made to sum to one.

    gaussian: deviation of an eighth of the window, as in nnU-Net, https://arxiv.org/abs/1809.10486
    spline: the second-order spline of https://github.com/Vooban/Smoothly-Blend-Image-Patches: two parabolas that
    meet half-way up; at an overlap of half, neighbours sum to one by themselves.
    """
    position = (np.arange(window) + 0.5) / window  # middle of each pixel, in 0..1
    if blend == "average":
        return np.ones(window)
    if blend == "gaussian":
        return np.exp(-0.5 * ((position - 0.5) / 0.125) ** 2)
    rise = 1 - np.abs(2 * position - 1)  # 0 at the window's border, 1 in its middle
    return np.where(rise < 0.5, 2 * rise**2, 1 - 2 * (1 - rise) ** 2)
