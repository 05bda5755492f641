"""Boundary IoU: IoU of the pixels near the contours, where errors of large regions still show."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX
from prep.images.geometry import row_strips
from prep.images.imageio import IndexMask
from train.scoring.metrics import confusion_matrix

DILATION_RATIO = 0.02
"""Width of the band along a contour, as a share of the image's diagonal."""

_AT_ONCE = 1 << 24
"""Pixels whose distances are measured at once, and held; a photo of a phone is one piece."""


def band_width(height: int, width: int) -> int:
    """Width in pixels of the band along a contour: 2 % of the diagonal, at least 1."""
    return max(1, round(DILATION_RATIO * math.hypot(height, width)))


def boundary_counts(truth: IndexMask, guess: IndexMask, classes: int) -> NDArray[np.int64]:
    """(C, 2) pixels of each class in both boundary bands, and in either of them, of (H, W) masks.

    The band of a class in a mask: its pixels at most `band_width` away (in king's moves: a square erosion) from a pixel
    of another class or from the outside of the image. Ignored pixels of the truth are in no band and end none: whether
    a contour runs there is not known.  Source: Cheng et al. 2021, https://arxiv.org/abs/2103.16562, whose program
    erodes in the same way, with the outside as background.
    """
    height, width = truth.shape
    reach, result = band_width(height, width), np.zeros((classes, 2), np.int64)
    for rows in row_strips(height, width, max(_AT_ONCE, 4 * reach * width)):
        # What is further away than the band is wide changes nothing in these rows, even if the image seems to end.
        around = slice(max(rows.start - reach, 0), rows.stop + reach)
        inner = slice(rows.start - around.start, rows.stop - around.start)
        true, said = truth[around], guess[around]
        known = true != IGNORE_INDEX
        for index in np.flatnonzero(_marginals(true[inner], said[inner], classes)):
            bands = [_band(mask == index, known, reach)[inner] for mask in (true, said)]
            result[index] += np.count_nonzero(bands[0] & bands[1]), np.count_nonzero(bands[0] | bands[1])
    return result


def _marginals(truth: IndexMask, guess: IndexMask, classes: int) -> NDArray[np.int64]:
    """(C,) pixels of each class in the truth and in the prediction, but where the truth is ignored."""
    confusion = confusion_matrix(truth, guess, classes)
    return np.asarray(confusion.sum(axis=0) + confusion.sum(axis=1), np.int64)


def _band(own: NDArray[np.bool_], known: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    padded = np.pad((own | ~known).view(np.uint8), 1)
    # The distance to the nearest zero, in one pass; eroding step by step would take `width` passes.
    distance = cv2.distanceTransform(padded, cv2.DIST_C, 3)[1:-1, 1:-1]
    return np.asarray(own & known & (distance <= width))
