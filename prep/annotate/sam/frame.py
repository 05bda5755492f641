"""How a photo lies in the square that a network of the SAM family sees: sizes, coordinates, masks and back."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.images.imageio import ImageRGB

SQUARE_SIDE = 1024
"""Of the square that all of them see."""

LOW = 256
"""Side of the small masks by which they are told of the mask before."""

_STRIP_PIXELS = 1 << 22
_SURE = 6.9
"""Logit of a pixel that is in a mask for sure: 0.999."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class PaddedFrame:
    """A photo of width x height pixels at wide x high in the upper left corner of the square; the rest is padding."""

    width: int
    height: int
    wide: int
    high: int

    def small(self, image: ImageRGB) -> ImageRGB:
        """The photo, in any size, at the size that it has in the square: (high, wide, 3)."""
        shrinks = image.shape[1] >= self.wide and image.shape[0] >= self.high
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(image, (self.wide, self.high), interpolation=how), np.uint8)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """A point of the photo in the square, both counted from centres of pixels.

        The page counts from the corner of the photo: the centre of its first pixel is (0.5, 0.5). These networks count
        from the centre of the first pixel, and add the half themselves.
        """
        return x * self.wide / self.width - 0.5, y * self.high / self.height - 0.5

    def logits(self, mask: NDArray[np.bool_]) -> Floats:
        """A mask (height, width) as the network would have answered it, (LOW, LOW); nothing is in the padding."""
        wide, high = (max(1, round(length * LOW / SQUARE_SIDE)) for length in (self.wide, self.high))
        share = cv2.resize(mask.view(np.uint8) * np.uint8(255), (wide, high), interpolation=cv2.INTER_AREA)
        square = np.full((LOW, LOW), -_SURE, np.float32)
        square[:high, :wide] = (share.astype(np.float32) / 255 * 2 - 1) * _SURE
        return square

    def strips(self, logits: Floats) -> Iterator[tuple[int, NDArray[np.bool_]]]:
        """The mask that logits (h, w) of the whole square mean in the photo: (first row, pixels) strip by strip."""
        left, right, share = _between(self.width, logits.shape[1] * self.wide / SQUARE_SIDE, logits.shape[1])
        columns = logits[:, left] * (1 - share) + logits[:, right] * share
        upper, lower, share = _between(self.height, logits.shape[0] * self.high / SQUARE_SIDE, logits.shape[0])
        rows = max(1, _STRIP_PIXELS // self.width)
        for top in range(0, self.height, rows):
            part = np.s_[top : top + rows]
            weight = share[part, None]
            yield top, columns[upper[part]] * (1 - weight) + columns[lower[part]] * weight > 0


def frame_of(
    width: int, height: int, *, stretched: bool, room: tuple[int, int] = (SQUARE_SIDE, SQUARE_SIDE)
) -> PaddedFrame:
    """How a photo of this size lies in the square.

    room: width and height that it has at most, where a file was made for a part of the square.
    """
    if stretched:
        return PaddedFrame(width, height, *room)
    scale = min(room[0] / width, room[1] / height)
    return PaddedFrame(width, height, max(1, int(width * scale + 0.5)), max(1, int(height * scale + 0.5)))


def _between(length: int, extent: float, cells: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """For each of `length` pixels over `extent` cells: the two cells around its centre, and the share of the second."""
    at = np.clip((np.arange(length) + 0.5) * (extent / length) - 0.5, 0, cells - 1)
    first = np.floor(at).astype(np.intp)
    return first, np.minimum(first + 1, cells - 1), (at - first).astype(np.float32)
