"""Run lengths of a region as COCO writes them: down the columns, beginning with the pixels outside.

The compressed form is that of pycocotools (common/maskApi.c, rleToString): differences to the run before the last
one, in groups of five bits, each group a character from '0' on.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError

_MOST_GROUPS = 7
"""Groups of five bits in a run of COCO, which has 32 bits."""


def encode_runs(region: NDArray[np.bool_]) -> list[int]:
    """Lengths of the runs of a region (H, W), by turns outside and inside; the first may be 0."""
    flat = np.asarray(region, np.bool_).ravel(order="F")
    changes = np.flatnonzero(np.diff(flat, prepend=np.False_))
    runs: list[int] = np.diff(changes, prepend=0, append=flat.size).tolist()
    return runs


def decode_runs(counts: Sequence[int], height: int, width: int) -> NDArray[np.bool_]:
    """The region (height, width) of run lengths; SegError if they are no whole numbers or do not fill it exactly."""
    runs = _whole_numbers(counts)
    if runs.min() < 0:
        raise SegError(f"a run length is negative ({runs.min()}); export this annotation again")
    size = height * width
    if len(runs) > size + 1 or runs.max() > size or runs.sum() != size:
        raise SegError(
            f"the run lengths do not fill an image of {width} x {height} pixels; "
            "export this annotation again, or correct the size that stands beside it"
        )
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return np.ascontiguousarray(flat.reshape(width, height).T)


def _whole_numbers(counts: Sequence[int]) -> NDArray[np.integer]:
    try:
        runs = np.asarray(counts) if len(counts) else np.zeros(1, np.int64)
    except ValueError:  # lists of unequal lengths inside
        runs = np.empty(0)
    if runs.ndim != 1 or runs.dtype.kind not in "iu":
        raise SegError("run lengths must be a list of whole numbers; export this annotation again")
    return runs


def compress(counts: Sequence[int]) -> str:
    """Write run lengths as COCO's compressed string."""
    characters = bytearray()
    for position, run in enumerate(counts):
        rest = run - counts[position - 2] if position > 2 else run
        more = True
        while more:
            group, rest = rest & 0x1F, rest >> 5
            more = rest != (-1 if group & 0x10 else 0)
            characters.append(48 + group + (0x20 if more else 0))
    return characters.decode("ascii")


def decompress(text: str) -> list[int]:
    """Read COCO's compressed string as run lengths; SegError if it is damaged or a run is negative."""
    counts: list[int] = []
    value = groups = 0
    for character in text:
        code = ord(character) - 48
        if not 0 <= code < 64 or groups == _MOST_GROUPS:
            raise _damaged()
        value |= (code & 0x1F) << 5 * groups
        groups += 1
        if code & 0x20:
            continue
        if code & 0x10:
            value -= 1 << 5 * groups
        if len(counts) > 2:
            value += counts[-2]
        if value < 0:
            raise _damaged()
        counts.append(value)
        value = groups = 0
    if groups:
        raise _damaged()
    return counts


def _damaged() -> SegError:
    return SegError("the compressed run lengths are damaged; export this annotation again")
