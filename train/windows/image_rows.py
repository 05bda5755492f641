"""Images whose rows come on demand, so that they need not fit in memory."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from prep.images.imageio import ImageRGB


class ImageRows(Protocol):
    """An image of any size, read from the top down.

    One pass asks for adjoining ranges of rows that begin at 0, and for each row once: a reader of strips decodes none
    of them twice. The next pass begins at 0 again.
    """

    @property
    def height(self) -> int:
        """Pixels from top to bottom, at least 1."""

    @property
    def width(self) -> int:
        """Pixels from left to right, at least 1."""

    def rows(self, first: int, last: int) -> NDArray[np.uint8]:
        """Rows first to last - 1: (last - first, W, 3) uint8 in RGB order."""


@dataclass(frozen=True)
class ArrayRows:
    """An image in memory as rows on demand."""

    image: ImageRGB

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return int(self.image.shape[0])

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return int(self.image.shape[1])

    def rows(self, first: int, last: int) -> NDArray[np.uint8]:
        """Rows first to last - 1, a view."""
        return self.image[first:last]
