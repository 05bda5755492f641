"""Files of the programs of science, in order, to be spoiled: TIFFs of other numbers than bytes, stacks, NumPy files."""

import io
import struct
import zlib
from collections.abc import Mapping

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from tests.support import random_mask

MASK = random_mask(0)
_NUMBERS = np.random.default_rng(0).integers(0, 4000, (24, 32, 5)).astype(np.uint16)
_HUGE = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1048576, 1048576)}"
_BLACK: Mapping[str, object] = {"photometric": "minisblack", "metadata": None}


def tiff(pixels: NDArray[np.generic], **options: object) -> bytes:
    """The pixels as tifffile writes them."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, **{**_BLACK, **options})
    return stream.getvalue()


def _pillow(pixels: NDArray[np.generic], kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def _numpy(pixels: NDArray[np.generic]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, pixels)
    return stream.getvalue()


def _archive(pixels: NDArray[np.generic]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, mask=pixels)
    return stream.getvalue()


def deflate_bomb() -> bytes:
    """A TIFF of 24 x 32 numbers whose only strip unpacks to 100 MB."""
    whole = bytearray(tiff(MASK.astype(np.int32), compression="zlib"))
    with tifffile.TiffFile(io.BytesIO(whole)) as file:
        page = file.pages[0]
        places = {code: page.tags[code].valueoffset for code in (273, 279)}
    bomb = zlib.compress(bytes(100_000_000))
    struct.pack_into("<I", whole, places[273], len(whole))
    struct.pack_into("<I", whole, places[279], len(bomb))
    return bytes(whole) + bomb


LABELS: tuple[tuple[str, bytes], ...] = (
    *(("a.tif", tiff(MASK.astype(kind))) for kind in ("float32", "int32", "uint16")),
    *(("a.tif", tiff(MASK.astype(kind), compression="zlib", tile=(16, 16))) for kind in ("float64", "int64")),
    ("a.tif", _pillow(MASK.astype(np.int32), "TIFF", compression="tiff_lzw")),
    ("a.tif", tiff(MASK, bigtiff=True, extratags=[(42113, 2, 0, "-1", True), (33550, 12, 3, (1.0, 1.0, 0.0), True)])),
    ("a.pgm", b"P5 # ids\n32 24\n2\n" + MASK.tobytes()),
    ("a.jp2", _pillow(MASK, "JPEG2000")),
    *(("a.npy", _numpy(MASK.astype(kind))) for kind in ("uint8", "float32", ">i4")),
    ("a.npy", _numpy(np.asfortranarray(MASK))),
    ("a.npz", _archive(MASK)),
)
"""Id masks of which name and content are given."""

LABEL_BOMBS: tuple[tuple[str, bytes], ...] = (
    ("a.tif", deflate_bomb()),
    ("a.tif", tiff(np.zeros((4, 24, 32), np.uint8))),
    ("a.npy", _numpy(np.zeros((40, 24, 32), np.uint8))),
    ("a.npy", b"\x93NUMPY\1\0" + struct.pack("<H", len(_HUGE)) + _HUGE),
)
"""Of which no mask is made, as they are."""

PHOTOS: tuple[tuple[str, bytes], ...] = (
    ("a.tif", tiff(_NUMBERS[..., 0])),
    ("a.tif", tiff(_NUMBERS, planarconfig="contig", compression="zlib")),
    ("a.tif", tiff(np.moveaxis(_NUMBERS, 2, 0), planarconfig="separate", bigtiff=True, rowsperstrip=7)),
    ("a.tif", tiff((_NUMBERS[..., 0] / 4000).astype(np.float32), tile=(16, 16))),
    ("a.tif", _pillow(_NUMBERS[..., 0], "TIFF", compression="tiff_lzw")),
    ("a.tif", tiff(np.moveaxis(_NUMBERS, 2, 0))),
    ("a.png", _pillow(_NUMBERS[..., 0], "PNG")),
    ("a.pgm", b"P5 32 24 4095\n" + _NUMBERS[..., 0].astype(">u2").tobytes()),
)
"""Photos of more than 8 bits, the last but two a stack."""
