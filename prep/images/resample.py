"""Turns, resizes and frames pixels: images by averaging areas, masks by the nearest pixel."""

import math
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX
from prep.images.imageio import ImageRGB, IndexMask
from prep.images.sizing import Placement

Pixels = NDArray[np.uint8]
"""(H, W) or (H, W, C)."""

Scalar = TypeVar("Scalar", bound=np.generic)

_NEARLY_WHOLE = 0.2
"""Areas whose sides differ from a whole number of pixels by at most this share are averaged the fast way."""


def upright(pixels: NDArray[Scalar], orientation: int) -> NDArray[Scalar]:
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
        pixels = _means_of_areas(pixels, smaller, smaller[0] / inner_width, smaller[1] / inner_height)
    if smaller != (width, height):
        pixels = _as_pixels(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC))
    return np.ascontiguousarray(pixels)


def _means_of_areas(pixels: Pixels, size: tuple[int, int], across: float, down: float) -> Pixels:
    """Shrink by the factors `across` and `down` to size = (width, height).

    OpenCV has vector code for areas of whole pixels only. Where areas are nearly whole, pixels are therefore first
    moved onto the nearest grid on which they are; how close that comes to the exact mean: tests/bench/NOTES.md.
    """
    columns, rows = round(1 / across), round(1 / down)
    off = max(abs(1 / across / columns - 1), abs(1 / down / rows - 1))
    if min(columns, rows) < 2 or not 0 < off <= _NEARLY_WHOLE:
        return _scaled(pixels, size, across, down, cv2.INTER_AREA)
    grid = size[0] * columns, size[1] * rows
    pixels = _scaled(pixels, grid, across * columns, down * rows, cv2.INTER_LINEAR)
    while columns % 2 == 0 and rows % 2 == 0:  # two by two is the fastest of all
        columns, rows, grid = columns // 2, rows // 2, (grid[0] // 2, grid[1] // 2)
        pixels = _as_pixels(cv2.resize(pixels, grid, interpolation=cv2.INTER_AREA))
    return pixels if grid == size else _as_pixels(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def _scaled(pixels: Pixels, size: tuple[int, int], across: float, down: float, interpolation: int) -> Pixels:
    # With factors instead of a size, OpenCV may add a row or column for what lies behind the end.
    scaled = cv2.resize(pixels, None, fx=across, fy=down, interpolation=interpolation)
    return _as_pixels(scaled)[: size[1], : size[0]]


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
