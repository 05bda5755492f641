"""Cut pieces out of images and masks, together, also beyond the border."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX
from prep.images.imageio import ImageRGB, IndexMask


def reflected(start: int, length: int, size: int) -> NDArray[np.intp]:
    """(length,) positions start, start + 1, ... on an axis of `size` pixels, mirrored at its borders.

    The border pixel itself is not repeated: with size 3, positions -2..4 are 2 1 0 1 2 1 0. Any distance works.
    """
    if size == 1:
        return np.zeros(length, np.intp)
    period = 2 * (size - 1)
    position = np.abs(np.arange(start, start + length)) % period
    return np.where(position < size, position, period - position).astype(np.intp)


def crop_sample(image: ImageRGB, mask: IndexMask, top: int, left: int, size: int) -> tuple[ImageRGB, IndexMask]:
    """Cut size x size pixels out of an image (H, W, 3) and its mask (H, W).

    Beyond the border the image is mirrored and the mask is ignored.
    """
    height, width = mask.shape
    if 0 <= top <= height - size and 0 <= left <= width - size:
        window = slice(top, top + size), slice(left, left + size)
        return image[window], mask[window]
    rows, columns = reflected(top, size, height), reflected(left, size, width)
    cut_image, cut_mask = image[np.ix_(rows, columns)], mask[np.ix_(rows, columns)]
    down, across = np.arange(top, top + size), np.arange(left, left + size)
    cut_mask[(down < 0) | (down >= height)] = IGNORE_INDEX
    cut_mask[:, (across < 0) | (across >= width)] = IGNORE_INDEX
    return cut_image, cut_mask


def row_strips(height: int, width: int, pixels: int) -> Iterator[slice]:
    """The rows of an image from the top down, in strips of at most so many pixels, but of a row at least."""
    at_once = max(1, pixels // width)
    for top in range(0, height, at_once):
        yield slice(top, min(height, top + at_once))


def middle(pixels: NDArray[np.uint8], most: int) -> NDArray[np.uint8]:
    """The middle of an image (H, W, 3) or mask (H, W) in its own proportions, of at most so many pixels but one."""
    height, width = pixels.shape[:2]
    share = min(1.0, math.sqrt(most / (height * width)))
    rows, columns = max(1, int(height * share)), max(1, int(width * share))
    top, left = (height - rows) // 2, (width - columns) // 2
    return pixels[top : top + rows, left : left + columns]
