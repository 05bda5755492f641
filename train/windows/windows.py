"""Class probabilities of an image of any size by overlapping windows; memory does not grow with its height."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from prep.images.geometry import reflected
from train.windows.blending import D4, blending_weights
from train.windows.image_rows import ImageRows
from train.windows.window_settings import WindowSettings

Probabilities = Callable[[Tensor], Tensor]
"""(B, S, S, 3) uint8 windows -> (B, C, S, S) float32 class probabilities."""

_BATCH_PIXELS = {"cpu": 1 << 18, "cuda": 1 << 22}
"""Pixels of the windows that the network sees at once. A CPU gains nothing from more, and needs memory for them."""


@dataclass(frozen=True)
class Axis:
    """Windows of `window` pixels along one axis, at ascending `starts` (negative: beyond the border)."""

    starts: tuple[int, ...]
    window: int

    @property
    def start(self) -> int:
        """First pixel that a window covers."""
        return self.starts[0]

    @property
    def stop(self) -> int:
        """One past the last pixel that a window covers."""
        return self.starts[-1] + self.window


def place_windows(length: int, window: int, overlap: float) -> Axis:
    """Place windows evenly from the first pixel on, the last one flush with the border.

    Every pixel lies at least half the overlap away from the border of some window, or as close to the border of the
    image as to that of the window. An image smaller than the window gets one in its middle, and is mirrored around it.
    Windows that reach beyond the borders of larger images, too, label them no better (tests/bench/NOTES.md), but are
    more: of 200 x 400 pixels 15 of 192 instead of 8.
    """
    if length <= window:
        return Axis((-((window - length) // 2),), window)
    stride = max(1, window - round(window * overlap))
    return Axis((*range(0, length - window, stride), length - window), window)


def count_windows(height: int, width: int, settings: WindowSettings) -> int:
    """How many windows an image of this size has."""
    down, across = (len(place_windows(side, settings.window, settings.overlap).starts) for side in (height, width))
    return down * across


def windows_at_once(window: int, classes: int, device: torch.device) -> int:
    """How many windows of this side the network sees together."""
    pixels = _BATCH_PIXELS.get(device.type, 1 << 20) // max(1, classes // 8)  # scores take memory too
    return max(1, pixels // window**2)


def probability_strips(
    source: ImageRows, model: Probabilities, classes: int, settings: WindowSettings, device: torch.device
) -> Iterator[tuple[int, Tensor]]:
    """Average the class probabilities of all windows in each pixel.

    Yields (first row, float32 (C, n, W) on `device`) from the top down, without gaps; a strip is overwritten when the
    next one is asked for. An image smaller than the window is mirrored beyond its borders. Only one row of windows is
    held at a time: C * window * (W + window) floats.
    """
    window, overlap, blend = settings.window, settings.overlap, settings.blend
    down, across = place_windows(source.height, window, overlap), place_windows(source.width, window, overlap)
    weights = [
        torch.from_numpy(blending_weights(axis.starts, window, blend)).float().to(device) for axis in (down, across)
    ]
    averaged = model if settings.tta is None else D4(model)
    strip = torch.zeros((classes, window, across.stop - across.start), device=device)
    following = (*down.starts[1:], down.stop)
    for top, finished, weight, band in zip(
        down.starts, following, weights[0], _bands(source, down, across), strict=True
    ):
        _add_row(strip, band.to(device), averaged, across, weight, weights[1])
        # The next row of windows adds nothing to the rows above its top: those are decided.
        first, last = max(top, 0), min(finished, source.height)
        if first < last:
            yield first, strip[:, first - top : last - top, -across.start : source.width - across.start]
        done = finished - top
        for scores in strip:  # one class at a time: the copy that this needs stays small
            scores[: window - done] = scores[done:].clone()
            scores[window - done :] = 0


def best_class(probabilities: Tensor) -> Tensor:
    """(C, H, W) -> (H, W) uint8 index of the highest; a running maximum, five times faster than argmax on a CPU."""
    best = probabilities[0]
    labels = torch.zeros(best.shape, dtype=torch.uint8, device=best.device)
    for index in range(1, len(probabilities)):
        higher = probabilities[index] > best
        best = torch.maximum(best, probabilities[index])
        labels.masked_fill_(higher, index)
    return labels


def _bands(source: ImageRows, down: Axis, across: Axis) -> Iterator[Tensor]:
    """The rows of each row of windows, (window, covered width, 3) uint8, mirrored beyond the borders."""
    held, top = np.empty((0, source.width, 3), np.uint8), 0  # rows from `top` on, which later windows need, too
    for start in down.starts:
        wanted = reflected(start, down.window, source.height)
        bottom, needed = top + len(held), int(wanted.max()) + 1
        held, top = held[max(start, 0) - top :], max(start, 0)
        if needed > bottom:
            held = np.concatenate([held, source.rows(bottom, needed)])
        rows = held[wanted - top]
        right = across.stop - source.width
        yield torch.from_numpy(cv2.copyMakeBorder(rows, 0, 0, -across.start, right, cv2.BORDER_REFLECT_101))


def _add_row(
    strip: Tensor, band: Tensor, probabilities: Probabilities, across: Axis, down_weight: Tensor, across_weights: Tensor
) -> None:
    """Add one row of windows to the strip, (C, window, covered width)."""
    size = across.window
    lefts = [start - across.start for start in across.starts]
    number = windows_at_once(size, len(strip), strip.device)
    for first in range(0, len(lefts), number):
        batch = lefts[first : first + number]
        found = probabilities(torch.stack([band[:, left : left + size] for left in batch]))
        found = found.contiguous()  # networks answer channels last; adding those to the strip takes twice as long
        for scores, left, weight in zip(found, batch, across_weights[first:], strict=False):
            strip[:, :, left : left + size].addcmul_(scores, torch.outer(down_weight, weight))
