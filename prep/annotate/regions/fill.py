"""Flood fill: what is connected to a point, of one label and of nearly one colour."""

import cv2
import numpy as np

from prep.annotate.regions.spans import Spans, spans_of
from prep.images.imageio import ImageRGB, IndexMask


def fill_from(image: ImageRGB, mask: IndexMask, x: int, y: int, tolerance: float) -> Spans:
    """Find the 4-connected pixels around (x, y) whose label is that of (x, y) and whose colour is near that of (x, y).

    image: (H, W, 3).  mask: (H, W).  tolerance: how far red, green and blue each may be away, 0..100 per cent of
    their range; at 100 the labels alone decide.
    """
    height, width = mask.shape
    reached = np.zeros((height + 2, width + 2), np.uint8)  # floodFill wants a frame; what is not 0 is not entered
    reached[1:-1, 1:-1] = mask != mask[y, x]
    apart = (float(round(tolerance * 255 / 100)),) * 3
    flags = 4 | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY | (_REACHED << 8)
    _, _, _, (left, top, across, down) = cv2.floodFill(image, reached, (x, y), (0.0,), apart, apart, flags)
    region = reached[1 + top : 1 + top + down, 1 + left : 1 + left + across] == _REACHED
    return spans_of(region, left, top)


_REACHED = 2
"""In the mask of floodFill; 1 is what it may not enter."""
