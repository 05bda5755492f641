"""Where a label and a confident model disagree by more than the width of a contour: likely label errors."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX
from prep.images.imageio import IndexMask

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


def find_disagreements(mask: IndexMask, guess: IndexMask, probabilities: NDArray[np.float32]) -> Iterator[Disagreement]:
    """Find the regions of one image; mask and guess (H, W), probabilities (C, H, W).

    A pixel labelled a and predicted b counts if it is farther than `slack` from every pixel that is labelled b, or
    from every pixel that is predicted a: then moving the contour between the two, drawn or predicted, does not mend
    it. So the seam along every contour counts nothing, but a thin line that the label lacks does.
    The log-odds are those of confident learning's off-diagonal, Northcutt et al. 2021,
    https://arxiv.org/abs/1911.00068, summed so that a region's size counts as well as its confidence.
    """
    differs = (mask != guess) & (mask != IGNORE_INDEX)
    swaps = np.unique(mask[differs].astype(np.uint16) << 8 | guess[differs])
    limit = slack(*mask.shape)
    for label, model in ((int(swap) >> 8, int(swap) & 255) for swap in swaps):
        own = differs & (mask == label) & (guess == model)
        place = _box(own, limit + 1)
        unexplained = own[place] & (_is_far(mask[place] == model, limit) | _is_far(guess[place] == label, limit))
        if unexplained.any():
            ratio = np.log(
                np.maximum(probabilities[model][place], _LEAST_PROBABILITY)
                / np.maximum(probabilities[label][place], _LEAST_PROBABILITY)
            )
            found = probabilities[model][place]
            for box, pixels in _regions(own[place], unexplained):
                y, x = (part.start + inner.start for part, inner in zip(place, box, strict=True))
                confidence, score = float(found[box][pixels].mean()), float(ratio[box][pixels].sum())
                yield Disagreement(
                    y, x, len(pixels), len(pixels[0]), int(pixels.sum()), label, model, confidence, score
                )


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
    kept = np.where(unexplained, labels, 0)
    for region, box in enumerate(find_objects(kept), start=1):
        if box is not None:
            yield box, kept[box] == region
