"""Signs of the low frequencies of images: which pairs differ in few of them, in which of the eight orientations.

All pairs are compared, so that none is missed, but at some nanoseconds a pair for its eight orientations together: a
flip only turns the sign of the odd frequencies, so that bits that differ are counted once for each parity of the two
frequencies, byte by byte, and the four flips are sums of these four numbers. Signs that differ in up to a third of
their bits have no index that would find all of them: bands of bits and trees come down to comparing nearly all pairs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Orientation = tuple[bool, bool, bool]
"""(transposed, upside down, left for right), done in this order."""

UPRIGHT: Orientation = (False, False, False)

_FREQUENCIES = 12
_BITS = _FREQUENCIES * _FREQUENCIES - 1
"""Signs of the lowest 12 x 12 frequencies without the mean; different images differ in 72 +- 6 of them."""

# Chosen on 337 photos of cracks, 54 aerial, 20 campus and 100 synthetic images, with copies of known kind:
# every pair joined shows one scene, and of copies that are re-encoded, scaled or brightened none is missed.
_MOST_BITS = 48
# A turned or flipped image is a copy, never a second photo, so it has to fit better.
_MOST_BITS_TURNED = 30

_PARITIES = ((0, 0), (0, 1), (1, 0), (1, 1))
_PARITY_BITS, _PARITY_BYTES = 36, 5

ORIENTATIONS: tuple[Orientation, ...] = tuple(
    (transposed, down, across) for transposed in (False, True) for down in (False, True) for across in (False, True)
)

_TRANSPOSED_BYTES = 3
"""Of each parity, where few bits may differ: what differs in more of these bits does in more of all."""

_ROWS, _COLUMNS = 128, 4096
"""Pairs compared at once: their counts, 2.5 MB, stay in a cache."""

_PAIRS = 2048
"""Close pairs given at once."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class ClosePairs:
    """Pairs of which few signs differ when the other one is brought into an orientation; all (P,).

    ones: number of the first.  others: of the second, larger.  turns: number of the orientation.
    """

    ones: NDArray[np.int32]
    others: NDArray[np.int32]
    turns: NDArray[np.int32]


def signs_of(grey: Bytes) -> int:
    """Signs of the low frequencies of grey values (S, S), as the 143 bits of a number; Zauner 2010's pHash."""
    frequencies = cv2.dct(grey.astype(np.float32))[:_FREQUENCIES, :_FREQUENCIES]
    return int.from_bytes(np.packbits(frequencies.ravel()[1:] > 0).tobytes(), "big")


@dataclass(frozen=True)
class Signs:
    """Signs of some images, as they are and of the transposed images: (4, 5, N) bytes, by parity.

    first: number of the first of these images.
    """

    upright: Bytes
    transposed: Bytes
    first: int = 0

    def __len__(self) -> int:
        return int(self.upright.shape[2])

    def part(self, begin: int, end: int) -> "Signs":
        """Those of the images number begin to end - 1."""
        columns = slice(begin - self.first, end - self.first)
        return Signs(self.upright[:, :, columns], self.transposed[:, :, columns], begin)


def packed_signs(signs: Sequence[int]) -> Signs:
    """Signs as `signs_of` gives them, ready for comparison."""
    bits = np.array([_bits_of(number) for number in signs], np.uint8).reshape(-1, _FREQUENCIES, _FREQUENCIES)
    return Signs(_packed(bits), _packed(bits.swapaxes(1, 2)))


def close_pairs(ones: Signs, others: Signs) -> Iterator[ClosePairs]:
    """All pairs of one image and another of a higher number of which few signs differ, in any order."""
    for top in range(0, len(ones), _ROWS):
        found = [
            part
            for start in range(0, len(others), _COLUMNS)
            if others.first + min(start + _COLUMNS, len(others)) > ones.first + top
            for part in (
                _close(ones.upright, top, others.upright, start, others.first - ones.first, is_transposed=False),
                _close(ones.upright, top, others.transposed, start, others.first - ones.first, is_transposed=True),
            )
        ]
        if found:
            pairs, first = np.concatenate(found, axis=1), np.array([[ones.first], [others.first], [0]], np.int32)
            yield ClosePairs(*(pairs + first))


def in_pieces(found: Sequence[ClosePairs]) -> Iterator[ClosePairs]:
    """The same pairs, some thousands at a time, sorted by the first of each."""
    if not found:
        return
    ones, others, turns = (
        np.concatenate(each) for each in zip(*((pairs.ones, pairs.others, pairs.turns) for pairs in found), strict=True)
    )
    order = np.argsort(ones, kind="stable")
    for start in range(0, len(order), _PAIRS):
        piece = order[start : start + _PAIRS]
        yield ClosePairs(ones[piece], others[piece], turns[piece])


