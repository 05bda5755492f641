"""Where a label and a confident model disagree by more than the width of a contour: likely label errors."""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from prep.core.classes import IGNORE_INDEX
from prep.images.imageio import IndexMask
from train.windows.windows import best_class

_LEAST_PROBABILITY = 0.01
"""Lower probabilities count as this: log-odds end at 4.6, and no handful of pixels outweighs a region."""


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


def slack(height: int, width: int) -> int:
    """How far a contour may lie beside the true one without being wrong: 3 pixels, or 0.5 % of the diagonal."""
    return max(3, round(0.005 * math.hypot(height, width)))


class Comparison:
    """What a model says of an image, beside its mask: taken strip by strip, and only what the regions are found from.

    guess: (H, W) the likeliest class.  unexplained: (H, W) whether a pixel contradicts its label, as of
    find_disagreements.  confidence, log_odds: (H, W) float32, of those pixels only: the probability of the model's
    class, and its log-odds against the label's. The memory of the rest of these two is never touched.
    """

    def __init__(self, mask: IndexMask, strips: Iterable[tuple[int, Tensor]]) -> None:
        """strips: (first row, float32 (C, n, W) class probabilities) from the top down, without gaps."""
        self.mask, self.limit = mask, slack(*mask.shape)
        self.guess = np.zeros(mask.shape, np.uint8)
        self.unexplained = np.zeros(mask.shape, np.bool_)
        self.confidence, self.log_odds = np.zeros(mask.shape, np.float32), np.zeros(mask.shape, np.float32)
        self.swaps: set[tuple[int, int]] = set()
        height, done = len(mask), 0
        waiting: deque[tuple[int, NDArray[np.float32], NDArray[np.float32]]] = deque()
        for top, strip in strips:
            labels = best_class(strip)
            bottom = top + len(labels)
            self.guess[top:bottom] = labels.cpu().numpy()
            waiting.append((top, *self._chances(strip, top, bottom)))
            # A pixel is decided by those around it: the rows below have to be labelled, too.
            while waiting and (bottom == height or waiting[0][0] + len(waiting[0][1]) + self.limit < bottom):
                first, said, drawn = waiting.popleft()
                assert first == done
                done += len(said)
                self._decide(first, said, drawn)

    def _chances(self, strip: Tensor, top: int, bottom: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(n, W) probabilities of the model's class, and of the label's; of any class where that is ignored."""
        mask = self.mask[top:bottom]
        drawn = torch.from_numpy(np.where(mask == IGNORE_INDEX, 0, mask).astype(np.int64)).to(strip.device)
        return strip.amax(dim=0).cpu().numpy(), strip.gather(0, drawn[None])[0].cpu().numpy()

    def _decide(self, first: int, said: NDArray[np.float32], drawn: NDArray[np.float32]) -> None:
        rows = slice(first, first + len(said))
        found = self._contradicting(rows)
        if not found.any():
            return
        self.unexplained[rows] = found
        self.confidence[rows][found] = said[found]
        chances = [np.maximum(part[found], _LEAST_PROBABILITY) for part in (said, drawn)]
        self.log_odds[rows][found] = np.log(chances[0] / chances[1])
        swaps = np.unique(self.mask[rows][found].astype(np.uint16) << 8 | self.guess[rows][found])
        self.swaps |= {(int(swap) >> 8, int(swap) & 255) for swap in swaps}

    def _contradicting(self, rows: slice) -> NDArray[np.bool_]:
        """Which pixels of these rows are far from all labelled as they are predicted, or the other way round."""
        around = slice(max(rows.start - self.limit, 0), rows.stop + self.limit)
        inner = slice(rows.start - around.start, rows.stop - around.start)
        mask, guess = self.mask[around], self.guess[around]
        differs = (mask[inner] != guess[inner]) & (mask[inner] != IGNORE_INDEX)
        found = np.zeros(differs.shape, np.bool_)
        for own, other in ((mask, guess), (guess, mask)):
            for index in np.unique(own[inner][differs]):
                found |= differs & (own[inner] == index) & _is_far(other == index, self.limit)[inner]
        return found


def find_disagreements(found: Comparison) -> Iterator[Disagreement]:
    """Find the regions of one image.

    A pixel labelled a and predicted b counts if it is farther than `slack` from every pixel that is labelled b, or
    from every pixel that is predicted a: then moving the contour between the two, drawn or predicted, does not mend
    it. So the seam along every contour counts nothing, but a thin line that the label lacks does.
    The log-odds are those of confident learning's off-diagonal, Northcutt et al. 2021,
    https://arxiv.org/abs/1911.00068, summed so that a region's size counts as well as its confidence.
    """
    for label, model in sorted(found.swaps):
        own = found.mask == label
        own &= found.guess == model
        place = _box(own, found.limit + 1)
        confidences, log_odds = found.confidence[place], found.log_odds[place]
        for box, pixels in _regions(own[place], found.unexplained[place]):
            y, x = (part.start + inner.start for part, inner in zip(place, box, strict=True))
            confidence, score = float(confidences[box][pixels].mean()), float(log_odds[box][pixels].sum())
            yield Disagreement(y, x, len(pixels), len(pixels[0]), int(pixels.sum()), label, model, confidence, score)


def _box(own: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    """The rows and columns that hold the pixels of (H, W), with a margin."""
    left, top, width, height = cv2.boundingRect(own.view(np.uint8))
    return (
        slice(max(top - margin, 0), min(top + height + margin, own.shape[0])),
        slice(max(left - margin, 0), min(left + width + margin, own.shape[1])),
    )


def _is_far(present: NDArray[np.bool_], limit: int) -> NDArray[np.bool_]:
    """(H, W) whether a pixel is more than `limit` pixels from every pixel that is present."""
    if not present.any():
        return np.ones(present.shape, np.bool_)
    distance = cv2.distanceTransform((~present).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distance > limit)


def _regions(
    own: NDArray[np.bool_], unexplained: NDArray[np.bool_]
) -> Iterator[tuple[tuple[slice, slice], NDArray[np.bool_]]]:
    """The 8-connected regions of `own`: the box around the unexplained pixels of each, and which pixels of it they are.

    Boxes and pixels of regions without unexplained pixels are left out.
    """
    from scipy.ndimage import find_objects

    _, labels = cv2.connectedComponents(own.view(np.uint8), connectivity=8)
    labels *= unexplained  # in place: of a large image they are the largest part of the work
    for region, box in enumerate(find_objects(labels), start=1):
        if box is not None:
            yield box, labels[box] == region
