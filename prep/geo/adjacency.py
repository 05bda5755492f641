"""Which footprints on the earth overlap, or lie side by side, in one coordinate system or in several."""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.geo.extra import has_geo
from prep.geo.footprint import Footprint, PlacedSample, degrees_of_points, footprints_of

OVERLAPPING, TOUCHING = -1.0, 0.5
"""Pixels between two footprints, at most: they share more than one; they lie side by side, or corner to corner."""

_ROUNDING_PX = 0.01
"""What is exactly so far apart is not adjacent, whatever the last digits of its coordinates say."""

_ACROSS_PX = 1.0
"""How well the lines of footprints in different coordinate systems fit, on each side."""

_FAR_EAST = 90
"""Degrees: what lies farther east, and what lies as far west, may meet at the 180th meridian."""

_AT_ONCE = 1 << 18
"""Pairs that are looked at together."""

Pairs = NDArray[np.int64]
"""(N, 2) numbers of footprints."""


def adjacent(footprints: Sequence[Footprint], sides: Sequence[str], gap: float) -> Pairs:
    """Pairs on different sides (values of `sides`) that are at most `gap` pixels apart, each once, in order.

    gap: TOUCHING, or OVERLAPPING. Time grows with the number of footprints, whatever their sizes are. Those in
    different coordinate systems are compared on the ground, for which the extra `geo` is needed: without it they are
    not. SegError where one lies nowhere.
    """
    codes = np.unique(np.array(sides, str), return_inverse=True)[1]
    by_crs: dict[str, list[int]] = defaultdict(list)
    for number, each in enumerate(footprints):
        by_crs[each.crs].append(number)
    found = [np.empty((0, 2), np.int64)]
    for crs, members in by_crs.items():
        numbers = np.array(members)
        corners = np.array([footprints[number].corners(less=(_ROUNDING_PX - gap) / 2) for number in members])
        if corners[..., 0].min() < -_FAR_EAST < _FAR_EAST < corners[..., 0].max() and _is_in_degrees(crs):
            western = corners[..., 0].min(axis=1) < -_FAR_EAST  # once more, beyond the 180th meridian
            numbers = np.concatenate([numbers, numbers[western]])
            corners = np.concatenate([corners, corners[western] + [360, 0]])
        for pairs in _meeting(corners.min(axis=1), corners.max(axis=1), codes[numbers]):
            shared = _share_an_area(corners[pairs[:, 0]], corners[pairs[:, 1]])
            found.append(numbers[pairs[shared]])
    if len(by_crs) > 1 and has_geo():
        found += _on_the_ground(footprints, codes, -_ACROSS_PX if gap > 0 else _ACROSS_PX)
    return np.unique(np.sort(np.concatenate(found), axis=1), axis=0)


