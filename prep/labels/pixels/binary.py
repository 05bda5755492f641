"""Masks of one class or one object: what is inside, whatever the values are called."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.labels.labelio import decode_label_colors, decode_label_ids, label_kind
from prep.labels.pixels.rgb import opaque_from

_EDGE = (32, 224)
_MOST_EDGES = 0.15
"""Greys between black and white that JPEG and blurred edges leave have a smaller share than this."""


def inside_of(path: Path) -> NDArray[np.bool_]:
    """(H, W) whether each pixel is inside; SegError if the file is damaged or holds more than two values."""
    return _inside(path, _greys(path, read_bytes(path)))


def _inside(path: Path, values: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.bool_]:
    if len(np.unique(values[::7, ::7])) <= 2 and len(found := np.unique(values)) <= 2:
        return values > (found[0] if len(found) == 2 else 0)
    between = np.count_nonzero((values > _EDGE[0]) & (values < _EDGE[1]))
    if values.dtype != np.uint8 or values.max() < _EDGE[1] or between > _MOST_EDGES * values.size:
        raise SegError(f"{path}: holds more than two values, and a mask of one class or object has two")
    return values > 127


def is_two_valued(path: Path, data: bytes | None = None) -> bool:
    """Whether a file can be read so; also a damaged one: converting it will say what is wrong with it.

    data: its bytes where it is a member of a zip file.
    """
    try:
        values = _greys(path, read_bytes(path) if data is None else data)
    except SegError:
        return True
    try:
        return _inside(path, values).ndim == 2
    except SegError:
        return False


def _greys(path: Path, data: bytes) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """(H, W) ids, or the brightest channel of colours, 0 where half-transparent; of a black layer, how opaque it is."""
    if label_kind(path, data) == "grey":
        return decode_label_ids(path, data)
    colors, alpha = decode_label_colors(path, data)
    brightest: NDArray[np.uint8] = colors.max(axis=2)
    if alpha is None:
        return brightest
    painted = (alpha >= opaque_from(path, data)) & (alpha > 0)
    seen = np.where(painted, brightest, np.uint8(0))
    return np.where(painted, alpha, np.uint8(0)) if not seen.any() and not painted.all() else seen
