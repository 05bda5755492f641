"""Boundary IoU: IoU of the pixels near the contours, where errors of large regions still show."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX
from prep.images.imageio import IndexMask

DILATION_RATIO = 0.02
"""Width of the band along a contour, as a share of the image's diagonal."""


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
    known = truth != IGNORE_INDEX
    width = band_width(*truth.shape)
    pixels = [np.bincount(mask[known], minlength=classes) for mask in (truth, guess)]
    result = np.zeros((classes, 2), np.int64)
    for index in np.flatnonzero(pixels[0] + pixels[1]):
        true, said = (_band(mask == index, known, width) for mask in (truth, guess))
        result[index] = np.count_nonzero(true & said), np.count_nonzero(true | said)
    return result


def _band(own: NDArray[np.bool_], known: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    padded = np.pad((own | ~known).view(np.uint8), 1)
    # The distance to the nearest zero, in one pass; eroding step by step would take `width` passes.
    distance = cv2.distanceTransform(padded, cv2.DIST_C, 3)[1:-1, 1:-1]
    return np.asarray(own & known & (distance <= width))
