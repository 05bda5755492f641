"""Connected regions of the classes in a mask, and those so small that a slip of the annotator may have made them."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.images.imageio import IndexMask

TINY_PIXELS = 4
TINY_SHARE = 1e-5
"""A region is tiny with at most so many pixels, or at most this share of the image: 120 pixels of 12 megapixels."""


@dataclass(frozen=True, slots=True)
class ClassRegions:
    """The 8-connected regions of one class in one mask.

    areas: (N,) pixels of every region.
    tiny: (M,) pixels of the tiny ones that lie inside one other class; ignored pixels are no class.
    """

    index: int
    areas: NDArray[np.int32]
    tiny: NDArray[np.int32]


def find_regions(mask: IndexMask, present: Iterable[int], classes: int) -> tuple[ClassRegions, ...]:
    """Find the regions of the classes `present` in a mask (H, W) whose class values are 0 to `classes` - 1."""
    limit = max(TINY_PIXELS, int(mask.size * TINY_SHARE))
    return tuple(_regions_of(mask, index, classes, limit) for index in present)


def _regions_of(mask: IndexMask, index: int, classes: int, limit: int) -> ClassRegions:
    own = (mask == index).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(own)
    inner = own[top : top + height, left : left + width]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(inner, connectivity=8, ltype=cv2.CV_32S)
    areas = np.asarray(stats[:, cv2.CC_STAT_AREA], np.int32)
    is_tiny = areas <= limit
    is_tiny[0] = False  # label 0 is everything else
    tiny = areas[:0]
    if is_tiny.any():
        highest, lowest = (ring[top : top + height, left : left + width] for ring in _neighbours(mask, own))
        is_tiny &= _lies_in_one_class(np.asarray(labels), is_tiny, highest, lowest, classes)
        tiny = areas[is_tiny]
    return ClassRegions(index, areas[1:], tiny)


def _neighbours(mask: IndexMask, own: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """(H, W) highest and lowest value of other classes among the 8 neighbours; 0 and 255 where there is none."""
    square = np.ones((3, 3), np.uint8)
    highest = cv2.dilate(np.where(own, 0, mask).astype(np.uint8), square)
    lowest = cv2.erode(np.where(own, 255, mask).astype(np.uint8), square)
    return np.asarray(highest, np.uint8), np.asarray(lowest, np.uint8)


def _lies_in_one_class(
    labels: NDArray[np.int32],
    is_tiny: NDArray[np.bool_],
    highest: NDArray[np.uint8],
    lowest: NDArray[np.uint8],
    classes: int,
) -> NDArray[np.bool_]:
    """(N,) whether all neighbours of a tiny region are of one class."""
    pixels = is_tiny[labels]
    owners = labels[pixels]
    top, bottom = np.zeros(len(is_tiny), np.uint8), np.full(len(is_tiny), 255, np.uint8)
    np.maximum.at(top, owners, highest[pixels])
    np.minimum.at(bottom, owners, lowest[pixels])
    return np.asarray((top == bottom) & (top < classes), np.bool_)
