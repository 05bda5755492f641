"""Arrays as .npy, .npz and .mat files hold them: what each declares, and its samples one at a time.

Nothing is unpickled, and no array is held whole that can be read in parts.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.files import explained, open_to_read, within_limits
from prep.labels.archive import member_names, open_archive
from prep.labels.array_samples import mat_arrays
from prep.labels.pixels.arrays import declared_array

_HEAD = 1 << 16
ARRAY, ARRAYS, MATLAB = ".npy", ".npz", ".mat"


@dataclass(frozen=True)
class StoredArray:
    """An array and where it lies. variable: its name inside of the file, empty where the file is one array.

    shape: as NumPy or MATLAB says it.  kind: the type of its numbers.  columns_first: whether the first side is the
    one that runs fastest.  start: where its numbers begin in a .npy file, or in the member of an .npz.
    """

    path: Path
    variable: str
    shape: tuple[int, ...]
    kind: np.dtype[Any]
    columns_first: bool = False
    start: int = 0

    @property
    def name(self) -> str:
        """How errors call it."""
        return f"{self.path}: {self.variable}" if self.variable else str(self.path)

    @property
    def is_matlab(self) -> bool:
        """Whether samples lie behind each other along the last side, and ids count from 1."""
        return self.path.suffix.lower() == MATLAB

    @property
    def bytes(self) -> int:
        """Of all its numbers."""
        return int(np.prod(self.shape, dtype=np.float64)) * self.kind.itemsize

    def parts(self, axis: int | None) -> Iterator[NDArray[Any]]:
        """The arrays along a side, one at a time; the whole array if there is no side. SegError if it is damaged."""
        with _reading(self.path):
            suffix = self.path.suffix.lower()
            if suffix == MATLAB:
                yield from mat_arrays.parts(self.path, self.variable, axis)
            elif suffix == ARRAYS:
                yield from self._of_member(axis)
            else:
                yield from _along(self._mapped(), axis)

    def _mapped(self) -> NDArray[Any]:
        if self.path.stat().st_size < self.start + self.bytes:
            raise self._short()
        order = "F" if self.columns_first else "C"
        return np.memmap(self.path, self.kind, "r", self.start, self.shape, order)  # type: ignore[call-overload,no-any-return]

    def _of_member(self, axis: int | None) -> Iterator[NDArray[Any]]:
        """Read in order where the samples lie one behind the other, else all at once."""
        in_order = axis == 0 and not self.columns_first
        shape = self.shape[1:] if in_order else self.shape
        length = int(np.prod(shape, dtype=np.int64)) * self.kind.itemsize
        try:
            with open_archive(self.path).open(f"{self.variable}{ARRAY}") as file:
                file.read(self.start)
                for _ in range(self.shape[0] if in_order else 1):
                    data = file.read(length)
                    if len(data) < length:
                        raise self._short()
                    values = np.frombuffer(data, self.kind).reshape(shape, order="F" if self.columns_first else "C")
                    yield from _along(values, None if in_order else axis)
        except SegError:
            raise
        except Exception as error:  # of zlib, zipfile and their likes on damaged bytes
            raise SegError(f"{self.path}: {self.variable} cannot be unpacked ({error}); save it again") from error

    def _short(self) -> SegError:
        return SegError(f"{self.name}: ends before the {self.shape} of {self.kind} that it declares; save it again")


def _along(values: NDArray[Any], axis: int | None) -> Iterator[NDArray[Any]]:
    if axis is None:
        yield np.asarray(values)
        return
    for number in range(values.shape[axis]):
        yield np.asarray(values[(slice(None),) * axis + (number,)])


def stored_arrays(path: Path) -> list[StoredArray]:
    """The arrays of numbers in a file with two sides or more, by what it declares; SegError if it is damaged."""
    with _reading(path):
        return [each for each in _arrays(path) if len(each.shape) > 1 and min(each.shape) > 0]


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """SegError for whatever a parser raises on a damaged file."""
    try:
        with within_limits(path), explained(path):
            yield
    except SegError:
        raise
    except Exception as error:  # of h5py, zlib, zipfile and their likes
        raise SegError(f"{path}: cannot be read ({error!s:.100}); save it again") from error


def _arrays(path: Path) -> Iterator[StoredArray]:
    suffix = path.suffix.lower()
    if suffix == ARRAY:
        with open_to_read(path) as file:
            yield from _declared(path, "", file.read(_HEAD))
    elif suffix == MATLAB:
        for variable, shape, kind in mat_arrays.declared(path):
            yield StoredArray(path, variable, shape, kind)
    else:
        for member in member_names(path):
            if member.endswith(ARRAY):
                with open_archive(path).open(member) as opened:
                    yield from _declared(path, member.removesuffix(ARRAY), opened.read(_HEAD))


def _declared(path: Path, variable: str, head: bytes) -> Iterator[StoredArray]:
    """The array that a head declares, none if it is of texts or objects."""
    kind, shape, columns_first, body = declared_array(f"{path}: {variable}" if variable else str(path), head)
    if kind.kind in "buif":
        yield StoredArray(path, variable, shape, kind, columns_first, len(head) - len(body))


def listed_names(path: Path) -> tuple[str, ...]:
    """The texts in a list called names, or the like, in a file of several arrays: those of its classes."""
    suffix = path.suffix.lower()
    try:
        with _reading(path):
            if suffix == MATLAB:
                return mat_arrays.names(path, NAME_VARIABLES)
            if suffix == ARRAYS:
                return _names_in(path)
    except SegError:  # whoever reads the pixels says what is wrong with the file; without names, values are asked about
        return ()
    return ()


NAME_VARIABLES = ("names", "classes", "class_names", "classnames", "labelnames", "label_names")
_MOST_NAMES = 1 << 16


def _names_in(path: Path) -> tuple[str, ...]:
    for member in member_names(path):
        if member.removesuffix(ARRAY).lower() in NAME_VARIABLES:
            with open_archive(path).open(member) as file:
                values = np.lib.format.read_array(io.BytesIO(file.read(_MOST_NAMES * 256)), allow_pickle=False)
            if values.ndim == 1 and values.dtype.kind in "US" and len(values) < _MOST_NAMES:
                return tuple(str(value.decode() if isinstance(value, bytes) else value) for value in values.tolist())
    return ()
