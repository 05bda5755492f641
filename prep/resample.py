"""Turns, resizes and frames pixels: images by averaging areas, masks by the nearest pixel."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.classes import IGNORE_INDEX
from prep.fit import Placement
from prep.imageio import ImageRGB, IndexMask

Pixels = NDArray[np.uint8]
"""(H, W) or (H, W, C)."""


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn and mirror pixels as they are stored into what a person sees; orientation 1..8 of EXIF."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    mirrored_across, mirrored_down = orientation in (2, 3, 6, 7), orientation in (3, 4, 7, 8)
    return np.ascontiguousarray(pixels[:: -1 if mirrored_down else 1, :: -1 if mirrored_across else 1])


def resize_image(pixels: Pixels, width: int, height: int, extent: tuple[float, float] | None = None) -> Pixels:
    """Resize (H, W) or (H, W, C) to width x height: the mean of each area, or a cubic curve where it grows.

    extent: width and height of the picture in pixels of the array, if it ends inside of the last column and row, as
    it does after a scaled JPEG decode. Ignoring that would shift fine detail by up to half a pixel.
    """
    inner_width, inner_height = extent or (pixels.shape[1], pixels.shape[0])
    smaller = min(width, math.ceil(inner_width)), min(height, math.ceil(inner_height))
    if smaller != (inner_width, inner_height):
        across, down = smaller[0] / inner_width, smaller[1] / inner_height
        # With factors instead of a size, OpenCV may add a row or column for what lies behind the end.
        pixels = _as_pixels(cv2.resize(pixels, None, fx=across, fy=down, interpolation=cv2.INTER_AREA))
        pixels = pixels[: smaller[1], : smaller[0]]
    if smaller != (width, height):
        pixels = _as_pixels(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC))
    return np.ascontiguousarray(pixels)


def resize_mask(mask: IndexMask, placement: Placement) -> IndexMask:
    """Bring a mask (H, W) of a whole photo to its place: nearest pixel, ignored pixels around it."""
    size = placement.across, placement.down
    inner = _as_pixels(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST_EXACT))
    return frame(inner, placement, IGNORE_INDEX)


def frame_image(image: ImageRGB, placement: Placement) -> ImageRGB:
    """Set an image (H, W, 3) of the placement's rectangle into its frame, which is black."""
    return frame(image, placement, 0)


def frame(pixels: Pixels, placement: Placement, border: int) -> Pixels:
    """Set pixels of the placement's rectangle into its frame; `border` is the value around them."""
    if (placement.across, placement.down) == (placement.width, placement.height):
        return pixels
    framed = np.full((placement.height, placement.width, *pixels.shape[2:]), border, np.uint8)
    framed[placement.top : placement.top + placement.down, placement.left : placement.left + placement.across] = pixels
    return framed


def _as_pixels(resized: object) -> Pixels:
    return np.asarray(resized, np.uint8)
