"""Regions of pixels as polygons and back.

Corners are (x, y) in pixels; the pixel (column, row) covers [column, column + 1) x [row, row + 1), so that its centre
lies at (column + 0.5, row + 0.5).
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError

Ring = NDArray[np.float64]
"""(N, 2), x and y of the corners; the last corner is joined to the first."""

_FARTHEST = 1e100
"""Corners farther out are moved here: products of two coordinates must stay finite."""

_CROSSINGS_AT_ONCE = 1 << 20


def signed_area(ring: Ring) -> float:
    """Area inside a ring (N, 2) of x and y, above 0 if it runs clockwise where y points down (shoelace formula)."""
    x, y = ring.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def fill_polygon(mask: NDArray[np.uint8], rings: Sequence[Ring], value: int) -> None:
    """Set every pixel whose centre lies inside the rings (even-odd rule) to `value`, in place.

    mask: (H, W). A centre exactly on an edge belongs to the polygon to the right of the edge, or below it, so that
    polygons with a common edge neither overlap nor leave a gap. Rings of fewer than three corners fill nothing.
    Raises SegError if a corner is no pair of finite numbers.
    """
    height, width = mask.shape
    pixels = mask if mask.flags.c_contiguous else mask.copy()
    flat = pixels.reshape(-1)
    edges = np.concatenate([_edges(ring) for ring in rings], axis=1) if rings else np.empty((6, 0))
    first, last = _rows(edges, height)
    for top, bottom in _row_blocks(first, last, height):
        start_row, end_row = (np.minimum(np.maximum(each, top), bottom) for each in (first, last))
        rows, columns = _crossings(edges, start_row, end_row, width)
        places = rows * (width + 1) + columns
        places.sort()
        places -= places // (width + 1)
        # A closed ring crosses each row an even number of times: between the 1st and 2nd crossing it is inside, ...
        for start, end in zip(places[::2].tolist(), places[1::2].tolist(), strict=True):
            flat[start:end] = value
    if pixels is not mask:
        mask[...] = pixels


def _edges(ring: Ring) -> NDArray[np.float64]:
    """Edges (6, E) of a ring as x, y above, x, y below, and the smaller and larger x.

    Downwards: an edge has the same crossings in whatever ring it stands.
    """
    corners = np.asarray(ring, np.float64)
    if len(corners) == 0:
        return np.empty((6, 0))
    if corners.ndim != 2 or corners.shape[1] != 2:
        raise SegError("a polygon's corners must be pairs of x and y; correct or remove this polygon")
    if not np.abs(corners).max() <= _FARTHEST:
        if not np.isfinite(corners).all():
            raise SegError("a polygon has a corner that is no finite number; correct or remove this polygon")
        corners = corners.clip(-_FARTHEST, _FARTHEST)
    if len(corners) < 3:
        return np.empty((6, 0))
    one = np.ascontiguousarray(corners.T)
    other = np.concatenate([one[:, 1:], one[:, :1]], axis=1)
    edges = np.empty((6, len(corners)))
    rises = one[1] > other[1]
    edges[0], edges[2] = np.where(rises, other[0], one[0]), np.where(rises, one[0], other[0])
    np.minimum(one[1], other[1], out=edges[1])
    np.maximum(one[1], other[1], out=edges[3])
    np.minimum(one[0], other[0], out=edges[4])
    np.maximum(one[0], other[0], out=edges[5])
    return edges


def _rows(edges: NDArray[np.float64], height: int) -> NDArray[np.int64]:
    """First row, and the row after the last, whose centre line an edge crosses; (2, E)."""
    ends = np.ceil(edges[1:4:2] - 0.5)
    return np.minimum(np.maximum(ends, 0, out=ends), height, out=ends).astype(np.int64)


def _row_blocks(first: NDArray[np.int64], last: NDArray[np.int64], height: int) -> Iterator[tuple[int, int]]:
    """Blocks of rows with about so many crossings each, so that memory stays small whatever the polygon."""
    crossings = int((last - first).sum())
    if crossings <= _CROSSINGS_AT_ONCE:
        yield from [(0, height)] if crossings else []
        return
    steps = np.bincount(first, minlength=height + 1) - np.bincount(last, minlength=height + 1)
    before = np.concatenate([[0], np.cumsum(np.cumsum(steps))])[: height + 1]  # crossings above each row
    top = int(first.min(initial=height))
    while top < height and before[top] < before[-1]:
        fitting = int(np.searchsorted(before, before[top] + _CROSSINGS_AT_ONCE, side="right")) - 1
        bottom = min(max(fitting, top + 1), height)
        yield top, bottom
        top = bottom


def _crossings(
    edges: NDArray[np.float64], first: NDArray[np.int64], last: NDArray[np.int64], width: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row, and first column whose centre is not left of the edge, of each crossing of an edge with a centre line."""
    counts = last - first
    which = np.arange(len(counts)).repeat(counts)
    rows = np.arange(len(which)) - (counts.cumsum() - last).repeat(counts)
    left, top, right, bottom, lowest, highest = edges.take(which, axis=1)
    x = left + (rows + 0.5 - top) * (right - left) / (bottom - top)
    x = np.minimum(np.maximum(x, lowest), highest)  # rounding must not leave the edge
    columns = np.ceil(x - 0.5)
    return rows, np.minimum(np.maximum(columns, 0, out=columns), width, out=columns).astype(np.int64)


