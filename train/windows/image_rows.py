"""Images whose rows come on demand, so that they need not fit in memory."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
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
    """An image in memory as rows on demand. Raises SegError for any array but uint8 (H, W, 3).

    Nothing is converted in silence: an image of numbers from 0 to 1 would be labelled as a black one.
    """

    image: ImageRGB

    def __post_init__(self) -> None:
        image: Any = self.image
        is_array = isinstance(image, np.ndarray)
        if is_array and image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3 and image.size:
            return
        got = f"{image.dtype} {image.shape}" if is_array else type(image).__name__
        raise SegError(
            f"an image is a NumPy array of uint8 (height, width, 3) in RGB order, with at least one pixel; got {got}; "
            "numbers from 0 to 1 become one by: (image * 255).round().astype(numpy.uint8)"
        )

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
