"""Rows of a picture that are kept until they are taken, each once, from the top down."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class KeptRows:
    """Rows come and are taken in ranges of any length that adjoin, the first from row 0 on."""

    def __init__(self) -> None:
        self._top = 0
        self._parts: list[NDArray[Any]] = []

    def add(self, first: int, rows: NDArray[Any]) -> None:
        """Keep rows (n, ...) that begin with row `first`; 0 begins anew."""
        if first == 0:
            self._top, self._parts = 0, []
        self._parts.append(rows)

    def taken(self, first: int, last: int) -> NDArray[Any]:
        """Rows first to last - 1, which are kept no longer."""
        assert first == self._top, "rows are taken from the top down"
        kept = np.concatenate(self._parts)
        self._top, self._parts = last, [kept[last - first :]]
        return kept[: last - first]
