"""What is wrong in a mask: how much of it, and where most of it lies together."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX

Mask = NDArray[np.uint8]
"""(H, W), class indices; 255 = unlabelled, and in a true mask what does not count."""

Area = NDArray[np.bool_]


@dataclass(frozen=True)
class Region:
    """Connected pixels of a class that are not what they should be.

    value: the class.  top, left: where `pixels` (h, w), just large enough, lies in the photo.
    """

    value: int
    top: int
    left: int
    pixels: Area

    @property
    def place(self) -> tuple[slice, slice]:
        """Its rows and columns in the photo."""
        height, width = self.pixels.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def mean_iou(truth: Mask, shown: Mask) -> float:
    """Over the classes in the true mask; its pixels of 255 do not count."""
    pairs = np.bincount((truth.astype(np.uint16) * 256 + shown).ravel(), minlength=1 << 16).reshape(256, 256)[:255]
    hits, there = np.diag(pairs), pairs.sum(axis=1)
    union = there + pairs.sum(axis=0)[:255] - hits
    return float((hits / np.maximum(union, 1))[there > 0].mean())


def largest_wrong(truth: Mask, shown: Mask, left_out: Area, classes: NDArray[np.uint8]) -> Region | None:
    """The largest region of one of these classes that is not labelled so; None if there is none."""
    best: tuple[int, Region] | None = None
    for value in classes.tolist():
        wrong = ((truth == value) & (shown != value) & ~left_out).view(np.uint8)
        _, parts, stats, _ = cv2.connectedComponentsWithStats(wrong)
        if len(stats) < 2:
            continue
        number = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        left, top, width, height, area = stats[number].tolist()
        if best is None or area > best[0]:
            own = np.asarray(parts[top : top + height, left : left + width] == number)
            best = area, Region(value, top, left, own)
    return best and best[1]


def classes_of(truth: Mask) -> NDArray[np.uint8]:
    """The classes in a true mask."""
    found = np.unique(truth)
    return np.asarray(found[found != IGNORE_INDEX], np.uint8)


def depth_of(pixels: Area) -> NDArray[np.float32]:
    """How far each pixel of a region (h, w) is from what is outside it."""
    wide = np.pad(pixels, 1).view(np.uint8)
    return np.asarray(cv2.distanceTransform(wide, cv2.DIST_L2, 3)[1:-1, 1:-1], np.float32)


def deepest(depth: NDArray[np.float32]) -> tuple[int, int]:
    """Row and column of the place that is farthest from what is outside."""
    row, column = np.unravel_index(depth.argmax(), depth.shape)
    return int(row), int(column)
