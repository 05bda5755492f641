"""The connected parts of a mask as polygons whose lines may be simplified, without gaps between neighbours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prep.images.imageio import IndexMask
from prep.images.polygons import Ring, outline, signed_area

Junctions = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_]]
"""Tells of corners x, y of pixels which of them are junctions."""

Moving = float | Callable[[Ring], float]
"""How far a line may move, in pixels: all of them, or each by where it runs, the same from either end."""


@dataclass(frozen=True)
class RegionPolygon:
    """A connected part of one class: the outer ring, then its holes, and how many pixels it has in the mask.

    Rings are as of prep.images.polygons: corners (x, y) on the edges of pixels, clockwise as seen.
    """

    value: int
    rings: tuple[Ring, ...]
    pixels: int


def region_polygons(
    mask: IndexMask, values: Sequence[int], tolerance: Moving = 0.0, smallest: int = 1
) -> list[RegionPolygon]:
    """Parts of these values of a mask (H, W), in the order of the values, each sorted from the top.

    tolerance: in pixels, of all lines or of each; none moves farther (Douglas and Peucker 1973). With 0, filling the
    polygons gives the mask back. Lines between two parts are simplified once, for both: parts that touch in the mask
    neither overlap nor leave a gap. Parts and holes narrower than the tolerance may vanish.
    smallest: in pixels; parts with fewer are left out, and holes as small are filled.
    """
    fixed = _at(junctions(mask)) if is_moving(tolerance) else None
    parts = (
        region_polygon(value, rings, fixed, tolerance, smallest) for value in values for rings in outline(mask == value)
    )
    return [part for part in parts if part is not None]


def is_moving(tolerance: Moving) -> bool:
    """Whether lines may move at all."""
    return callable(tolerance) or tolerance > 0


def region_polygon(
    value: int, rings: Sequence[Ring], fixed: Junctions | None, tolerance: Moving, smallest: int
) -> RegionPolygon | None:
    """A part from its exact rings; None if it is too small, or vanishes. fixed: to simplify, which corners stay."""
    pixels = round(signed_area(rings[0]) - sum(map(signed_area, rings[1:])))
    if pixels < smallest:
        return None
    rings = [rings[0], *(hole for hole in rings[1:] if signed_area(hole) >= smallest)]
    if fixed is not None:
        rings = [_simplified(ring, fixed, tolerance) for ring in rings]
    kept = tuple(ring for ring in rings[1:] if signed_area(ring))
    return RegionPolygon(value, (rings[0], *kept), pixels) if signed_area(rings[0]) else None


def junctions(mask: IndexMask) -> NDArray[np.bool_]:
    """(H + 1, W + 1): corners of pixels where more than two lines between classes meet, and those of the image."""
    padded = np.pad(mask.astype(np.int16), 1, constant_values=-1)
    level, upright = padded[1:] != padded[:-1], padded[:, 1:] != padded[:, :-1]
    lines = level[:, 1:].astype(np.uint8) + level[:, :-1] + upright[1:] + upright[:-1]
    found: NDArray[np.bool_] = lines > 2
    found[[0, 0, -1, -1], [0, -1, 0, -1]] = True
    return found


def _at(found: NDArray[np.bool_]) -> Junctions:
    return lambda x, y: found[y, x]


def _simplified(ring: Ring, junctions: Junctions, tolerance: Moving) -> Ring:
    """Simplify each line between two junctions by itself; without any, the whole ring from its topmost corner."""
    points, fixed = _with_junctions(ring, junctions)
    first = int(np.argmax(fixed))  # 0, the topmost corner, if there is none
    points = np.roll(points, -first, axis=0)
    cuts = np.flatnonzero(np.roll(fixed, -first)).tolist() or [0]
    points = np.concatenate([points, points[:1]])
    lines = [points[start : end + 1] for start, end in zip(cuts, [*cuts[1:], len(points) - 1], strict=True)]
    return np.concatenate([_simplified_line(line, tolerance)[:-1] for line in lines])


def _with_junctions(ring: Ring, junctions: Junctions) -> tuple[Ring, NDArray[np.bool_]]:
    """Corners of a ring with the junctions that lie between them, and which of all are junctions."""
    steps = np.roll(ring, -1, axis=0) - ring
    lengths = np.abs(steps).sum(axis=1).astype(np.int64)
    walked = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    points = np.repeat(ring, lengths, axis=0) + np.repeat(np.sign(steps), lengths, axis=0) * walked[:, None]
    x, y = points.astype(np.int64).T
    fixed = junctions(x, y)
    wanted = fixed | (walked == 0)
    return points[wanted], fixed[wanted]


def _simplified_line(line: Ring, tolerance: Moving) -> Ring:
    """Simplify a line (N, 2) between its ends, the same from either end; a ring that would vanish stays as it is."""
    from skimage.measure import approximate_polygon

    if len(line) <= 2:
        return line
    is_ring = bool((line[0] == line[-1]).all())
    ends = (line[1], line[-2]) if is_ring else (line[0], line[-1])
    order = 1 if tuple(ends[0]) < tuple(ends[1]) else -1
    pixels = tolerance(line) if callable(tolerance) else tolerance
    simple = np.asarray(approximate_polygon(line[::order], pixels), np.float64)[::order]
    return line if is_ring and len(simple) < 4 else simple
