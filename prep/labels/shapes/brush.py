"""Brush strokes of Label Studio: an RGBA image as run lengths packed into bits, of which alpha says what is inside.

Source of the layout: decode_rle of label-studio-converter (brush.py), after thi.ng/rle-pack: the number of values (32
bits), bits of a value - 1 (5), four times bits of a length - 1 (4); then for each run one bit (1: one value repeated,
0: values one by one), which of the four (2), the length - 1, and the value or values.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.words import counted
from prep.images.imageio import IndexMask

_CHANNELS = 4


@dataclass(frozen=True, slots=True)
class Brush:
    """The packed bytes, and the size of the image that they are of."""

    data: bytes
    width: int
    height: int

    def paint(self, mask: IndexMask, code: int) -> None:
        """Set the pixels that are not transparent; SegError if the stroke is damaged or of another size."""
        if (self.height, self.width) != mask.shape:
            raise SegError(
                f"a brush stroke is of an image of {self.width} x {self.height} pixels, but the photo has "
                f"{mask.shape[1]} x {mask.shape[0]}; export it as COCO or PNG"
            )
        values = unpack(self.data, self.width * self.height * _CHANNELS)
        mask[values.reshape(self.height, self.width, _CHANNELS)[..., 3] > 0] = code


class _Bits:
    """Reads bits, the highest of each byte first; SegError beyond the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def read(self, count: int) -> int:
        """The next bits as a number."""
        start, end = self._position, self._position + count
        if end > 8 * len(self._data):
            raise SegError("a brush stroke ends too early; export it again")
        self._position = end
        last = -(-end // 8)
        number = int.from_bytes(self._data[start // 8 : last], "big")
        return (number >> 8 * last - end) & ((1 << count) - 1)


def unpack(data: bytes, expected: int) -> NDArray[np.uint8]:
    """The values, (expected,); SegError if there are more or fewer, or the bytes end too early."""
    bits = _Bits(data)
    count, width = bits.read(32), bits.read(5) + 1
    lengths = [bits.read(4) + 1 for _ in range(4)]
    if count != expected or width > 8:
        raise SegError(
            f"a brush stroke has {counted(count, 'value')} of {counted(width, 'bit')}, and its image {expected:,} of 8"
        )
    values = np.zeros(count, np.uint8)
    position = 0
    while position < count:
        repeated = bits.read(1)
        end = min(count, position + 1 + bits.read(lengths[bits.read(2)]))
        values[position:end] = bits.read(width) if repeated else [bits.read(width) for _ in range(position, end)]
        position = end
    return values
