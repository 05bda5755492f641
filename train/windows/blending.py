"""Averages of class probabilities: over the windows that overlap in a pixel, and over the symmetries of a window."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from train.windows.window_settings import Blend


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


@dataclass(frozen=True)
class D4:
    """Mean probabilities over the eight symmetries of a square: four quarter turns, each also mirrored.

    Windows are turned, never the whole image: memory stays that of one batch. Takes eight times as long.
    probabilities: (B, S, S, 3) uint8 windows -> (B, C, S, S) float32.
    """

    probabilities: Callable[[Tensor], Tensor]

    def __call__(self, windows: Tensor) -> Tensor:
        """(B, S, S, 3) uint8 -> (B, C, S, S) float32."""
        total = self._of_view(windows, 0, mirrored=False).clone()
        for turns, mirrored in ((1, False), (2, False), (3, False), (0, True), (1, True), (2, True), (3, True)):
            total += self._of_view(windows, turns, mirrored=mirrored)
        return total.div_(8)

    def _of_view(self, windows: Tensor, turns: int, *, mirrored: bool) -> Tensor:
        """Probabilities of the windows mirrored, then turned; turned and mirrored back."""
        view = windows.flip(2) if mirrored else windows  # (B, S, S, 3): rows, columns
        found = self.probabilities(torch.rot90(view, turns, (1, 2)).contiguous())
        found = torch.rot90(found, -turns, (2, 3))  # (B, C, S, S)
        return found.flip(3) if mirrored else found
