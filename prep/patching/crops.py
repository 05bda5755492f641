"""Choose where the patches of a sample are cut: near rare classes, or anywhere that is labelled."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX
from prep.core.randomness import Stream
from prep.images.imageio import IndexMask

_STRIP = 1 << 22
"""Pixels looked at together, so that the memory does not grow with the mask."""

_TRIES = 8
"""Places that hold ignored pixels only are drawn again so often before a labelled pixel is aimed at."""


@dataclass(frozen=True, slots=True)
class Crop:
    """One patch of one sample: its top left pixel (negative beyond the border) and the class it was aimed at."""

    top: int
    left: int
    target: int | None


def choose_crops(
    mask: IndexMask, size: int, count: int, foreground: float, classes: Sequence[int], stream: Stream
) -> list[Crop]:
    """Choose patches of a mask (H, W): the first round(count * foreground) near a pixel of `classes`.

    Those go round the classes that the mask holds, the rarest first. The rest lies anywhere, but each holds a labelled
    pixel if the mask has any. All lie inside the image, or cover all of it where it is smaller than the patch.
    """
    counts = _value_counts(mask)
    present = sorted((index for index in classes if counts[index]), key=lambda index: (counts[index], index))
    aimed = round(count * foreground) if present else 0
    places = {index: _Pixels(mask, index, np.equal) for index in present[:aimed]}
    partly = 0 < counts[IGNORE_INDEX] < mask.size
    labelled = _Pixels(mask, IGNORE_INDEX, np.not_equal) if partly else None
    crops = []
    for number in range(count):
        if number < aimed:
            target = present[number % len(present)]
            crops.append(Crop(*_around(places[target], size, stream), target))
        else:
            crops.append(Crop(*_anywhere(mask, labelled, size, stream), None))
    return crops


def _anywhere(mask: IndexMask, labelled: "_Pixels | None", size: int, stream: Stream) -> tuple[int, int]:
    height, width = mask.shape
    for _ in range(_TRIES):
        top, left = _start(stream, height, size), _start(stream, width, size)
        window = mask[max(0, top) : top + size, max(0, left) : left + size]
        if labelled is None or (window != IGNORE_INDEX).any():
            return top, left
    assert labelled is not None
    return _around(labelled, size, stream)


def _around(pixels: "_Pixels", size: int, stream: Stream) -> tuple[int, int]:
    row, column = pixels.at(stream.integer(0, pixels.count - 1))
    return _near(stream, row, pixels.height, size), _near(stream, column, pixels.width, size)


def _start(stream: Stream, length: int, size: int) -> int:
    room = length - size
    return stream.integer(min(0, room), max(0, room))


def _near(stream: Stream, pixel: int, length: int, size: int) -> int:
    room = length - size
    start = pixel - size // 2 + stream.integer(-(size // 4), size // 4)
    return min(max(start, min(0, room)), max(0, room))


class _Pixels:
    """The pixels of a mask that have a value, or another one, by their number from top to bottom, without a list."""

    def __init__(self, mask: IndexMask, value: int, compare: np.ufunc) -> None:
        self.height, self.width = mask.shape
        self._mask, self._value, self._compare = mask, value, compare
        step = max(1, _STRIP // self.width)
        strips = (mask[top : top + step] for top in range(0, self.height, step))
        self._until = np.cumsum(np.concatenate([np.count_nonzero(compare(strip, value), axis=1) for strip in strips]))

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self._until[-1])

    def at(self, number: int) -> tuple[int, int]:
        """Row and column of pixel `number`, counted from 0."""
        row = int(np.searchsorted(self._until, number, side="right"))
        before = int(self._until[row - 1]) if row else 0
        return row, int(np.flatnonzero(self._compare(self._mask[row], self._value))[number - before])


def _value_counts(mask: IndexMask) -> NDArray[np.int64]:
    """(256,) how often each value occurs."""
    values = mask.ravel()
    counts = np.zeros(256, np.int64)
    for start in range(0, values.size, _STRIP):
        counts += np.bincount(values[start : start + _STRIP], minlength=256)
    return counts
