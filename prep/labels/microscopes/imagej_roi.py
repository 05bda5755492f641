"""A ROI of ImageJ: a small file of big-endian numbers that says an outline.

Source of the layout: https://imagej.net/ij/developer/source/ij/io/RoiDecoder.java.html. Whole numbers are pixels from
the corner of the bounding box; version 222 added outlines between pixels.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prep.core.errors import SegError
from prep.images.polygons import Ring
from prep.labels.shapes.shapes import Polygon, ellipse, rectangle

_MAGIC = b"Iout"
_HEADER = 64
_SUBPIXEL = 128
_POLYGON, _RECTANGLE, _OVAL, _FREEHAND, _TRACED = 0, 1, 2, 7, 8
_KINDS = {3: "line", 4: "freehand line", 5: "line", 6: "nothing", 9: "angle", 10: "point"}
_TEXT, _PICTURE = 1, 4
_NUMBERS = (2, 2, 4, 6, 0)
"""How many numbers follow a step of a path: move, line, curve, curve of two, close."""


@dataclass(frozen=True)
class Roi:
    """What a file holds: the outline, None where it encloses nothing (`kind` says what it is), and the slice it is on.

    name: as the file itself says it; empty if it does not.
    """

    name: str
    shape: Polygon | None
    kind: str
    position: int


def is_roi(data: bytes) -> bool:
    """Whether the file content begins as a ROI does."""
    return data[:4] == _MAGIC


def parse_roi(path: Path, data: bytes) -> Roi:
    """Read one; SegError if it is damaged."""
    try:
        return _parsed(data)
    except (struct.error, ValueError, IndexError) as error:
        raise SegError(f"{path}: no ROI of ImageJ, or a damaged one; save it again in ImageJ") from error


def _parsed(data: bytes) -> Roi:
    if not is_roi(data) or len(data) < _HEADER:
        raise ValueError
    version, kind = struct.unpack_from(">hB", data, 4)
    top, left, bottom, right, count = struct.unpack_from(">4hH", data, 8)
    size, subtype, options, position, second = *struct.unpack_from(">i", data, 18), *_options(data)
    subpixel = bool(options & _SUBPIXEL) and version >= 222
    name, position = _second_header(data, second, position)
    shape: Polygon | None = None
    if struct.unpack_from(">i", data, 36)[0] > 0:
        shape = Polygon(tuple(_path(data, struct.unpack_from(">i", data, 36)[0])))
    elif kind in (_RECTANGLE, _OVAL) and subtype not in (_TEXT, _PICTURE):
        box = struct.unpack_from(">4f", data, 18) if subpixel and version >= 223 else None
        x, y, width, height = box or (left, top, right - left, bottom - top)
        oval = kind == _OVAL
        shape = (
            ellipse(x + width / 2, y + height / 2, width / 2, height / 2)
            if oval
            else rectangle(x, y, x + width, y + height)
        )
    elif kind in (_POLYGON, _FREEHAND, _TRACED):
        shape = Polygon((_corners(data, count or size, left, top, subpixel=subpixel),))
    return Roi(name, shape, "text" if subtype == _TEXT else _KINDS.get(kind, "kind that is not known"), position)


def _options(data: bytes) -> tuple[int, int, int, int]:
    subtype, options = struct.unpack_from(">2h", data, 48)
    position, second = struct.unpack_from(">2i", data, 56)
    return subtype, options, position, second


def _second_header(data: bytes, at: int, position: int) -> tuple[str, int]:
    """The name, and the slice."""
    if not 0 < at <= len(data) - 52:
        return "", position
    z = struct.unpack_from(">i", data, at + 8)[0]
    start, length = struct.unpack_from(">2i", data, at + 16)
    name = data[start : start + 2 * length].decode("utf-16-be", errors="replace") if start > 0 and length > 0 else ""
    return name, z or position


def _corners(data: bytes, count: int, left: int, top: int, *, subpixel: bool) -> Ring:
    """X of all corners, then y; between pixels they stand once more, as floats from the corner of the image."""
    if not 0 < count < len(data):
        raise ValueError
    if subpixel:
        return np.frombuffer(data, ">f4", 2 * count, _HEADER + 4 * count).reshape(2, count).T.astype(np.float64)
    numbers = np.frombuffer(data, ">i2", 2 * count, _HEADER).reshape(2, count).T.astype(np.float64)
    return np.add(numbers, (left, top))


def _path(data: bytes, size: int) -> list[Ring]:
    """The rings of several outlines in one: steps of a path, of which curves are taken as lines to their ends."""
    numbers = np.frombuffer(data, ">f4", size, _HEADER).astype(np.float64).tolist()
    rings: list[list[list[float]]] = []
    at = 0
    while at < len(numbers):
        step = int(numbers[at])
        if not 0 <= step < len(_NUMBERS):
            raise ValueError
        values = numbers[at + 1 : at + 1 + _NUMBERS[step]]
        if step == 0:
            rings.append([])
        if values:
            rings[-1].append(values[-2:])
        at += 1 + len(values)
    return [np.array(ring, np.float64) for ring in rings if ring]