def sharing_ground(samples: Sequence[PlacedSample], sides: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pairs of stems on different sides that show the same ground; those without a side are left out.

    SegError as of adjacent.
    """
    footprints = footprints_of(sample for sample in samples if sample.stem in sides)
    if not footprints:
        return []
    stems = list(footprints)
    pairs = adjacent(list(footprints.values()), [sides[stem] for stem in stems], OVERLAPPING)
    return [(stems[one], stems[other]) for one, other in pairs.tolist()]


def _is_in_degrees(crs: str) -> bool:
    """Whether places in a coordinate system are longitudes and latitudes; of most that is known with `geo` only."""
    if crs == "EPSG:4326" or not has_geo():
        return crs == "EPSG:4326"
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    try:
        return bool(CRS.from_user_input(crs).is_geographic)
    except CRSError:  # whoever needs it is told
        return False


def _on_the_ground(footprints: Sequence[Footprint], codes: NDArray[np.intp], less: float) -> Iterator[Pairs]:
    """Such pairs in different coordinate systems. Each is seen in the plane that touches the earth below one of it."""
    corners = np.array([each.corners(less) for each in footprints])
    degrees = degrees_of_points(corners, [each.crs for each in footprints], Path("index.csv"))
    east, north = np.radians(degrees).transpose(2, 0, 1)
    places = np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=2)
    systems = np.unique(np.array([each.crs for each in footprints]), return_inverse=True)[1]
    low, high = places.min(axis=1), places.max(axis=1)
    arched = ((high - low) ** 2).sum(
        axis=1, keepdims=True
    ) / 4  # the earth stands higher between corners than their line
    for pairs in _meeting(low - arched, high + arched, codes):
        pairs = pairs[systems[pairs[:, 0]] != systems[pairs[:, 1]]]
        one, other = places[pairs[:, 0]], places[pairs[:, 1]]
        up = one.mean(axis=1)
        least = np.eye(3)[np.abs(up).argmin(axis=1)]
        across = np.cross(up, least)
        plane = np.stack([across, np.cross(up, across)], axis=2)
        yield pairs[_share_an_area(one @ plane, other @ plane)]


def _meeting(low: NDArray[np.float64], high: NDArray[np.float64], codes: NDArray[np.intp]) -> Iterator[Pairs]:
    """Pairs of boxes from low to high (N, D) that meet and have different codes; some may come twice.

    Boxes are found in a grid for each size (by powers of two): those of that size stand in the cell of their low
    corner, and smaller ones look for them around theirs.
    """
    size = np.maximum((high - low).max(axis=1), 1e-12)
    levels = np.ceil(np.log2(size) + 1e-9).astype(np.int64)
    for level in np.unique(levels).tolist():
        cells = np.floor(low / 2.0**level).astype(np.int64)
        large, small = np.flatnonzero(levels == level), np.flatnonzero(levels <= level)
        large = large[np.argsort(_hashed(cells[large]), kind="stable")]
        keys = _hashed(cells[large])
        for step in itertools.product((-1, 0, 1), repeat=low.shape[1]):
            wanted = _hashed(cells[small] + np.array(step))
            first, last = np.searchsorted(keys, wanted, "left"), np.searchsorted(keys, wanted, "right")
            for part in _parts(last - first):
                counts = (last - first)[part]
                starts = np.repeat(first[part] - np.cumsum(counts) + counts, counts)
                one, other = np.repeat(small[part], counts), large[starts + np.arange(counts.sum())]
                keep = (codes[one] != codes[other]) & ((levels[one] < level) | (one < other))
                one, other = one[keep], other[keep]
                meet = ((low[one] <= high[other]) & (low[other] <= high[one])).all(axis=1)
                yield np.stack([one[meet], other[meet]], axis=1)


def _hashed(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number for each cell (N, D); of cells with the same number only some more pairs are looked at."""
    return np.asarray(cells @ np.array([1, 2_654_435_761, 40_503_000_017][: cells.shape[1]]), np.int64)


def _parts(counts: NDArray[np.int64]) -> Iterator[slice]:
    """Ranges of these whose sum is about what is looked at together."""
    ends = np.cumsum(counts)
    cuts = np.searchsorted(ends, np.arange(_AT_ONCE, int(ends[-1]) if len(ends) else 0, _AT_ONCE)) + 1
    for first, last in itertools.pairwise([0, *np.unique(cuts).tolist(), len(counts)]):
        yield slice(first, last)


def _share_an_area(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether convex polygons (N, n, 2) share an area, in pairs: no side of either has all of the other one outside."""
    apart = np.zeros(len(one), np.bool_)
    for polygon in (one, other):
        steps = np.roll(polygon, -1, axis=1) - polygon
        normals = np.stack([steps[..., 1], -steps[..., 0]], axis=1)
        first, second = one @ normals, other @ normals
        outside = (first.max(axis=1) <= second.min(axis=1)) | (second.max(axis=1) <= first.min(axis=1))
        apart |= outside.any(axis=1)
    return ~apart
