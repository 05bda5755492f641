"""Images and class probabilities at another size, a few rows at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from prep.images.resample import resize_image
from train.windows.image_rows import ArrayRows, ImageRows

_WHOLE_PIXELS = 64_000_000
"""An image in memory is resized as a whole if it has at most so many pixels then."""

_READ_PIXELS = 1 << 20
"""Pixels of a larger image that are read at once."""

_READ_ROWS = 16
"""Rows that are made of them at once, at most."""

_FLOATS = 1 << 20
"""Probabilities that are brought to full size at once."""

_HELD_ROWS = 64
"""Rows of probabilities that are held for that, besides the few that the next ones need, too."""

Kernel = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Weights of pixels by their distance."""


def linear(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """A line between two pixels."""
    return np.clip(1 - distance, 0, None)


def cubic(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The curve through four pixels that OpenCV's INTER_CUBIC takes."""
    a = -0.75
    near = (a + 2) * distance**3 - (a + 3) * distance**2 + 1
    far = a * (distance**3 - 5 * distance**2 + 8 * distance - 4)
    return np.where(distance < 1, near, np.where(distance < 2, far, 0.0))


@dataclass(frozen=True)
class Resampled:
    """One axis of `length` pixels brought to `target` pixels: means of areas, or a curve where it grows."""

    length: int
    target: int
    kernel: Kernel

    def needed(self, first: int, last: int) -> tuple[int, int]:
        """Range of the old pixels that the new ones `first` to last - 1 depend on."""
        if self.target <= self.length:
            return first * self.length // self.target, -(-last * self.length // self.target)
        reach = 2 if self.kernel is cubic else 1
        low, high = np.floor(self._centre(np.array([first, last - 1]))).astype(int).tolist()
        return max(0, low - reach + 1), min(self.length, high + reach + 1)

    def weights(self, first: int, last: int) -> NDArray[np.float32]:
        """(last - first, old pixels that they need): each row sums to one. Beyond the border its pixel is repeated."""
        start, stop = self.needed(first, last)
        new = np.arange(first, last)[:, None]
        if self.target <= self.length:
            area, old = self.length / self.target, np.arange(start, stop)[None]
            shares = np.clip(np.minimum(old + 1, (new + 1) * area) - np.maximum(old, new * area), 0, None)
            return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)
        reach = np.arange(start - 2, stop + 2)
        found = self.kernel(np.abs(self._centre(new) - reach[None]))
        inside = np.zeros((last - first, stop - start))
        for column, old in enumerate(np.clip(reach, start, stop - 1) - start):
            inside[:, old] += found[:, column]
        return np.asarray(inside, np.float32)

    def _centre(self, new: NDArray[np.int_]) -> NDArray[np.float64]:
        """Where the middles of new pixels lie among the middles of the old ones."""
        return np.asarray((new + 0.5) * (self.length / self.target) - 0.5, np.float64)


def resized(source: ImageRows, height: int, width: int) -> ImageRows:
    """The same image at another size, as `seg-prep resize` makes it; of one that is not in memory, row by row."""
    if isinstance(source, ArrayRows) and height * width <= _WHOLE_PIXELS:
        return ArrayRows(resize_image(source.image, width, height))
    return ResizedRows(source, height, width)


class ResizedRows:
    """An image at another size, whose rows come on demand: holds what is read at once, and nothing grows with it.

    Exact means of areas, where resize_image goes by the nearest grid; grey values differ by a few at most.
    """

    def __init__(self, source: ImageRows, height: int, width: int) -> None:
        self.height, self.width, self._source = height, width, source
        self._down = Resampled(source.height, height, cubic)
        self._pixels, self._mixed = np.empty(0, np.float32), np.empty(0, np.float32)
        self._held, self._top = np.empty((0, source.width, 3), np.uint8), 0

    def rows(self, first: int, last: int) -> NDArray[np.uint8]:
        """Rows first to last - 1: (last - first, W, 3) uint8 in RGB order."""
        if first == 0:  # another pass
            self._held, self._top = self._held[:0], 0
        found = np.empty((last - first, self.width, 3), np.uint8)
        area = max(1.0, self._source.height / self.height)
        at_once = int(np.clip(_READ_PIXELS // (self._source.width * area), 1, _READ_ROWS))
        for top in range(first, last, at_once):
            bottom = min(last, top + at_once)
            found[top - first : bottom - first] = self._rows(top, bottom)
        return found

    def _rows(self, first: int, last: int) -> NDArray[np.float32]:
        start, stop = self._down.needed(first, last)
        read = self._read(start, stop)
        # The same memory each time: what is given back is given again page by page.
        self._pixels, pixels = _room(self._pixels, stop - start, 3 * self._source.width)
        self._mixed, mixed = _room(self._mixed, last - first, 3 * self._source.width)
        pixels[:] = read.reshape(len(read), -1)
        np.matmul(self._down.weights(first, last), pixels, out=mixed)
        rows = mixed.reshape(last - first, self._source.width, 3)
        if self.width != self._source.width:
            way = cv2.INTER_AREA if self.width < self._source.width else cv2.INTER_CUBIC
            rows = np.asarray(cv2.resize(rows, (self.width, last - first), interpolation=way))
        return np.rint(np.clip(rows, 0, 255))

    def _read(self, start: int, stop: int) -> NDArray[np.uint8]:
        """Rows of the source; those that the next rows need, too, are read once."""
        bottom = self._top + len(self._held)
        self._held, self._top = self._held[start - self._top :], start
        if stop > bottom:
            self._held = np.concatenate([self._held, self._source.rows(bottom, stop)])
        return self._held[: stop - start]


def _room(memory: NDArray[np.float32], rows: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The memory, larger where it must be, and an array (rows, width) in it."""
    if memory.size < rows * width:
        memory = np.empty(rows * width, np.float32)
    return memory, memory[: rows * width].reshape(rows, width)


def brought_back(
    strips: Iterator[tuple[int, Tensor]], size: tuple[int, int], height: int, width: int
) -> Iterator[tuple[int, Tensor]]:
    """Class probabilities of an image of `size` (height, width) at the size of its photo, a few rows at a time.

    Strips (first row, float32 (C, n, w)) -> (first row, float32 (C, m, width)) from the top down, without gaps: a line
    between the middles of two pixels, or means of areas where the photo is smaller.
    """
    down = Resampled(size[0], height, linear)
    held, top, done = torch.empty(0), 0, 0
    for first, strip in _pieces(strips):
        held = torch.cat([held, strip], dim=1) if held.numel() else strip
        at_once = max(1, _FLOATS // (len(strip) * width))
        is_last = first + strip.shape[1] == size[0]
        while done < height:
            last = min(height, done + at_once)
            start, stop = down.needed(done, last)
            if stop > first + strip.shape[1]:
                break
            weights = torch.from_numpy(down.weights(done, last)).to(strip.device)
            rows = torch.einsum("on,cnw->cow", weights, held[:, start - top : stop - top])
            yield done, _across(rows, width)
            done = last
        if not is_last:
            start, _ = down.needed(done, done + 1)
            held, top = held[:, start - top :].clone(), start


def _pieces(strips: Iterator[tuple[int, Tensor]]) -> Iterator[tuple[int, Tensor]]:
    """The same in fewer rows at a time: what is held of them is a copy."""
    for first, strip in strips:
        for row in range(0, strip.shape[1], _HELD_ROWS):
            yield first + row, strip[:, row : row + _HELD_ROWS]


def _across(rows: Tensor, width: int) -> Tensor:
    """(C, n, w) -> (C, n, width)."""
    if rows.shape[2] == width:
        return rows
    way = {"mode": "area"} if width < rows.shape[2] else {"mode": "bilinear", "align_corners": False}
    found: Tensor = torch.nn.functional.interpolate(rows[None], (rows.shape[1], width), **way)[0]
    return found
