"""A PNG of a huge picture, written a band of rows at a time: neither its pixels nor its bytes are ever held whole."""

import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.core.files import replacing
from prep.core.words import counted
from prep.images.imageio import ImageRGB
from prep.images.kinds.png_chunks import PNG_START, png_chunk

_EIGHT_BITS_RGB = bytes([8, 2, 0, 0, 0])
"""Of the header: bits, colour type, compression, filters, not interlaced (PNG standard, 11.2.1)."""
_UP = 2
"""The filter: each byte less the one above (9.2). One for all rows, as in encode_png."""
_LEVEL = 1
_LONGEST = (1 << 31) - 1
"""Width and height at most (7.1)."""


def write_png_bands(path: Path, height: int, width: int, bands: Iterable[ImageRGB]) -> None:
    """Write an RGB image of this size as PNG, atomically.

    bands: (n, width, 3) uint8, of all rows from the top down; each is read before the next one is asked for.
    """
    parts = png_of_bands(height, width, bands)
    with replacing(path) as part, part.open("wb") as file:
        file.writelines(parts)


def png_of_bands(height: int, width: int, bands: Iterable[ImageRGB]) -> Iterator[bytes]:
    """The same as bytes, a part after the other: the same pixels give the same bytes where bands are as high."""
    if not (0 < height <= _LONGEST and 0 < width <= _LONGEST):
        raise ValueError(f"no PNG has {width} x {height} pixels")
    return _parts(height, width, bands)


def _parts(height: int, width: int, bands: Iterable[ImageRGB]) -> Iterator[bytes]:
    packer, above, rows = zlib.compressobj(_LEVEL), np.zeros((1, width * 3), np.uint8), 0
    yield PNG_START + png_chunk(b"IHDR", struct.pack(">II", width, height) + _EIGHT_BITS_RGB)
    for band in bands:
        flat = band.reshape(len(band), width * 3)
        if packed := packer.compress(_filtered(flat, above)):
            yield png_chunk(b"IDAT", packed)
        above, rows = flat[-1:].copy(), rows + len(flat)
    if rows != height:
        raise ValueError(f"{counted(rows, 'row')} came for an image of {counted(height, 'row')}")
    yield png_chunk(b"IDAT", packer.flush()) + png_chunk(b"IEND", b"")


def _filtered(rows: NDArray[np.uint8], above: NDArray[np.uint8]) -> bytes:
    """Rows as differences to the ones above, modulo 256, each behind the number of its filter."""
    filtered = np.empty((len(rows), rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _UP
    np.subtract(rows[:1], above, out=filtered[:1, 1:])
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    return filtered.tobytes()