def outline(region: NDArray[np.bool_]) -> list[list[Ring]]:
    """Exact outlines of a region (H, W) along the edges of its pixels: one polygon for each connected part.

    Each polygon is a list of rings: the outer one, then its holes. Corners are whole numbers, none lies on the line
    between its neighbours, outer rings run clockwise as seen and holes too. Pixels that touch only by a corner belong
    to different parts. Polygons are sorted by their topmost, then leftmost corner. Filling all polygons gives the
    region back.
    """
    region = np.asarray(region, np.bool_)
    xs, ys, below = _corners(region)
    order = np.lexsort((below, ys, xs))
    beside = np.empty(len(xs), np.int64)
    beside[order[::2]], beside[order[1::2]] = order[1::2], order[::2]
    _, parts = cv2.connectedComponents(region.astype(np.uint8), connectivity=4)
    polygons: dict[int, list[Ring]] = {}
    for ring in _rings(beside.tolist()):
        corners = np.stack([xs[ring], ys[ring]], axis=1)
        x, y = corners[0]
        # The first corner is the topmost, then leftmost one: the region lies below it, or above it around a hole.
        part = int(parts[y if region[y, x] else y - 1, x])
        polygons.setdefault(part, []).append(corners.astype(np.float64))
    return list(polygons.values())


def _corners(region: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """All corners of the outline as x and y, sorted by y, then x: each two in turn are joined by a level line.

    Where two pixels touch by a corner, it stands twice, first the corner of the left pixel.
    below: whether, of two corners in one place, this one belongs to the lower pixel.
    """
    padded = np.pad(region, 1)
    upright = padded[:, 1:] ^ padded[:, :-1]
    single = upright[1:] ^ upright[:-1]
    double = upright[1:] & upright[:-1] & (padded[1:, 1:] ^ padded[:-1, 1:])
    ys, xs = np.nonzero(single | double)
    is_double = double[ys, xs]
    left_is_upper = padded[:-1, :-1][ys, xs]
    times = 1 + is_double
    is_second = np.zeros(times.sum(), np.bool_)
    is_second[np.cumsum(times)[is_double] - 1] = True
    is_double, left_is_upper = np.repeat(is_double, times), np.repeat(left_is_upper, times)
    below = is_double & (is_second == left_is_upper)
    return np.repeat(xs, times), np.repeat(ys, times), below


def _rings(beside: list[int]) -> Iterator[list[int]]:
    """Follow the corners, by turns along the level line (to the partner 2k <-> 2k + 1) and the upright line."""
    seen = bytearray(len(beside))
    for start in range(0, len(beside), 2):
        if seen[start]:
            continue
        ring: list[int] = []
        corner = start
        while not seen[corner]:
            partner = corner ^ 1
            seen[corner] = seen[partner] = 1
            ring += (corner, partner)
            corner = beside[partner]
        yield ring
