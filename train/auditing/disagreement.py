"""Where a label and a confident model disagree by more than the width of a contour: likely label errors."""

import math
from collections import deque
from collections.abc import Iterable, Iterator

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from prep.core.classes import IGNORE_INDEX
from prep.images.imageio import IndexMask
from train.auditing.regions import NO_SWAP, Disagreement, Regions
from train.windows.windows import best_class

_LEAST_PROBABILITY = 0.01
"""Lower probabilities count as this: log-odds end at 4.6, and no handful of pixels outweighs a region."""


def slack(height: int, width: int) -> int:
    """How far a contour may lie beside the true one without being wrong: 3 pixels, or 0.5 % of the diagonal."""
    return max(3, round(0.005 * math.hypot(height, width)))


class MaskComparison:
    """What a model says of an image, beside its mask, taken strip by strip; `disagreements` are what it found.

    A pixel labelled a and predicted b counts if it is farther than `slack` from every pixel that is labelled b, or
    from every pixel that is predicted a: then moving the contour between the two, drawn or predicted, does not mend
    it. So the seam along every contour counts nothing, but a thin line that the label lacks does.
    The log-odds are those of confident learning's off-diagonal, Northcutt et al. 2021,
    https://arxiv.org/abs/1911.00068, summed so that a region's size counts as well as its confidence.
    guess: (H, W) the likeliest class.
    """

    def __init__(self, mask: IndexMask, strips: Iterable[tuple[int, Tensor]]) -> None:
        """strips: (first row, float32 (C, n, W) class probabilities) from the top down, without gaps."""
        self.mask, self.limit, self._regions = mask, slack(*mask.shape), Regions()
        self.guess = np.zeros(mask.shape, np.uint8)
        waiting: deque[tuple[int, NDArray[np.float32], NDArray[np.float32]]] = deque()
        for top, strip in strips:
            labels = best_class(strip)
            bottom = top + len(labels)
            self.guess[top:bottom] = labels.cpu().numpy()
            waiting.append((top, *self._chances(strip, top, bottom)))
            # A pixel is decided by those around it: the rows below have to be labelled, too.
            while waiting and (bottom == len(mask) or waiting[0][0] + len(waiting[0][1]) + self.limit < bottom):
                self._decide(*waiting.popleft())

    @property
    def disagreements(self) -> Iterator[Disagreement]:
        """The regions of the image."""
        return self._regions.joined()

    def _chances(self, strip: Tensor, top: int, bottom: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(n, W) probabilities of the model's class, and of the label's; of any class where that is ignored."""
        mask = self.mask[top:bottom]
        drawn = torch.from_numpy(np.where(mask == IGNORE_INDEX, 0, mask).astype(np.int64)).to(strip.device)
        return strip.amax(dim=0).cpu().numpy(), strip.gather(0, drawn[None])[0].cpu().numpy()

    def _decide(self, first: int, said: NDArray[np.float32], drawn: NDArray[np.float32]) -> None:
        """Find the parts of regions in these rows, whose probabilities are at hand."""
        rows = slice(first, first + len(said))
        mask, guess = self.mask[rows], self.guess[rows]
        differs = (mask != guess) & (mask != IGNORE_INDEX)
        swaps = np.where(differs, mask.astype(np.uint16) << 8 | guess, NO_SWAP)
        log_odds = np.log(np.maximum(said, _LEAST_PROBABILITY) / np.maximum(drawn, _LEAST_PROBABILITY))
        self._regions.add(first, swaps, self._unexplained(rows, differs), said, log_odds)

    def _unexplained(self, rows: slice, differs: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which pixels of these rows are far from all labelled as they are predicted, or the other way round."""
        around = slice(max(rows.start - self.limit, 0), rows.stop + self.limit)
        inner = slice(rows.start - around.start, rows.stop - around.start)
        mask, guess = self.mask[around], self.guess[around]
        found = np.zeros(differs.shape, np.bool_)
        for own, other in ((mask, guess), (guess, mask)):
            for index in np.unique(own[inner][differs]):
                found |= differs & (own[inner] == index) & _is_far(other == index, self.limit)[inner]
        return found


def _is_far(present: NDArray[np.bool_], limit: int) -> NDArray[np.bool_]:
    """(H, W) whether a pixel is more than `limit` pixels from every pixel that is present."""
    if not present.any():
        return np.ones(present.shape, np.bool_)
    distance = cv2.distanceTransform((~present).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distance > limit)
