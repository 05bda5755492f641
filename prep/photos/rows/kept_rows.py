"""Marks of the pixels of rows that are kept, a bit each, until they are taken, each once, from the top down."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

_BLOCK_BYTES = 4 << 20
"""Marks that lie together: in pieces as small as they come they would lie scattered between arrays that come and go."""


class KeptRows:
    """Rows of `width` marks come and are taken in ranges of any length that adjoin, the first from row 0 on."""

    def __init__(self, width: int) -> None:
        self._width, self._bytes = width, -(-width // 8)
        self._rows = max(1, _BLOCK_BYTES // self._bytes)
        self._blocks: deque[NDArray[np.uint8]] = deque()
        self._top = self._taken = self._end = 0  # the first row of the blocks, that was not taken, that did not come

    def add(self, first: int, rows: NDArray[np.bool_]) -> None:
        """Keep rows (n, width) that begin with row `first`; 0 begins anew."""
        if first == 0:
            self._top = self._taken = self._end = 0
            self._blocks.clear()
        packed = np.packbits(rows, axis=1)
        while len(packed):
            place = (self._end - self._top) % self._rows
            if self._end - self._top == len(self._blocks) * self._rows:
                self._blocks.append(np.zeros((self._rows, self._bytes), np.uint8))
            part, packed = packed[: self._rows - place], packed[self._rows - place :]
            if part.any():  # the system gives memory for what is written only
                self._blocks[-1][place : place + len(part)] = part
            self._end += len(part)

    def seen(self, first: int, last: int) -> NDArray[np.bool_]:
        """Rows first to last - 1, which stay."""
        found = np.empty((last - first, self._bytes), np.uint8)
        row = first
        while row < last:
            block, place = divmod(row - self._top, self._rows)
            part = self._blocks[block][place : place + last - row]
            found[row - first : row - first + len(part)] = part
            row += len(part)
        return np.unpackbits(found, axis=1, count=self._width).view(np.bool_)

    def taken(self, first: int, last: int) -> NDArray[np.bool_]:
        """Rows first to last - 1, which are kept no longer."""
        assert first == self._taken, "rows are taken from the top down"
        found, self._taken = self.seen(first, last), last
        while self._top + self._rows <= last:
            self._top += self._rows
            self._blocks.popleft()
        return found
