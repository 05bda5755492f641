"""Weighs a .mat file of version 7.3 (HDF5) as a parser will unpack it, before it does.

Cells and structs are references to objects, and an object that several refer to is unpacked once for each of them: a
few kilobytes can stand for any amount of memory and time.
"""

import io
import math
import re
from collections.abc import Iterator
from typing import Any

_SPARE_VISITS = 20_000
"""Besides one for each byte of the file, which holds a reference in eight of them."""

_CHAR, _CHAR_TIMES = b"char", 6
"""Letters, stored in two bytes each, become text of four bytes each, twice."""

_EMPTY_BYTES = 256
"""Of an element of an empty array: of structs without fields it is a dictionary each."""

_HEAP, _HEAP_OBJECT = rb"GCOL\x01\0\0\0", 16
"""How a global heap begins, and bytes before the content of an object in it."""

_OPEN_SIDES = 32
"""Most sides that an empty array may state."""


def declared_hdf(data: bytes, max_depth: int) -> Iterator[int]:
    """Numbers of bytes that a parser will make of what is there, each once for every reference to it.

    Raises ValueError if it points to other files, refers to itself, nests deeper than `max_depth`, repeats references
    as no honest file does, or holds data of kinds that MATLAB does not write; OSError if it is damaged HDF5.
    """
    import h5py  # comes with mat-io

    _refuse_endless_heaps(data)
    sizes: list[int] = []

    def leads_out(_: str, link: object) -> bool | None:
        return isinstance(link, h5py.ExternalLink) or None

    def is_elsewhere(_: str, item: object) -> bool | None:
        if isinstance(item, h5py.Dataset):
            sizes.append(_bytes_at_once(item))
            return bool(item.external) or item.is_virtual or None
        return None

    with h5py.File(io.BytesIO(data), "r") as file:
        if file.id.get_create_plist().get_sizes() != (8, 8):
            raise ValueError("it counts bytes as MATLAB does not")
        if file.visititems_links(leads_out) or file.visititems(is_elsewhere):  # None goes on, anything else stops
            raise ValueError("it points to other files")
        yield from sizes  # whoever adds them up stops before references are read
        size, visits = _Weigher(file, max_depth).weigh(file, 0)
        if visits > len(data) + _SPARE_VISITS:
            raise ValueError("it refers to the same contents over and over")
        yield max(0, size - sum(sizes))


def _refuse_endless_heaps(data: bytes) -> None:
    """ValueError for a global heap with free room of no size, which HDF5 reads over and over; nothing stops it.

    Layout: HDF5 File Format Specification, III.E, with lengths of eight bytes. Other damage HDF5 tells itself.
    """
    objects = 0
    for heap in re.finditer(_HEAP, data):
        at = heap.end() + 8
        end = min(heap.start() + int.from_bytes(data[heap.end() : at], "little"), len(data))
        while at + _HEAP_OBJECT <= end:
            objects += 1
            number, size = int.from_bytes(data[at : at + 2], "little"), int.from_bytes(data[at + 8 : at + 16], "little")
            if not (number or size) or objects > len(data) // _HEAP_OBJECT:  # more than fit in: heaps lie in each other
                raise ValueError("one of its heaps is damaged")
            at += _HEAP_OBJECT + -(-size // 8) * 8 if number else size  # that of free room counts its header


class _Weigher:
    """Weighs each object once, however many refer to it."""

    def __init__(self, file: Any, max_depth: int) -> None:  # noqa: ANN401  # h5py has no types
        self._file = file
        self._max_depth = max_depth
        self._known: dict[int, tuple[int, int]] = {}

    def weigh(self, item: Any, depth: int) -> tuple[int, int]:  # noqa: ANN401
        """Bytes, and visits to objects, that unpacking an object takes."""
        import h5py

        if depth > self._max_depth:
            raise ValueError("it nests cells too deeply")
        address = int(h5py.h5o.get_info(item.id).addr)
        if address not in self._known:
            size = _own_size(item) if isinstance(item, h5py.Dataset) else 0
            below = [self.weigh(child, depth + 1) for child in self._children(item)]
            self._known[address] = size + sum(weight for weight, _ in below), 1 + sum(visits for _, visits in below)
        return self._known[address]

    def _children(self, item: Any) -> Iterator[Any]:  # noqa: ANN401
        """One after the other: what refers to itself is found out before many objects are opened."""
        import h5py

        if isinstance(item, h5py.Group):
            named = (item.get(name) for name in item if name != "#refs#")
            yield from (child for child in named if isinstance(child, h5py.Group | h5py.Dataset))
        elif isinstance(item, h5py.Dataset) and h5py.check_ref_dtype(item.dtype) is h5py.Reference:
            yield from (self._file[reference] for reference in item[()].ravel() if reference)


def _own_size(item: Any) -> int:  # noqa: ANN401
    import h5py

    kind = item.dtype
    if kind.hasobject and h5py.check_ref_dtype(kind) is not h5py.Reference:
        raise ValueError("it holds data of a kind that MATLAB does not write")
    if item.attrs.get("MATLAB_empty", 0):  # its content is the size
        if item.size > _OPEN_SIDES:
            raise ValueError("it declares an array of too many sides")
        return _EMPTY_BYTES * math.prod(max(0, int(side)) for side in item[()].ravel())
    return _bytes_at_once(item) * (_CHAR_TIMES if item.attrs.get("MATLAB_class") == _CHAR else 1)


def _bytes_at_once(item: Any) -> int:  # noqa: ANN401
    """Of the array, or of one of its chunks, which is unpacked whole and may be larger than the array."""
    return int(max(item.nbytes, math.prod(item.chunks or (0,)) * item.dtype.itemsize))
