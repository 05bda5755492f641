"""Refuses .mat files that declare more than they hold, before a parser believes them.

Source of the layout: MathWorks, "MAT-File Format" (levels 4 and 5); version 7.3 is HDF5.
"""

import math
import struct
import zlib
from collections.abc import Iterator

from prep.core.words import counted
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
_V4_CODES = "dfihHBBBBB"
"""Of the kinds of numbers in level 4, for struct."""

_V4_SPARSE, _DOUBLE = 2, 8

_STRUCT, _OBJECT, _CHAR, _SPARSE, _COMPLEX = 2, 3, 4, 5, 1 << 11
_CLASS_BYTES = {_CELL: 1, _STRUCT: 256, _OBJECT: 256, _CHAR: 12, _SPARSE: 1}
_CLASS_BYTES |= {7: 4, 8: 1, 9: 1, 10: 2, 11: 2, 12: 4, 13: 4}
"""Of an element in memory, whatever it is stored as: MATLAB stores doubles that fit in a byte as bytes. Other classes
take 8. Cells are counted as they are met; structs without fields store nothing, and each becomes an object."""

_INNER_BYTES = 1 << 10
"""Of a cell or a field, however little it holds: what the objects of Python take, which also are slow to make."""


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
        item = struct.calcsize(_V4_CODES[kind // 10 % 10])
        is_sparse = kind % 10 == _V4_SPARSE
        size = rows * columns * item * (2 if is_complex and not is_sparse else 1)
        start = position + 20 + name
        position = start + size
        if position > len(data):
            raise ValueError("it declares more than it holds")
        yield size
        if is_sparse and min(rows, columns):
            yield _DOUBLE * _v4_side(data, start, f"{order}{_V4_CODES[kind // 10 % 10]}", rows, columns)


def _v4_side(data: bytes, start: int, code: str, rows: int, columns: int) -> int:
    """The longer side of a sparse matrix, which stands in the last of its rows; a parser makes a number for each."""
    places = (start + ((column + 1) * rows - 1) * struct.calcsize(code) for column in range(min(2, columns)))
    return int(min(MAX_BYTES, max(0.0, *(float(struct.unpack_from(code, data, place)[0]) for place in places))))


def _elements(data: memoryview, order: str, depth: int) -> Iterator[int]:
    """What the elements declare that stand one behind the other; below depth 0 these are the parts of a matrix."""
    if depth > _MAX_DEPTH:
        raise ValueError("it nests cells too deeply")
    position, number, inner, is_cell, wanted, weight = 0, 0, 0, False, 0, _DOUBLE
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
            flags = int.from_bytes(content[:4], "little" if order == "<" else "big") if length >= 4 else 0
            is_cell = flags & 0xFF == _CELL
            weight = _CLASS_BYTES.get(flags & 0xFF, _DOUBLE) * (2 if flags & _COMPLEX else 1)
        elif depth and number == 1 and kind == _DIMENSIONS:
            wanted = math.prod(max(0, side) for side in struct.unpack_from(f"{order}{length // 4}i", content))
            yield wanted * weight
        if kind == _COMPRESSED:
            content = _unpacked(content)
            yield len(content)
            yield from _elements(content, order, depth)
        elif kind == _MATRIX:
            inner += 1
            yield _INNER_BYTES if depth else 0
            yield from _elements(content, order, depth + 1)
        elif kind in _BYTES and (nested := _order(content, 2)) and len(content) > 16:  # objects: a file in a file
            yield from _elements(content[8:], nested, depth + 1)
        position = end if kind == _COMPRESSED else end + -end % 8 if depth else end
        number += 1
    if is_cell and inner != wanted:
        raise ValueError(f"it declares {counted(wanted, 'cell')} and holds {inner}")


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
