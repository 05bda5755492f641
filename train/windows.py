"""Label a whole image of any size with overlapping windows, in memory that does not grow with its height."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from prep.geometry import reflected
from prep.imageio import ImageRGB, IndexMask

Probabilities = Callable[[Tensor], Tensor]
"""(B, S, S, 3) uint8 windows -> (B, C, S, S) float32 class probabilities."""

_BATCH_PIXELS = {"cpu": 1 << 18, "cuda": 1 << 22}
"""Pixels of the windows that the network sees at once. A CPU gains nothing from more, and needs memory for them."""


@dataclass(frozen=True)
class Axis:
    """Windows along one axis: the first begins at `start` (negative: beyond the border), `count` of them."""

    start: int
    count: int
    stride: int
    window: int

    @property
    def length(self) -> int:
        """Pixels that all windows cover together."""
        return self.window + (self.count - 1) * self.stride


def place_windows(length: int, window: int, overlap: float) -> Axis:
    """Place windows so that every pixel lies at least half the overlap away from the border of one of them.

    For that, they reach beyond both borders of the image, equally far.
    """
    stride = max(1, window - round(window * overlap))
    margin = (window - stride) // 2
    count = 1 + max(0, -(-(length + 2 * margin - window) // stride))
    covered = window + (count - 1) * stride
    return Axis(-((covered - length) // 2), count, stride, window)


def label_image(
    image: ImageRGB,
    probabilities: Probabilities,
    classes: int,
    window: int,
    overlap: float = 0.5,
    device: torch.device | str = "cpu",
) -> IndexMask:
    """Label each pixel of (H, W, 3) with the class whose probability, averaged over all windows, is highest.

    Beyond its borders the image is mirrored. On a tie the lower class index wins. Only one row of windows is
    held at a time: C * window * (W + 2 window) floats.
    """
    height, width = image.shape[:2]
    down, across = place_windows(height, window, overlap), place_windows(width, window, overlap)
    labels = np.empty((height, width), np.uint8)
    strip = torch.zeros((classes, window, across.length), device=device)
    for row in range(down.count):
        top = down.start + row * down.stride
        _add_row(strip, _band(image, top, across).to(device), probabilities, across)
        # The next row of windows adds nothing to the rows above its top: those are decided.
        finished = window if row == down.count - 1 else down.stride
        first, last = max(top, 0), min(top + finished, height)
        if first < last:
            inside = strip[:, first - top : last - top, -across.start : width - across.start]
            labels[first:last] = best_class(inside).cpu().numpy()
        for scores in strip:  # one class at a time: the copy that this needs stays small
            scores[: window - down.stride] = scores[down.stride :].clone()
            scores[window - down.stride :] = 0
    return labels


def best_class(probabilities: Tensor) -> Tensor:
    """(C, H, W) -> (H, W) uint8 index of the highest; a running maximum, five times faster than argmax on a CPU."""
    best = probabilities[0]
    labels = torch.zeros(best.shape, dtype=torch.uint8, device=best.device)
    for index in range(1, len(probabilities)):
        higher = probabilities[index] > best
        best = torch.maximum(best, probabilities[index])
        labels.masked_fill_(higher, index)
    return labels


def _band(image: ImageRGB, top: int, across: Axis) -> Tensor:
    """(window, across.length, 3): the rows of one row of windows, mirrored beyond the borders."""
    height, width = image.shape[:2]
    rows = image[reflected(top, across.window, height)]
    right = across.start + across.length - width
    return torch.from_numpy(cv2.copyMakeBorder(rows, 0, 0, -across.start, right, cv2.BORDER_REFLECT_101))


def _add_row(strip: Tensor, band: Tensor, probabilities: Probabilities, across: Axis) -> None:
    windows = band.unfold(1, across.window, across.stride).permute(1, 0, 3, 2)  # (count, S, S, 3), a view
    pixels = _BATCH_PIXELS.get(strip.device.type, 1 << 20) // max(1, len(strip) // 8)  # scores take memory too
    size = max(1, pixels // across.window**2)
    for first in range(0, across.count, size):
        batch = windows[first : first + size].contiguous()
        for number, window in enumerate(probabilities(batch), start=first):
            left = number * across.stride
            strip[:, :, left : left + across.window] += window
