"""Marks of the pixels of rows that are kept, a bit each, until they are taken, each once, from the top down."""

from collections import deque

import numpy as np
from numpy.typing import NDArray


class KeptRows:
    """Rows of `width` marks come and are taken in ranges of any length that adjoin, the first from row 0 on."""

    def __init__(self, width: int) -> None:
        self._width, self._top, self._taken = width, 0, 0
        self._parts: deque[NDArray[np.uint8]] = deque()

    def add(self, first: int, rows: NDArray[np.bool_]) -> None:
        """Keep rows (n, width) that begin with row `first`; 0 begins anew."""
        if first == 0:
            self._top, self._taken = 0, 0
            self._parts.clear()
        self._parts.append(np.packbits(rows, axis=1))

    def seen(self, first: int, last: int) -> NDArray[np.bool_]:
        """Rows first to last - 1, which stay."""
        found, top = [np.empty((0, -(-self._width // 8)), np.uint8)], self._top
        for part in self._parts:  # not joined first: what is taken at a time is little, what is kept is much
            if top >= last:
                break
            if top + len(part) > first:
                found.append(part[max(0, first - top) : last - top])
            top += len(part)
        return np.unpackbits(np.concatenate(found), axis=1, count=self._width).view(np.bool_)

    def taken(self, first: int, last: int) -> NDArray[np.bool_]:
        """Rows first to last - 1, which are kept no longer."""
        assert first == self._taken, "rows are taken from the top down"
        found, self._taken = self.seen(first, last), last
        while self._parts and self._top + len(self._parts[0]) <= last:
            self._top += len(self._parts.popleft())
        return found
