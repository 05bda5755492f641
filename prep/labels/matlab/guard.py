"""Refuses .mat files that declare more than they hold, before a parser believes them.

Source of the layout: MathWorks, "MAT-File Format" (levels 4 and 5); version 7.3 is HDF5.
"""

import math
import struct
import zlib
from collections.abc import Iterator

from prep.labels.matlab.hdf_guard import declared_hdf

MAX_BYTES = 1 << 29
"""Of a file, of what it unpacks to, and of the elements it declares: 64 megapixels of doubles."""

_PIECE = 1 << 16
"""Bytes that are unpacked at a time, of packed and of unpacked content."""

_MAX_DEPTH = 100
"""Cells in cells; a groundTruth object needs about ten. Parsers recurse, and a full stack ends the process."""

_DIMENSIONS, _MATRIX, _COMPRESSED = 5, 14, 15
_KINDS = frozenset({*range(1, 8), 9, *range(12, 19)})
"""Of elements, by the standard: scipy's parser ends the process on others."""

_BYTES = (1, 2)
_CELL = 1
_V4_SIZES = (8, 4, 4, 2, 2, 1)


def check_declared(data: bytes) -> None:
    """Check a .mat file of any version.

    Raises ValueError if it nests too deeply, lies about sizes, becomes larger than MAX_BYTES or points to other files,
    OSError if it is damaged HDF5.
    """
    total = 0
    for size in _declared(data):
        total += size
        if total > MAX_BYTES:
            raise ValueError(f"it declares more than {MAX_BYTES >> 20} MB")


def _declared(data: bytes) -> Iterator[int]:
    """Numbers of bytes, or of elements, that a parser will make."""
    order = _order(data)
    if order and data[125 if order == "<" else 124] == 2:
        return declared_hdf(data, _MAX_DEPTH)
    return _elements(memoryview(data)[128:], order, 0) if order else _matrices_v4(data)


def _order(data: bytes | memoryview, at: int = 126) -> str:
    return {b"IM": "<", b"MI": ">"}.get(bytes(data[at : at + 2]), "")


def _matrices_v4(data: bytes) -> Iterator[int]:
    position = 0
    while position + 20 <= len(data):
        order = "<" if struct.unpack_from("<I", data, position)[0] < 5000 else ">"
        kind, rows, columns, is_complex, name = struct.unpack_from(f"{order}5I", data, position)
        item = _V4_SIZES[min(kind // 10 % 10, len(_V4_SIZES) - 1)]
        size = rows * columns * item * (2 if is_complex else 1)
        position += 20 + name + size
        if position > len(data):
            raise ValueError("it declares more than it holds")
        yield size


def _elements(data: memoryview, order: str, depth: int) -> Iterator[int]:
    """What the elements declare that stand one behind the other; below depth 0 these are the parts of a matrix."""
    if depth > _MAX_DEPTH:
        raise ValueError("it nests cells too deeply")
    position, number, inner, is_cell, wanted = 0, 0, 0, False, 0
    while position + 8 <= len(data):
        kind, length = struct.unpack_from(f"{order}II", data, position)
        start, end = position + 8, position + 8 + length
        if kind >> 16:  # small: kind and length in four bytes, the content in the next four
            kind, length, start, end = kind & 0xFFFF, kind >> 16, position + 4, position + 8
        if start + length > len(data):
            raise ValueError("it declares more than it holds")
        if kind not in _KINDS:
            raise ValueError(f"it holds an element of the unknown kind {kind}")
        content = data[start : start + length]
        if depth and number == 0:
            is_cell = length >= 4 and content[0 if order == "<" else 3] == _CELL
        elif depth and number == 1 and kind == _DIMENSIONS:
            wanted = math.prod(max(0, side) for side in struct.unpack_from(f"{order}{length // 4}i", content))
            yield wanted
        if kind == _COMPRESSED:
            content = _unpacked(content)
            yield len(content)
            yield from _elements(content, order, depth)
        elif kind == _MATRIX:
            inner += 1
            yield from _elements(content, order, depth + 1)
        elif kind in _BYTES and (nested := _order(content, 2)) and len(content) > 16:  # objects: a file in a file
            yield from _elements(content[8:], nested, depth + 1)
        position = end if kind == _COMPRESSED else end + -end % 8 if depth else end
        number += 1
    if is_cell and inner != wanted:
        raise ValueError(f"it declares {wanted} cells and holds {inner}")


def _unpacked(content: memoryview) -> memoryview:
    """At most one byte more than is allowed, a piece at a time: at once, zlib would hold it twice."""
    unpacker, data = zlib.decompressobj(), bytearray()
    try:
        for start in range(0, len(content), _PIECE):
            piece: bytes | memoryview = content[start : start + _PIECE]
            while piece and len(data) <= MAX_BYTES and not unpacker.eof:
                data += unpacker.decompress(piece, min(_PIECE, MAX_BYTES + 1 - len(data)))
                piece = unpacker.unconsumed_tail
    except zlib.error as error:
        raise ValueError(f"damaged: {error}") from error
    return memoryview(data)
