"""From the codes of a raw label (colours or ids as whole numbers) to class indices, by one table."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from prep.images.imageio import IndexMask

UNKNOWN = 254
"""Stands in a looked-up mask for a code that the table does not know; never a class, never written to disk."""

_BLOCK_PIXELS = 1 << 18
"""Codes are looked up in blocks, because take makes 8-byte positions of them: memory stays small, speed equal."""


class Lookup:
    """A table from code (0 .. size - 1) to class index or 255; every other code is UNKNOWN."""

    def __init__(self, size: int, table: Mapping[int, int]) -> None:
        self._table = np.full(size, UNKNOWN, np.uint8)
        for code, index in table.items():
            self._table[code] = index

    def __call__(self, codes: NDArray[np.uint32]) -> IndexMask:
        """(H, W) codes -> (H, W) class indices."""
        mask = np.empty(codes.shape, np.uint8)
        rows = max(1, _BLOCK_PIXELS // codes.shape[1])
        for top in range(0, codes.shape[0], rows):
            # With an `out`, the other modes make a copy; codes are always inside the table.
            np.take(self._table, codes[top : top + rows], out=mask[top : top + rows], mode="clip")
        return mask
