"""Regions of pixels as spans, as the page takes them: one run of pixels of one row each."""

import numpy as np
from numpy.typing import NDArray

Spans = NDArray[np.int32]
"""(N, 3), each row y, x0, x1 with x1 exclusive; top to bottom, left to right, without overlap."""


def spans_of(mask: NDArray[np.bool_], left: int = 0, top: int = 0) -> Spans:
    """Find the longest spans that make up a mask (H, W).

    left, top: pixels that the mask lies to the right of and below the corner of the image.
    """
    height, width = mask.shape
    stride = width + 1
    # One row after the other with an empty pixel between them: a span can then not run on into the next row.
    row_after_row = np.zeros(height * stride + 1, np.bool_)
    row_after_row[1:].reshape(height, stride)[:, :width] = mask
    changes = np.flatnonzero(row_after_row[1:] != row_after_row[:-1])
    starts, ends = changes[::2], changes[1::2]
    rows = starts // stride
    return np.stack([rows + top, starts - rows * stride + left, ends - rows * stride + left], axis=1).astype(np.int32)


def mask_of(spans: Spans, height: int, width: int) -> NDArray[np.bool_]:
    """Paint spans, which may touch and overlap, into an empty mask (H, W); ValueError if one leaves it."""
    rows, starts, ends = spans.astype(np.int64).reshape(-1, 3).T
    inside = (rows >= 0) & (rows < height) & (starts >= 0) & (starts <= ends) & (ends <= width)
    if not inside.all():
        raise ValueError(f"span {spans[~inside][0].tolist()} leaves an image of {width} x {height} pixels")
    stride = width + 1
    steps = np.bincount(rows * stride + starts, minlength=height * stride)
    steps -= np.bincount(rows * stride + ends, minlength=height * stride)
    return np.asarray(np.cumsum(steps).reshape(height, stride)[:, :width] > 0, np.bool_)


def to_bytes(triples: NDArray[np.int32]) -> bytes:
    """Little-endian 32-bit numbers, one after the other, as an Int32Array of JavaScript reads them."""
    return triples.astype("<i4").tobytes()
