"""Regions of many images in a temporary file: memory holds only where each of them lies."""

import pickle
import tempfile
import weakref
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import IO, Any, overload

from prep.core.files import explained
from prep.labels.shapes.shapes import PARTS, PackedPolygon, Shape

_BLOCK = 1 << 22
"""Bytes of shapes that wait in memory before they are written; small sets never need the file."""

_PICKLED = 0


class RegionFile:
    """Shapes behind one another in a file without a name, which is gone with this object, or with the process."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._written = 0
        self._waiting = bytearray()
        self._lock = Lock()
        self._folder = Path(tempfile.gettempdir())

    def add(self, shape: Shape) -> tuple[int, int]:
        """Where a shape begins, and its length in bytes; SegError if the disk is full."""
        data = _packed(shape)
        with self._lock:
            start = self._written + len(self._waiting)
            self._waiting += data
            if len(self._waiting) >= _BLOCK:
                self._write()
        return start, len(data)

    def _write(self) -> None:
        """What waits; without a buffer, which would be written and read anew for every shape."""
        with explained(self._folder):
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # closed with this object
                weakref.finalize(self, self._file.close)
            self._file.seek(self._written)
            rest = memoryview(self._waiting)
            while rest:
                rest = rest[self._file.write(rest) :]
        self._written += len(self._waiting)
        self._waiting = bytearray()

    def read(self, start: int, length: int) -> Shape:
        """The shape that was added there."""
        with self._lock:
            if self._file is None or start >= self._written:
                data = bytes(self._waiting[start - self._written : start - self._written + length])
            else:
                with explained(self._folder):
                    self._file.seek(start)
                    data = self._file.read(length)
        return _unpacked(data)


def _packed(shape: Shape) -> bytes:
    if isinstance(shape, PackedPolygon) and shape.parts in PARTS:
        return bytes((1 + PARTS.index(shape.parts),)) + shape.data
    return bytes((_PICKLED,)) + pickle.dumps(shape, pickle.HIGHEST_PROTOCOL)


def _unpacked(data: bytes) -> Shape:
    if data[0] != _PICKLED:
        return PackedPolygon(data[1:], PARTS[data[0] - 1])
    shape: Shape = pickle.loads(data[1:])  # of this process, in a file that nobody else can open
    return shape


class FiledRegions(Sequence[tuple[str, Shape]]):
    """(name of the class, shape) of each region of an image, read as they are asked for.

    To another process they go as the tuple of what they hold.
    """

    def __init__(self, file: RegionFile) -> None:
        self._file = file
        self._names: list[str] = []
        self._starts, self._lengths = array("Q"), array("I")
        self.are_polygons = True

    def add(self, name: str, place: tuple[int, int], *, is_polygon: bool) -> None:
        """One more region, of which the shape lies at this place of the file."""
        self._names.append(name)
        self._starts.append(place[0])
        self._lengths.append(place[1])
        self.are_polygons &= is_polygon

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[tuple[str, Shape]]:
        return (self._at(number) for number in range(len(self)))

    @overload
    def __getitem__(self, key: int) -> tuple[str, Shape]: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[tuple[str, Shape], ...]: ...
    def __getitem__(self, key: int | slice) -> tuple[str, Shape] | tuple[tuple[str, Shape], ...]:
        """One region, or several."""
        if isinstance(key, slice):
            return tuple(self._at(number) for number in range(len(self))[key])
        return self._at(range(len(self))[key])

    def _at(self, number: int) -> tuple[str, Shape]:
        return self._names[number], self._file.read(self._starts[number], self._lengths[number])

    def __reduce__(self) -> tuple[Any, ...]:
        """As a plain tuple."""
        return tuple, (list(self),)
