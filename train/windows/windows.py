"""Class probabilities of an image of any size by overlapping windows; memory does not grow with its height."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from prep.images.geometry import reflected
from train.windows.blending import D4, blending_weights
from train.windows.image_rows import ImageRows
from train.windows.kept_sums import KeptSums, kept_sums
from train.windows.window_settings import WindowSettings

Probabilities = Callable[[Tensor], Tensor]
"""(B, S, S, 3) uint8 windows -> (B, C, S, S) float32 class probabilities."""

Part = tuple[int, int, Tensor]
"""(first row, first column, float32 (C, n, w) class probabilities on the device of the model)."""

_BATCH_PIXELS = {"cpu": 1 << 18, "cuda": 1 << 22}
"""Pixels of the windows that the network sees at once. A CPU gains nothing from more, and needs memory for them."""

_PART_COLUMNS = 1024
"""Columns of probabilities that are at hand at once, or one window."""

_READ_PIXELS, _READ_ROWS = 1 << 22, 16
"""Pixels that are read at once, or so many rows; a multiple of these."""


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


def probability_parts(
    source: ImageRows, model: Probabilities, classes: int, settings: WindowSettings, device: torch.device
) -> Iterator[Part]:
    """Average the class probabilities of all windows in each pixel.

    Yields parts from the top down and from left to right, without gaps; a part is overwritten when the next one is
    asked for. An image smaller than the window is mirrored beyond its borders.
    Held are the pixels of one row of windows, and of probabilities those that a few windows cover. What the next row
    of windows adds to, window - stride rows of all columns, is kept as of kept_sums.
    """
    window, overlap, blend = settings.window, settings.overlap, settings.blend
    down, across = place_windows(source.height, window, overlap), place_windows(source.width, window, overlap)
    weights = [
        torch.from_numpy(blending_weights(axis.starts, window, blend)).float().to(device) for axis in (down, across)
    ]
    averaged = model if settings.tta is None else D4(model)
    following = (*down.starts[1:], down.stop)
    rows = max(window - (end - top) for top, end in zip(down.starts, following, strict=True))
    kept = kept_sums(classes, rows, across.stop - across.start, device)
    row = _WindowRow(averaged, across, weights[1], classes, device, kept)
    overlapped = 0
    try:
        for top, finished, weight, band in zip(
            down.starts, following, weights[0], _bands(source, down, across), strict=True
        ):
            # The next row of windows adds nothing to the rows above its top: those are decided.
            first, last = max(top, 0), min(finished, source.height)
            for left, sums in row.summed(band.to(device), weight, overlapped, finished - top):
                begin, end = max(left, -across.start), min(left + sums.shape[2], source.width - across.start)
                yield first, begin + across.start, sums[:, first - top : last - top, begin - left : end - left]
            overlapped = window - (finished - top)
    finally:
        kept.close()


def whole_rows(parts: Iterator[Part], width: int) -> Iterator[tuple[int, Tensor]]:
    """Parts of rows of this width, joined: (first row, (C, n, W)); each is overwritten when the next is asked for."""
    strip = torch.empty(0)
    for top, left, part in parts:
        if part.shape[2] == width:
            yield top, part
            continue
        if left == 0:
            strip = torch.empty((*part.shape[:2], width), device=part.device)
        strip[:, :, left : left + part.shape[2]] = part
        if left + part.shape[2] == width:
            yield top, strip


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
    """The rows of each row of windows, (window, covered width, 3) uint8, mirrored beyond the borders.

    A band is overwritten when the next one is asked for.
    """
    held = np.empty((min(down.window, source.height), source.width, 3), np.uint8)
    at_once = max(_READ_ROWS, _READ_PIXELS // source.width // _READ_ROWS * _READ_ROWS)
    top = bottom = 0  # rows top to bottom - 1 are held
    right = across.stop - source.width
    for start in down.starts:
        first, last = max(start, 0), min(start + down.window, source.height)
        _move_up(held[: bottom - top], first - top)
        for row in range(bottom, last, at_once):
            end = min(last, row + at_once)
            held[row - first : end - first] = source.rows(row, end)
        top, bottom = first, last
        band = held[reflected(start, down.window, source.height)] if len(held) < down.window else held
        if source.width < across.window:
            bordered = cv2.copyMakeBorder(band, 0, 0, -across.start, right, cv2.BORDER_REFLECT_101)
            band = np.asarray(bordered, np.uint8)
        yield torch.from_numpy(band)


def _move_up(rows: NDArray[np.uint8], number: int) -> None:
    """Move rows so many rows up, in place; the first ones are overwritten."""
    for row in range(0, len(rows) - number, max(1, number)):  # pieces that do not overlap need no copy
        piece = rows[row + number : row + 2 * number]
        rows[row : row + len(piece)] = piece


class _WindowRow:
    """Adds up rows of windows, one after the other, a few windows at a time.

    kept: what the row before has left, and this one leaves.
    """

    def __init__(
        self,
        probabilities: Probabilities,
        across: Axis,
        weights: Tensor,
        classes: int,
        device: torch.device,
        kept: KeptSums,
    ) -> None:
        self._probabilities, self._weights, self._kept = probabilities, weights, kept
        self._size, self._lefts = across.window, [start - across.start for start in across.starts]
        self._at_once = windows_at_once(self._size, classes, device)
        stride = self._lefts[1] if len(self._lefts) > 1 else self._size
        # Whole batches, so that the network sees the same ones for pictures of any width.
        self._group = self._at_once * max(1, _PART_COLUMNS // (stride * self._at_once))
        widest = max(self._end(first) - self._lefts[first] for first in range(0, len(self._lefts), self._group))
        self._sums = torch.zeros((classes, self._size, widest), device=device)

    def summed(self, band: Tensor, weight: Tensor, overlapped: int, finished: int) -> Iterator[tuple[int, Tensor]]:
        """(first column, sums (C, window, w)) from left to right: complete in the upper `finished` rows.

        band: (window, covered width, 3).  weight: of the rows.  overlapped: upper rows that were kept.
        """
        covered = 0  # columns to which this row of windows has added
        for first in range(0, len(self._lefts), self._group):
            left, end = self._lefts[first], self._end(first)
            sums = self._sums[:, :, : end - left]
            fresh = sums[:, :, max(0, covered - left) :]
            if overlapped:
                fresh[:, :overlapped] = self._kept.take(max(covered, left), end)[:, :overlapped]
            fresh[:, overlapped:] = 0
            covered = end
            self._add(sums, band, weight, first)
            following = first + self._group
            done = (self._lefts[following] if following < len(self._lefts) else end) - left
            yield left, sums[:, :, :done]
            if finished < self._size:
                self._kept.put(left, sums[:, finished:, :done])
            self._sums[:, :, : end - left - done] = sums[:, :, done:].clone()

    def _add(self, sums: Tensor, band: Tensor, weight: Tensor, group: int) -> None:
        """Add the windows of a group to its sums."""
        size, begin = self._size, self._lefts[group]
        for first in range(group, min(group + self._group, len(self._lefts)), self._at_once):
            batch = self._lefts[first : min(first + self._at_once, group + self._group)]
            found = self._probabilities(torch.stack([band[:, left : left + size] for left in batch]))
            found = found.contiguous()  # networks answer channels last; adding those to the sums takes twice as long
            for scores, left, across in zip(found, batch, self._weights[first:], strict=False):
                sums[:, :, left - begin : left - begin + size].addcmul_(scores, torch.outer(weight, across))

    def _end(self, first: int) -> int:
        """One past the last column that the windows of a group cover."""
        return self._lefts[min(first + self._group, len(self._lefts)) - 1] + self._size
