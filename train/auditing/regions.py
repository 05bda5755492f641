"""Connected regions of contradicted pixels, found strip by strip: memory grows with their number, not their size."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

NO_SWAP = np.uint16(0xFFFF)
"""Of pixels that are labelled as they are predicted."""


@dataclass(frozen=True)
class Disagreement:
    """A connected region that is labelled as one class and predicted as another.

    y, x, height, width: the box around those of its pixels that no shifted contour explains.  pixels: their number.
    label, model: class indices.  confidence: mean probability of the model's class there.  score: sum of the log-odds
    of the model's class against the label's.
    """

    y: int
    x: int
    height: int
    width: int
    pixels: int
    label: int
    model: int
    confidence: float
    score: float


@dataclass(frozen=True)
class _Parts:
    """Parts of regions in one strip, for one swap: (N,) each.  box: (N, 4) top, left, bottom, right."""

    swap: int
    pixels: NDArray[np.int64]
    confidence: NDArray[np.float64]
    score: NDArray[np.float64]
    box: NDArray[np.int64]


class Regions:
    """Regions of one swap (label << 8 | model) each, 8-connected, as the strips of an image come from the top down."""

    def __init__(self) -> None:
        self._parts: list[_Parts] = []
        self._number = 0
        self._pairs: list[NDArray[np.int64]] = []
        self._above: dict[int, NDArray[np.int64]] = {}

    def add(
        self, first: int, swaps: NDArray[np.uint16], counted: NDArray[np.bool_], said: NDArray[np.float32],
        log_odds: NDArray[np.float32],
    ) -> None:  # fmt: skip
        """Take the strip that begins with the row `first`; (n, W) each.

        swaps: NO_SWAP or what the pixel is.  counted: pixels that count; the others only connect them.
        """
        above, self._above = self._above, {}
        for swap in np.unique(swaps[swaps != NO_SWAP]).tolist():
            number, found = cv2.connectedComponents((swaps == swap).view(np.uint8), connectivity=8)
            labels = np.asarray(found)
            self._parts.append(_measured(swap, number, first, labels, counted, said, log_odds))
            if swap in above:
                self._pairs.append(_touching(above[swap], np.where(labels[0] > 0, labels[0] + self._number, 0)))
            self._above[swap] = np.where(labels[-1] > 0, labels[-1] + self._number, 0).astype(np.int64)
            self._number += number

    def joined(self) -> Iterator[Disagreement]:
        """The regions, from the parts that touch, swap by swap; without a counted pixel they are none."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        if not self._parts:
            return
        pairs = np.concatenate([np.empty((0, 2), np.int64), *self._pairs])
        graph = coo_array((np.ones(len(pairs), np.bool_), tuple(pairs.T)), shape=(self._number, self._number))
        number, region = connected_components(graph, directed=False)
        pixels, confidence, score = (
            np.bincount(region, np.concatenate([getattr(part, name) for part in self._parts]), number)
            for name in ("pixels", "confidence", "score")
        )
        swap = np.zeros(number, np.int64)
        swap[region] = np.concatenate([np.full(len(part.pixels), part.swap) for part in self._parts])
        boxes, box = np.concatenate([part.box for part in self._parts]), _no_boxes(number)
        np.minimum.at(box[:, :2], region, boxes[:, :2])
        np.maximum.at(box[:, 2:], region, boxes[:, 2:])
        for index in sorted(np.flatnonzero(pixels).tolist(), key=lambda each: (swap[each], *box[each, :2])):
            top, left, bottom, right = box[index].tolist()
            size, label, model = int(pixels[index]), int(swap[index]) >> 8, int(swap[index]) & 255
            mean, total = float(confidence[index] / size), float(score[index])
            yield Disagreement(top, left, bottom - top, right - left, size, label, model, mean, total)


def _measured(
    swap: int, number: int, first: int, labels: NDArray[np.int32], counted: NDArray[np.bool_],
    said: NDArray[np.float32], log_odds: NDArray[np.float32],
) -> _Parts:  # fmt: skip
    rows, columns = np.nonzero(counted & (labels > 0))
    own = labels[rows, columns]
    box = _no_boxes(number)
    for axis, places in enumerate((rows + first, columns)):
        np.minimum.at(box[:, axis], own, places)
        np.maximum.at(box[:, axis + 2], own, places + 1)
    sums = [np.asarray(np.bincount(own, each[rows, columns], number), np.float64) for each in (said, log_odds)]
    return _Parts(swap, np.bincount(own, minlength=number), sums[0], sums[1], box)


def _no_boxes(number: int) -> NDArray[np.int64]:
    """(N, 4) boxes without pixels."""
    box = np.empty((number, 4), np.int64)
    box[:, :2], box[:, 2:] = np.iinfo(np.int64).max, -1
    return box


def _touching(above: NDArray[np.int64], below: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N, 2) parts of two adjoining rows that touch, also at a corner; 0 is no part."""
    pairs = [
        np.stack(
            [above[max(shift, 0) : len(above) + min(shift, 0)], below[max(-shift, 0) : len(below) - max(shift, 0)]]
        )
        for shift in (-1, 0, 1)
    ]
    found = np.concatenate(pairs, axis=1).T
    return np.unique(found[(found > 0).all(axis=1)], axis=0)
