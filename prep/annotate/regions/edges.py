"""Live-wire: the path between two points that runs along edges.

Intelligent Scissors (Mortensen and Barrett 1995) as OpenCV has them, on a square around the first point: at full
resolution as long as the second one is near, on smaller copies when it is farther away, as it is when one has zoomed
out. All paths from one point are found at once; following the pointer then costs next to nothing.
"""

import threading

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.images.imageio import ImageRGB

Path = NDArray[np.int32]
"""(N, 2), x and y of pixels, from the anchor to the pointer; neighbours need not touch, lines join them."""

_HALF = 350
"""Half the side of the square in its own pixels: half a megapixel takes a tenth of a second."""

_REACH = 300
"""How far the pointer may be from the anchor, so that a path can still go around something."""

_WEAK, _STRONG = 32, 100
"""Thresholds of the edges (Canny), as differences of brightness that Sobel's operator makes four times as large."""

_STEEPEST = 200.0
"""An edge that is steeper is no better: the path would leave the one that is meant for a stronger one beside it."""

_PRICE = 0.3
"""Of a step along the best edge; without one, the path would rather go far around a thing than across it."""

_WEIGHTS = 0.4, 0.2, 0.4
"""Of being no edge (Canny), of turning away from its direction, and of being flat: together the cost of a step."""


def level_for(anchor: tuple[int, int], pointer: tuple[int, int]) -> int:
    """How often the image has to be halved so that both points lie in one square."""
    apart = max(abs(anchor[0] - pointer[0]), abs(anchor[1] - pointer[1]))
    level = 0
    while apart > _REACH << level:
        level += 1
    return level


class Wire:
    """All paths along edges from one point of an image, within a square around it.

    image: (H, W, 3).  anchor: x, y, inside the image.  level: how often the square is halved.
    """

    def __init__(self, image: ImageRGB, anchor: tuple[int, int], level: int) -> None:
        height, width = image.shape[:2]
        self._anchor = anchor
        reach = _HALF << level
        self._left, self._top = (max(0, place - reach) for place in anchor)
        right, bottom = min(width, anchor[0] + reach), min(height, anchor[1] + reach)
        square = image[self._top : bottom, self._left : right]
        self._whole = (right - self._left, bottom - self._top)
        self._size = max(1, self._whole[0] >> level), max(1, self._whole[1] >> level)
        self._is_smaller = level > 0
        self._lock = threading.Lock()
        self._scissors = cv2.segmentation.IntelligentScissorsMB()
        self._scissors.setEdgeFeatureCannyParameters(_WEAK, _STRONG)
        self._scissors.setWeights(*_WEIGHTS)
        smaller = np.asarray(cv2.resize(square, self._size, interpolation=cv2.INTER_AREA), np.uint8)
        # None: OpenCV finds the other two features itself; its types do not know that.
        self._scissors.applyImageFeatures(None, None, _flatness(smaller), smaller)  # type: ignore[call-overload]
        self._scissors.buildMap(self._inside(anchor))

    def to(self, pointer: tuple[int, int]) -> Path:
        """The path to a point of the square; both its ends are the very points."""
        with self._lock:
            contour = self._scissors.getContour(self._inside(pointer))
        places = (np.asarray(contour).reshape(-1, 2) + 0.5) * self._whole / self._size + (self._left, self._top)
        if self._is_smaller:
            # Steps of the smaller copy are no corners of the full image.
            places[1:-1] = (places[:-2] + 2 * places[1:-1] + places[2:]) / 4
        return np.concatenate([[self._anchor], np.floor(places[1:-1]), [pointer]]).astype(np.int32)

    def _inside(self, point: tuple[int, int]) -> tuple[int, int]:
        """A point of the image as a point of the smaller square."""
        x, y = point[0] - self._left, point[1] - self._top
        return x * self._size[0] // self._whole[0], y * self._size[1] // self._whole[1]


def _flatness(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(H, W) from _PRICE on the steepest edges to 1 where there is none; of the colour that changes most."""
    slopes = [
        cv2.magnitude(cv2.Sobel(color, cv2.CV_32F, 1, 0), cv2.Sobel(color, cv2.CV_32F, 0, 1))
        for color in cv2.split(image)
    ]
    steepness = np.minimum(np.maximum.reduce(slopes) / np.float32(_STEEPEST), 1)
    return np.asarray(1 - (1 - _PRICE) * steepness, np.float32)
