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

    def taken(self, first: int, last: int) -> NDArray[np.bool_]:
        """Rows first to last - 1, which are kept no longer."""
        assert first == self._top, "rows are taken from the top down"
        kept = np.concatenate(self._parts)
        self._top, self._parts = last, [kept[last - first :].copy()]
        return np.unpackbits(kept[: last - first], axis=1, count=self._width).view(np.bool_)
