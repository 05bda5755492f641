"""Boundary IoU: IoU of the pixels near the contours, where errors of large regions still show."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX
from prep.images.geometry import row_strips
from prep.images.imageio import IndexMask

DILATION_RATIO = 0.02
"""Width of the band along a contour, as a share of the image's diagonal."""

_AT_ONCE = 1 << 24
"""Pixels that are worked on at once, and held; a photo of a phone is one piece."""

_NONE, _ONE, _LARGEST = np.uint8(0), np.uint8(1), np.uint8(255)


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
        bands = [_band(mask, known, reach)[inner] for mask in (true, said)]
        true, said = true[inner], said[inner]
        in_both = _pixels(true[bands[0] & bands[1] & (true == said)], classes)
        in_either = _pixels(true[bands[0]], classes) + _pixels(said[bands[1]], classes) - in_both
        result += np.stack([in_both, in_either], axis=1)
    return result


def _pixels(values: NDArray[np.uint8], classes: int) -> NDArray[np.int64]:
    return np.bincount(values, minlength=classes)[:classes]


def _band(mask: IndexMask, known: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    """(H, W) the known pixels in whose square of 2 width + 1 another class is, or the outside of the image.

    All classes at once: within a square of one class its smallest and its largest index are the same.
    """
    square = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
    least = cv2.erode(np.where(known, mask, _LARGEST), square, borderType=cv2.BORDER_CONSTANT, borderValue=255)
    most = cv2.dilate(np.where(known, mask + _ONE, _NONE), square, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    band = known & (least + _ONE != most)
    for edge in (band[:width], band[-width:], band[:, :width], band[:, -width:]):
        edge[:] = True
    return np.asarray(band & known)
