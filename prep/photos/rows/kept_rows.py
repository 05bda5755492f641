"""Marks of the pixels of rows that are kept, a bit each, until they are taken, each once, from the top down."""

import numpy as np
from numpy.typing import NDArray


class KeptRows:
    """Rows of `width` marks come and are taken in ranges of any length that adjoin, the first from row 0 on."""

    def __init__(self, width: int) -> None:
        self._width, self._top = width, 0
        self._parts: list[NDArray[np.uint8]] = []

    def add(self, first: int, rows: NDArray[np.bool_]) -> None:
        """Keep rows (n, width) that begin with row `first`; 0 begins anew."""
        if first == 0:
            self._top, self._parts = 0, []
        self._parts.append(np.packbits(rows, axis=1))

    def seen(self, first: int, last: int) -> NDArray[np.bool_]:
        """Rows first to last - 1, which stay."""
        kept = np.concatenate(self._parts)[first - self._top : last - self._top]
        return np.unpackbits(kept, axis=1, count=self._width).view(np.bool_)

    def taken(self, first: int, last: int) -> NDArray[np.bool_]:
        """Rows first to last - 1, which are kept no longer."""
        assert first == self._top, "rows are taken from the top down"
        found = self.seen(first, last)
        self._top, self._parts = last, [np.concatenate(self._parts)[last - first :].copy()]
        return found
