"""Which numbers of deep photos become black and white: the range in use, one for all photos of a set."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from prep.core.arguments import fits_type, shown_value
from prep.core.errors import SegError

Range = tuple[float, float]
"""The numbers that become black and white."""


class Percentiles(NamedTuple):
    """The numbers that become black and white, by the share in percent of all numbers that lie below them."""

    low: float
    high: float


Span = Range | Percentiles
"""What a person says of a range."""

Ranges = Mapping[str, Range]
"""Of each kind of number, by its name in NumPy."""

_WHOLE: Ranges = {"uint16": (0, 65535), "float32": (0, 1), "float64": (0, 1), "float16": (0, 1)}
"""What numbers of these kinds mean where a photo uses most of it."""

_LEAST_IN_USE = 0.5
"""Of the whole range; where less is in use, the photo was stored in more bits than its camera has."""

_LEFT_OUT = 10_000
"""At each end one in so many numbers: dead pixels and glints, which are often 0 and 65535."""

_NOTHING = -1e30
"""What lies below stands for no data, by habit."""

_BINS = 1 << 16
_LEVELS = 256
_PIECE = 1 << 18
_SIGN, _ALL = 0x80000000, 0xFFFFFFFF


@dataclass
class NumberCounts:
    """How often numbers of one kind occur, in 65,536 bins; what is counted adds up in any order.

    Whole numbers of 16 bits have a bin each; of others the upper 16 bits of the float32 decide, in order.
    """

    kind: str
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(_BINS, np.int64))
    least: float = np.inf
    most: float = -np.inf

    def add(self, values: NDArray[Any], no_data: float | None) -> None:
        """Count the numbers of a photo, without those that say nothing (NaN, infinite, `no_data`)."""
        for piece in _pieces(values):
            if piece.dtype == np.float16:
                piece = piece.astype(np.float32)  # which holds _NOTHING
            if piece.dtype.kind == "f":
                piece = piece[np.isfinite(piece) & (piece > _NOTHING)]
            if no_data is not None:
                piece = piece[piece != no_data]
            if piece.size:
                self.counts += np.bincount(self._bin(piece), minlength=_BINS)
                self.least, self.most = min(self.least, float(piece.min())), max(self.most, float(piece.max()))

    def merge(self, other: "NumberCounts") -> None:
        """Add what was counted elsewhere."""
        self.counts += other.counts
        self.least, self.most = min(self.least, other.least), max(self.most, other.most)

    def range(self, percentiles: Percentiles | None = None) -> Range:
        """The whole range of the kind, or the one in use if that is less than half of it; or that between two shares.

        Of shares the numbers of the bins are taken in which they are reached.
        """
        total = int(self.counts.sum())
        if not total:
            return _WHOLE.get(self.kind, (0, 1))
        reached, aside = np.cumsum(self.counts), total // _LEFT_OUT
        ends = aside + 1, total - aside
        if percentiles is not None:
            ends = int(total * percentiles.low / 100) + 1, math.ceil(total * percentiles.high / 100)
        first, last = (int(np.searchsorted(reached, number)) for number in ends)
        low, high = max(self._value(first, 0), self.least), min(self._value(last, 0xFFFF), self.most)
        if np.dtype(self.kind).kind != "f":
            low, high = float(round(low)), float(round(high))
        if low == high:  # of one number it is only known how far it is from nothing
            low = min(low, 0)
        whole = _WHOLE.get(self.kind) if percentiles is None else None
        if whole and whole[0] <= low and high <= whole[1] and high - low >= _LEAST_IN_USE * (whole[1] - whole[0]):
            return whole
        return low, high

    def _bin(self, values: NDArray[Any]) -> NDArray[np.int64]:
        if self.kind == "uint16":
            return values.astype(np.int64)
        if self.kind in ("int16", "int8"):
            return values.astype(np.int64) + _BINS // 2
        bits = np.ascontiguousarray(values, np.float32).view(np.uint32).astype(np.int64)
        return np.where(bits & _SIGN, bits ^ _ALL, bits | _SIGN) >> 16

    def _value(self, number: int, rest: int) -> float:
        """The least number (rest 0) or the greatest one (0xFFFF) of a bin."""
        if self.kind == "uint16":
            return float(number)
        if self.kind in ("int16", "int8"):
            return float(number - _BINS // 2)
        bits = number << 16 | rest
        bits = bits ^ _SIGN if bits & _SIGN else bits ^ _ALL
        return float(np.nan_to_num(np.array(bits, np.uint32).view(np.float32), nan=np.inf))


def eight_bits(values: NDArray[Any], span: Range, no_data: float | None = None) -> NDArray[np.uint8]:
    """Numbers of any type to 0..255: the range in 256 equal steps, what lies outside as its ends, nothing as black.

    0 to 65535 gives the upper 8 bits, 0 to 1 the grey of which the number was made.
    """
    low, high = span
    high += values.dtype.kind in "iu"
    pixels = np.empty(values.shape, np.uint8)
    for piece, out in zip(_pieces(values), _pieces(pixels), strict=True):
        out[:] = _scaled(piece, low, high)
        if no_data is not None:
            out[piece == no_data] = 0
    return pixels


def _pieces(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """The numbers one after another, so many at a time that what is computed of them stays small."""
    flat = values.reshape(-1)
    return (flat[start : start + _PIECE] for start in range(0, flat.size, _PIECE))


def _scaled(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.subtract(values, low, dtype=np.float64 if values.dtype.itemsize > 4 else np.float32)
        steps *= _LEVELS / (high - low) if high > low else 1
    np.nan_to_num(steps, copy=False, nan=0)
    return np.asarray(np.clip(steps, 0, _LEVELS - 1, out=steps), np.uint8)


def parse_range(text: str) -> Span:
    """Read LOW:HIGH, or LOW%:HIGH%; SegError if these are no two numbers, the lower one first."""
    is_share = text.count("%") == 2 and all(part.endswith("%") for part in text.split(":"))
    try:
        low, high = map(float, (text.replace("%", "") if is_share else text).split(":"))
    except ValueError as error:
        raise SegError(f"{text!r} is not LOW:HIGH, for example 0:4095 or 2%:98%") from error
    if not (np.isfinite([low, high]).all() and low < high):
        raise SegError(f"{text!r}: the lower number comes first, for example 0:4095")
    if is_share and not 0 <= low < high <= 100:
        raise SegError(f"{text!r}: shares lie between 0% and 100%, for example 2%:98%")
    return Percentiles(low, high) if is_share else (low, high)


def need_span(span: object) -> None:
    """SegError unless it is None, two numbers with the lower one first, or Percentiles between 0 and 100."""
    is_pair = isinstance(span, list | tuple) and len(span) == 2 and all(map(_is_number, span)) and span[0] < span[1]
    if span is None or (is_pair and (not isinstance(span, Percentiles) or (span.low >= 0 and span.high <= 100))):
        return
    raise SegError(
        f"span={shown_value(span)}: needs two numbers, the lower one first, for example (0, 4095), or shares from 0 "
        "to 100 in prep.photos.ranges.Percentiles(2, 98)"
    )


def format_range(span: Span) -> str:
    """A range in words."""
    if isinstance(span, Percentiles):
        return f"{span.low:g}% to {span.high:g}%"
    return " to ".join(f"{value:,.7g}" for value in span)


def ranges_from_plain(content: object, path: Path) -> Ranges:
    """Two numbers for each kind, from plain data; SegError for anything else."""
    ranges = {}
    for kind, span in content.items() if isinstance(content, dict) else [("", None)]:
        if not (kind and isinstance(span, list | tuple) and len(span) == 2 and all(map(_is_number, span))):
            raise SegError(f"{path}: not the ranges of photos as 'seg-prep resize' writes them; restore the file")
        ranges[str(kind)] = float(span[0]), float(span[1])
    return ranges


def _is_number(value: object) -> bool:
    return fits_type(value, float)
