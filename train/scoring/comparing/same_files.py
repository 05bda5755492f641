"""Files of equal content, whatever they are called."""

import filecmp
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_PART = 1 << 12
"""Bytes from the middle of files of one size that are looked at first: all without compression are as large."""


def same_files(ours: Iterable[Path], theirs: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """Each of our files with the first of theirs that has the same bytes; what cannot be read is like no other.

    Of files whose size no other has, nothing is read.
    """
    by_size: dict[int, list[Path]] = defaultdict(list)
    for path in theirs:
        with suppress(OSError):
            by_size[path.stat().st_size].append(path)
    by_part: dict[int, dict[bytes, list[Path]]] = {}
    for path in ours:
        with suppress(OSError):
            size = path.stat().st_size
            if size not in by_size:
                continue
            if size not in by_part:
                by_part[size] = _by_part(by_size[size], size)
            for other in by_part[size].get(_part(path, size), ()):
                if filecmp.cmp(path, other, shallow=False):
                    yield path, other
                    break


def _by_part(paths: Iterable[Path], size: int) -> dict[bytes, list[Path]]:
    found: dict[bytes, list[Path]] = defaultdict(list)
    for path in paths:
        with suppress(OSError):
            found[_part(path, size)].append(path)
    return found


def _part(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, (size - _PART) // 2))
        return file.read(_PART)