def _bits_of(number: int) -> Bytes:
    """(144,) bits, the first of them, of the mean, 0."""
    data = number.to_bytes(-(-_BITS // 8), "big")
    return np.concatenate([np.zeros(1, np.uint8), np.unpackbits(np.frombuffer(data, np.uint8))[:_BITS]])


def _packed(bits: Bytes) -> Bytes:
    """(N, 12, 12) -> (4, 5, N): the bits of each parity of row and column, in bytes; four are left 0."""
    parts = [bits[:, down::2, across::2].reshape(len(bits), _PARITY_BITS) for down, across in _PARITIES]
    return np.ascontiguousarray(np.stack([np.packbits(part, axis=1).T for part in parts]))


def _close(
    rows_of: Bytes, top: int, columns_of: Bytes, start: int, ahead: int, *, is_transposed: bool
) -> NDArray[np.int32]:
    """(3, P) first and second place and orientation of the close pairs of a block of rows and one of columns.

    ahead: how much higher the numbers of the columns' images are than those of the rows' at the same place.
    """
    rows, columns = rows_of[:, :, top : top + _ROWS], columns_of[:, :, start : start + _COLUMNS]
    length = _TRANSPOSED_BYTES if is_transposed else _PARITY_BYTES
    most = _MOST_BITS_TURNED if is_transposed else _MOST_BITS
    few = _are_few(_differing(rows[:, :length], columns[:, :length]), min(_PARITY_BITS, 8 * length), most)
    places = np.flatnonzero(few)
    row, column = places // columns.shape[2], places % columns.shape[2]
    after = row + top < column + start + ahead
    row, column = row[after], column[after]
    counts = np.bitwise_count(rows[:, :, row] ^ columns[:, :, column]).sum(axis=1, dtype=np.int64)
    found = []
    for turn, (transposed, down, across) in enumerate(ORIENTATIONS):
        if transposed == is_transposed:
            limit = _MOST_BITS if ORIENTATIONS[turn] == UPRIGHT else _MOST_BITS_TURNED
            close = _flipped(counts, down, across) <= limit
            found.append(np.stack([row[close] + top, column[close] + start, np.full(close.sum(), turn)]))
    return np.concatenate(found, axis=1).astype(np.int32)


def _differing(rows: Bytes, columns: Bytes) -> Bytes:
    """Bits that differ, of each parity: (4, B, R) and (4, B, C) -> (4, R, C)."""
    counts = np.empty((len(_PARITIES), rows.shape[2], columns.shape[2]), np.uint8)
    different = np.empty(counts.shape[1:], np.uint8)
    for parity, total in enumerate(counts):
        for place in range(rows.shape[1]):
            np.bitwise_xor(rows[parity, place][:, None], columns[parity, place][None], out=different)
            np.bitwise_count(different, out=different if place else total)
            if place:
                np.add(total, different, out=total)
    return counts


def _flipped(counts: NDArray[np.int64], down: bool, across: bool) -> NDArray[np.int64]:
    """Bits that differ in a flip: of the parities whose sign it turns, those that did not."""
    turned = [bool(down and row) != bool(across and column) for row, column in _PARITIES]
    parts = [_PARITY_BITS - own if turn else own for own, turn in zip(counts, turned, strict=True)]
    return np.asarray(np.sum(parts, axis=0), np.int64)


def _are_few(counts: Bytes, bits: int, most_unflipped: int) -> NDArray[np.bool_]:
    """(4, R, C) -> (R, C) whether few enough bits differ in any of the four flips; `bits`: of each parity.

    A flip turns the sign of two parities of the last three: all but the one of them that differs least are best turned,
    2 * bits - the sum of the three + twice the least of them. Without these 2 * bits, numbers are of one signed byte.
    """
    even, *odd = counts
    total = odd[0] + odd[1]
    np.add(total, odd[2], out=total)
    least = np.minimum(odd[0], odd[1])
    np.minimum(least, odd[2], out=least)
    np.add(least, least, out=least)
    np.add(least, even, out=least)
    np.subtract(least, total, out=least)
    np.add(total, even, out=total)
    return np.asarray((total <= most_unflipped) | (least.view(np.int8) <= _MOST_BITS_TURNED - 2 * bits))
