"""Arrays in .mat files: of version 7.3 (HDF5) a sample at a time, of older ones from the whole file."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prep.core.cache import while_unchanged
from prep.core.errors import SegError
from prep.core.files import explained, open_to_read
from prep.labels.matlab.matfile import load_mat, texts

_MARK = 126
_HDF = 2
_MOST_CHUNK = 1 << 28
"""Bytes of a chunk, which is unpacked whole."""

_LONGEST, _MOST_NAMES = 1000, 1 << 16
_FILTERS = frozenset({"", "gzip", "lzf"})


def declared(path: Path) -> Iterator[tuple[str, tuple[int, ...], np.dtype[Any]]]:
    """Name, shape and type of each array of numbers; SegError if the file is damaged."""
    if not _is_hdf(path):
        for name, value in _variables(path).items():
            if _is_array(value):
                yield name, value.shape, value.dtype
        return
    with _opened(path) as file:
        for name, item in _datasets(file):
            if item.dtype.kind in "buif":
                yield name, item.shape[::-1], item.dtype


def parts(path: Path, variable: str, axis: int | None) -> Iterator[NDArray[Any]]:
    """The arrays along a side (of MATLAB's order of sides), or the whole array; SegError if it is damaged."""
    if not _is_hdf(path):
        values = _variables(path)[variable]
        for number in range(values.shape[axis] if axis is not None else 1):
            yield values if axis is None else np.take(values, number, axis)
        return
    with _opened(path) as file:
        item = dict(_datasets(file))[variable]
        chunk = math.prod(item.chunks or (0,)) * item.dtype.itemsize
        if item.compression not in (None, *_FILTERS) or chunk > _MOST_CHUNK:
            raise SegError(f"{path}: {variable} is packed in a way that is not read; save it again with -v7.3")
        side = None if axis is None else item.ndim - 1 - axis
        for number in range(1 if side is None else item.shape[side]):
            part = item[()] if side is None else item[(slice(None),) * side + (number,)]
            yield np.asarray(part).T


def names(path: Path, wanted: Sequence[str]) -> tuple[str, ...]:
    """The texts of a cell array with one of these names; nothing if there is none."""
    if not _is_hdf(path):
        found = next((value for name, value in _variables(path).items() if name.lower() in wanted), None)
        return tuple(texts(found)) if found is not None else ()
    import h5py

    with _opened(path) as file:
        for name in file:
            item = file.get(name)
            if name.lower() in wanted and isinstance(item, h5py.Dataset) and item.size < _MOST_NAMES:
                return tuple(_text(file, reference) for reference in item[()].ravel(order="F"))
    return ()


def _text(file: Any, reference: Any) -> str:  # noqa: ANN401  # h5py has no types
    letters = file[reference]
    return "".join(map(chr, letters[()].ravel(order="F").tolist())) if letters.size < _LONGEST else ""


def _is_hdf(path: Path) -> bool:
    with explained(path), open_to_read(path) as file:
        head = file.read(_MARK + 2)
    return len(head) == _MARK + 2 and head[_MARK - 1 if head[_MARK:] == b"IM" else _MARK - 2] == _HDF


@while_unchanged()
def _variables(path: Path) -> dict[str, Any]:
    """The variables of a file, which is asked for its declarations first and for its numbers then."""
    return load_mat(path)


def _is_array(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, np.ndarray) and value.dtype.kind in "buif"


def _opened(path: Path) -> Any:  # noqa: ANN401
    try:
        import h5py

        return h5py.File(path, "r")
    except ImportError as error:
        load_mat(path)  # says what to install
        raise SegError(f"{path}: MATLAB files need the package h5py") from error
    except Exception as error:
        raise SegError(f"{path}: cannot be read as a MATLAB file; copy it again") from error


def _datasets(file: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Those that lie in the file itself."""
    import h5py

    for name in file:
        if isinstance(file.get(name, getlink=True), h5py.HardLink):
            item = file.get(name)
            if isinstance(item, h5py.Dataset) and not item.external and not item.is_virtual:
                yield name, item
