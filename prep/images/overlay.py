"""Show a mask over its image."""

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX, ClassMap
from prep.images.imageio import ImageRGB, IndexMask

_BAND = 128
"""Rows that are blended at a time."""


def color_mask(mask: IndexMask, classes: ClassMap) -> ImageRGB:
    """Paint a mask (H, W) in the colours of its classes, (H, W, 3); ignored pixels are grey."""
    return classes.palette()[mask]


def overlay(image: ImageRGB, mask: IndexMask, classes: ClassMap, opacity: float = 0.5) -> ImageRGB:
    """Blend the colours of the foreground classes over an image (H, W, 3); the background stays as it is."""
    shares = np.zeros(256, np.float32)
    shares[[*classes.foreground, IGNORE_INDEX]] = opacity
    blended = np.empty_like(image)
    for top in range(0, len(image), _BAND):  # numbers with fractions take four times the memory
        rows = slice(top, top + _BAND)
        share = shares[mask[rows]][..., None]
        exact: NDArray[np.float32] = image[rows] * (1 - share) + color_mask(mask[rows], classes) * share
        blended[rows] = exact.round()
    return blended


def shrink(picture: ImageRGB, longest: int) -> ImageRGB:
    """Average a picture (H, W, 3) down so that its longer side has at most `longest` pixels."""
    height, width = picture.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return picture
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def contact_sheet(pictures: list[ImageRGB], columns: int, gap: int = 4) -> ImageRGB:
    """Arrange pictures of one size in rows from left to right, on white."""
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    sheet = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, 3), 255, np.uint8)
    for number, picture in enumerate(pictures):
        top = gap + number // columns * (height + gap)
        left = gap + number % columns * (width + gap)
        sheet[top : top + height, left : left + width] = picture
    return sheet
