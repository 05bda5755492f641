"""Whether run lengths were counted along the rows or down the columns, which their files do not say."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.images.imageio import IndexMask
from prep.labels.shapes.shapes import Shape
from prep.photos.photoio import open_photo

ALONG_ROWS, DOWN_COLUMNS = "rows", "columns"

_LOOKED_AT = 12
_CLEARLY = 1.3
"""The wrong order tears regions into stripes: it has so many times the outline of the right one."""


def order_of(shapes: Mapping[Path, Sequence[tuple[Shape, Shape]]]) -> tuple[str, str]:
    """The order in which regions have the shorter outlines, and a note on it; down the columns if none has.

    shapes: of each photo, its regions read along the rows and down the columns.
    """
    lengths = np.zeros(2)
    looked = 0
    for photo, pairs in shapes.items():
        width, height = open_photo(photo).upright_size
        if width != height and pairs:  # of a square both orders have the same outlines
            lengths += [_outline(height, width, [pair[which] for pair in pairs]) for which in (0, 1)]
            looked += 1
        if looked == _LOOKED_AT:
            break
    rows, columns = lengths.tolist()
    if rows * _CLEARLY < columns:
        return (
            ALONG_ROWS,
            "run lengths are read along the rows: down the columns the regions would be torn into stripes",
        )
    if columns * _CLEARLY < rows:
        return (
            DOWN_COLUMNS,
            "run lengths are read down the columns: along the rows the regions would be torn into stripes",
        )
    return DOWN_COLUMNS, (
        "run lengths are read down the columns, as most competitions have them, and the file does not say it: look at "
        "some masks; --variable rows reads them along the rows"
    )


def _outline(height: int, width: int, shapes: Sequence[Shape]) -> float:
    """How many neighbours differ; endless where the runs do not fit the image."""
    mask: IndexMask = np.zeros((height, width), np.uint8)
    try:
        for shape in shapes:
            shape.paint(mask, 1)
    except SegError:
        return float("inf")
    return float(_changes(mask) + _changes(mask.T))


def _changes(mask: NDArray[np.uint8]) -> int:
    return int(np.count_nonzero(mask[1:] != mask[:-1]))
