"""How a raster is divided into samples: rows and columns of rectangles."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Cell:
    """A rectangle of pixels of a raster, and the name that it adds to the raster's: r07_c12."""

    name: str
    left: int
    top: int
    width: int
    height: int


def cells_of(width: int, height: int, size: int, overlap: int = 0) -> Iterator[list[Cell]]:
    """The rectangles that cover a raster, row by row.

    size: pixels of the longest side. Without an overlap the raster is divided into equal parts, no pixel twice; with
    one, all are of this size (or the raster's, if that is smaller), and neighbours share at least so many pixels.
    """
    downs, acrosses = _parts(height, size, overlap), _parts(width, size, overlap)
    digits = len(str(len(downs) - 1)), len(str(len(acrosses) - 1))
    for row, (top, bottom) in enumerate(downs):
        yield [
            Cell(
                f"r{row:0{digits[0]}}_c{column:0{digits[1]}}",
                *(left, top, right - left, bottom - top),
            )
            for column, (left, right) in enumerate(acrosses)
        ]


def is_cut_from(stem: str, raster: str) -> bool:
    """Whether a sample of this stem may have been cut out of a raster of that stem."""
    return re.fullmatch(rf"{re.escape(raster)}_r\d+_c\d+", stem) is not None


def _parts(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    if length <= size:
        return [(0, length)]
    number = -(-(length - overlap) // (size - overlap))
    if not overlap:
        return list(pairwise(round(part * length / number) for part in range(number + 1)))
    starts = [round(part * (length - size) / (number - 1)) for part in range(number)]
    return [(start, start + size) for start in starts]
