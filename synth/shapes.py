"""Draw one synthetic image of lines and ellipses with its mask."""

import functools
import math

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.draw import ellipse, line

from prep.core.classes import ClassMap
from prep.core.randomness import Stream
from prep.images.imageio import ImageRGB, IndexMask

LINE, ELLIPSE = 1, 2
SHAPE_CLASSES = ClassMap(("background", "line", "ellipse"), ((0, 0, 0), (255, 0, 0), (0, 255, 0)))

_NOISE_MEAN = (0.7, 0.9)
_NOISE_SD = 0.1
_NOISE_RANGE = (0.6, 1.0)
_SHAPE_INTENSITY = (0.0, 0.7)
_RADIUS_PX = (5, 19)
_RADIUS_RATIO = (0.5, 2.0)
_MIN_LENGTH_PX = 20
_LINE_DISK_PX = (1, 2)


def draw_sample(stream: Stream, width: int, height: int, max_shapes: int) -> tuple[ImageRGB, IndexMask]:
    """Draw 1..max_shapes ellipses and as many lines, lines on top, over noise.

    Shapes end at the border of the image. Returns (H, W, 3) with three equal channels, and (H, W) of 0..2.
    """
    grey = draw_background(stream, width, height)
    mask = np.zeros((height, width), np.uint8)
    number = stream.integer(1, max_shapes)
    for _ in range(number):
        _paint(grey, mask, ellipse_pixels(stream, width, height), _intensity(stream), ELLIPSE)
    for _ in range(number):
        _paint(grey, mask, line_pixels(stream, width, height), _intensity(stream), LINE)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8), mask


def draw_background(stream: Stream, width: int, height: int) -> NDArray[np.uint8]:
    """(H, W) of Gaussian noise truncated to 0.6..1.0, in 0..255; sd 0.1 and a mean from 0.7..0.9.

    Drawn by inverting the exact distribution of the 8-bit values at a resolution of 2**-16: a table look-up
    for each pixel instead of a transcendental function.
    """
    mean = stream.uniform(*_NOISE_MEAN)
    low, high = _NOISE_RANGE
    levels = np.arange(math.ceil(low * 255), math.floor(high * 255) + 1)
    edges = np.clip(np.append(levels - 0.5, levels[-1] + 0.5) / 255, low, high)
    share = np.array([math.erf((edge - mean) / (_NOISE_SD * math.sqrt(2))) for edge in edges])
    steps = np.rint((share - share[0]) / (share[-1] - share[0]) * 65536).astype(np.int64)
    table = np.repeat(levels.astype(np.uint8), np.diff(steps))
    return table[stream.words16(width * height)].reshape(height, width)


def ellipse_pixels(stream: Stream, width: int, height: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of an ellipse: radius 5-19 px, the other 0.5-2 times that, any centre and angle."""
    radius = stream.integer(*_RADIUS_PX)
    other = radius * stream.uniform(*_RADIUS_RATIO)
    row, column = stream.uniform(0, height), stream.uniform(0, width)
    angle = stream.uniform(-math.pi, math.pi)
    rows, columns = ellipse(row, column, radius, other, shape=(height, width), rotation=angle)
    return rows, columns


def line_pixels(stream: Stream, width: int, height: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of a line of 20 px to the image's width, from anywhere, thickened by a disk of 1-2 px."""
    row, column = stream.integer(0, height - 1), stream.integer(0, width - 1)
    length = stream.uniform(_MIN_LENGTH_PX, max(_MIN_LENGTH_PX, width))
    angle = stream.uniform(0, 2 * math.pi)
    rows, columns = line(row, column, row + round(length * math.sin(angle)), column + round(length * math.cos(angle)))
    radius = stream.integer(*_LINE_DISK_PX)
    down, across = _disk(radius)
    rows = np.add.outer(down, rows).ravel()
    columns = np.add.outer(across, columns).ravel()
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    return rows[inside], columns[inside]


@functools.cache
def _disk(radius: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the pixels of a disk around 0, 0."""
    down, across = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    inside = down**2 + across**2 <= radius**2
    return down[inside], across[inside]


def _intensity(stream: Stream) -> int:
    return round(255 * stream.uniform(*_SHAPE_INTENSITY))


def _paint(
    grey: NDArray[np.uint8],
    mask: IndexMask,
    pixels: tuple[NDArray[np.intp], NDArray[np.intp]],
    intensity: int,
    index: int,
) -> None:
    grey[pixels] = intensity
    mask[pixels] = index
