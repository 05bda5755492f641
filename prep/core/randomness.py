"""Random numbers that depend on the seed and on names only: not on workers, order, machine or numpy version.

numpy promises stable raw streams of its bit generators, but not of its distributions (NEP 19), so the few
distributions needed here are made from raw 64-bit words.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray


def digest(seed: int, *names: str | int) -> bytes:
    """Hash a seed and names to 32 bytes; the same on every machine."""
    return hashlib.sha256("\0".join(map(str, (seed, *names))).encode("utf-8")).digest()


class Stream:
    """An independent stream of random numbers for each (seed, names)."""

    def __init__(self, seed: int, *names: str | int) -> None:
        key = np.frombuffer(digest(seed, *names)[:16], dtype="<u8").astype(np.uint64)
        self._bits = np.random.Philox(key=key)

    def uniform(self, low: float, high: float) -> float:
        """One number, low <= number < high."""
        return low + (high - low) * (int(self._bits.random_raw()) >> 11) * 2.0**-53

    def integer(self, low: int, high: int) -> int:
        """One whole number, low <= number <= high; for ranges far below 2**53."""
        return low + int(self.uniform(0, high - low + 1))

    def integers(self, count: int, high: int) -> NDArray[np.int64]:
        """`count` whole numbers (int64), each uniform in 0..high - 1; for `high` far below 2**53."""
        raw: NDArray[np.uint64] = self._bits.random_raw(count)
        return ((raw >> np.uint64(11)).astype(np.float64) * 2.0**-53 * high).astype(np.int64)

    def words16(self, count: int) -> NDArray[np.uint16]:
        """`count` numbers, each uniform in 0..65535."""
        raw: NDArray[np.uint64] = self._bits.random_raw(-(-count // 4))
        return raw.astype("<u8").view("<u2")[:count].astype(np.uint16, copy=False)
