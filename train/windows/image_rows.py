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
            "an image is a NumPy array of uint8 (height, width, 3) in RGB order, with at least one pixel; "
            f"got {got}; {_remedy(image) if is_array else _REMEDY_OF_OTHERS}"
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
        """Rows first to last - 1, a view where the array is as PyTorch needs it."""
        return np.ascontiguousarray(self.image[first:last])


_REMEDY_OF_OTHERS = "numpy.asarray(photo.convert('RGB')) is one of a Pillow image; train.predict takes files"


def _remedy(image: NDArray[np.generic]) -> str:
    """What makes an image of this array."""
    if not image.size or image.ndim not in (2, 3):
        return "give one image at a time"
    if image.ndim == 2:
        return "numpy.stack([image] * 3, axis=-1) makes a grey image RGB"
    if image.shape[2] == 4:
        return "image[..., :3] leaves the transparency out"
    if image.shape[2] != 3:
        return "image.transpose(1, 2, 0) puts the channels last" if image.shape[0] == 3 else "RGB has three channels"
    if image.dtype == np.bool_:
        return "image * numpy.uint8(255) makes black and white of it"
    if np.issubdtype(image.dtype, np.floating) and float(np.nanmin(image.astype(np.float64), initial=0)) < 0:
        return "bring it back to 0..255 as it was read: it holds negative numbers, as normalized images do"
    if np.issubdtype(image.dtype, np.floating) and not float(np.nanmax(image.astype(np.float64))) > 1:
        return "(image * 255).round().astype('uint8') brings 0..1 to 0..255"
    if image.dtype == np.uint16:
        return "(image // 257).astype('uint8') brings 0..65535 to 0..255"
    return "image.round().astype('uint8'), if its values are 0..255"
