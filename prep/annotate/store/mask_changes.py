"""The changed parts of a mask as a page sends them: rectangles of class indices, one after the other."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX
from prep.images.imageio import IndexMask
from prep.web.guard import Refusal

_HEADER = struct.Struct("<4I")


@dataclass(frozen=True)
class MaskChange:
    """Class indices (height, width) for the rectangle whose top left pixel is (x, y)."""

    x: int
    y: int
    pixels: NDArray[np.uint8]


def most_bytes(width: int, height: int) -> int:
    """How long a body for a mask of this size may be: its changes may be small, or lie one over the other."""
    return 2 * width * height + 2**20


def read_changes(body: bytes, width: int, height: int, classes: int) -> list[MaskChange]:
    """Changes of a mask of this size, each as x, y, width, height (uint32, little endian) and width x height bytes.

    Refusal (400) if the body ends within a change or holds none, if a change leaves the mask, or if a value is neither
    a class (0..classes-1) nor 255; also if there is no class.
    """
    if not classes:  # a dataset with a mask but without a class cannot be opened
        raise Refusal(400, "There are no classes yet. Make one first; nothing was saved.")
    changes: list[MaskChange] = []
    start = 0
    while start < len(body):
        if len(body) - start < _HEADER.size:
            raise Refusal(400, f"The body ends within the header of change {len(changes)}; nothing was saved.")
        x, y, across, down = _HEADER.unpack_from(body, start)
        start += _HEADER.size
        if not (across and down and x + across <= width and y + down <= height):
            text = (
                f"Change {len(changes)} ({x}, {y}, {across} x {down}) does not lie in the image of {width} x {height}"
            )
            raise Refusal(400, f"{text} pixels; nothing was saved.")
        if len(body) - start < across * down:
            raise Refusal(400, f"The body ends within the pixels of change {len(changes)}; nothing was saved.")
        pixels = np.frombuffer(body, np.uint8, across * down, start).reshape(down, across)
        start += across * down
        _refuse_strange_values(pixels, classes)
        changes.append(MaskChange(x, y, pixels))
    if not changes:
        raise Refusal(400, "The body holds no change; nothing was saved.")
    return changes


def _refuse_strange_values(pixels: NDArray[np.uint8], classes: int) -> None:
    strange = (pixels >= classes) & (pixels != IGNORE_INDEX)
    if strange.any():
        text = f"The value {pixels[strange][0]} is no class (only 0 to {classes - 1} are)"
        raise Refusal(400, f"{text}; nothing was saved.")


def changed(mask: IndexMask, changes: Sequence[MaskChange]) -> IndexMask:
    """The mask (H, W) with the changes laid over it, the later ones on top; a new array."""
    new = mask.copy()
    for change in changes:
        height, width = change.pixels.shape
        new[change.y : change.y + height, change.x : change.x + width] = change.pixels
    return new
