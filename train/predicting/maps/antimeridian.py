"""Polygons of a map in degrees, cut at the 180th meridian as RFC 7946 (3.1.9) wants it. Needs the extra `geo`."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.geo.projection import Points, Projection

_TURN, _LINE = 360.0, 180.0
_NEAR = 1e-9
"""Degrees: a tenth of a millimetre, less than the file keeps."""

_THIN = 1e-8
"""Degrees: the last digit of the file; a part as narrow is nothing there."""

_LONG_METRES, _LONG_DEGREES = 500_000, 1.0
"""Lines that are straight on the map and longer than these are bent in degrees: they get points between their ends."""

_HALVINGS, _APPROACHES = 24, 6

Corners = NDArray[np.float64]
"""Of a closed ring (N, 4): x, y in map units, longitude without jumps, latitude."""


def degree_polygons(rings: Sequence[Points], projection: Projection) -> list[list[Points]]:
    """A polygon in longitude and latitude of WGS84, in parts that lie on one side of the 180th meridian each.

    rings: the outer one in map units, then its holes, closed, (N, 2). The parts as well.
    Raises SegError if the polygon lies around a pole.
    """
    outer, *holes = [_located(ring, projection) for ring in rings]
    outer = _from(outer, -_LINE)
    parts: list[list[Corners]] = []
    beyond = [[outer, *(_from(hole, outer[:, 2].min()) for hole in holes)]]
    while beyond:
        polygon = beyond.pop()
        if polygon[0][:, 2].max() <= _LINE + _NEAR:
            parts.append(polygon)
        else:
            here, there = _cut(polygon, projection)
            parts += here
            beyond += [[_from(ring, -_LINE) for ring in part] for part in there]
    return [[np.clip(ring[:, 2:], (-_LINE, -90), (_LINE, 90)) for ring in part] for part in parts]


def _from(ring: Corners, west: float) -> Corners:
    """The ring turned by whole turns, so that it begins at this longitude or less than a turn east of it."""
    turns = math.floor((ring[:, 2].min() - west + _NEAR) / _TURN)
    return ring - (0, 0, turns * _TURN, 0) if turns else ring


def _located(ring: Points, projection: Projection) -> Corners:
    """A closed ring in map units with its places in degrees. SegError if it runs around a pole."""
    found = np.concatenate([ring, projection.degrees(ring)], axis=1)
    if projection.crs.is_geographic:
        east = ring[:, 0] * math.degrees(projection.crs.units_factor[1])
        found[:, 2] += _TURN * np.round((east - found[:, 2]) / _TURN)
        return found
    metres = projection.crs.units_factor[1]
    for _ in range(_HALVINGS):
        steps = np.diff(found, axis=0)
        degrees = np.abs(steps[:, 2] - _TURN * np.round(steps[:, 2] / _TURN))
        is_long = (np.hypot(steps[:, 0], steps[:, 1]) * metres > _LONG_METRES) | (degrees > _LONG_DEGREES)
        if not is_long.any():
            break
        edges = np.flatnonzero(is_long)
        middles = (found[edges, :2] + found[edges + 1, :2]) / 2
        found = np.insert(found, edges + 1, np.concatenate([middles, projection.degrees(middles)], axis=1), axis=0)
    found[:, 2] = np.unwrap(found[:, 2], period=_TURN)
    if abs(found[-1, 2] - found[0, 2]) > _LINE:
        raise SegError(f"{projection.place.path}: a polygon lies around a pole; save geopackage instead of geojson")
    return found


def _cut(polygon: Sequence[Corners], projection: Projection) -> tuple[list[list[Corners]], list[list[Corners]]]:
    """The parts of a polygon west and east of the 180th meridian."""
    chains: tuple[list[Corners], list[Corners]] = ([], [])
    whole: tuple[list[Corners], list[Corners]] = ([], [])
    for ring in polygon:
        is_east = ring[:, 2] >= _LINE
        edges = np.flatnonzero(is_east[1:] != is_east[:-1])
        if not len(edges):
            whole[int(is_east[0])].append(ring)
            continue
        crossed = np.insert(ring, edges + 1, _crossings(ring, edges, projection), axis=0)
        cuts = (edges + 1 + np.arange(len(edges))).tolist()
        turned = np.concatenate([crossed[cuts[0] : -1], crossed[: cuts[0] + 1]])
        bounds = [cut - cuts[0] for cut in cuts] + [len(turned) - 1]
        for first, last in pairwise(bounds):
            chain = turned[first : last + 1]
            chains[int(chain[1, 2] >= _LINE)].append(chain)
    here, there = (_with_holes(_joined(chains[side]), whole[side]) for side in (0, 1))
    return here, there


def _crossings(ring: Corners, edges: NDArray[np.int64], projection: Projection) -> Corners:
    """Where these edges, straight on the map, meet the meridian."""
    start, steps = ring[edges], ring[edges + 1] - ring[edges]
    along = (_LINE - start[:, 2]) / steps[:, 2]
    for _ in range(_APPROACHES):
        points = start[:, :2] + along[:, None] * steps[:, :2]
        longitude, latitude = projection.degrees(points).T
        off = _LINE - longitude
        along = np.clip(along + (off - _TURN * np.round(off / _TURN)) / steps[:, 2], 0, 1)
    return np.column_stack([points, np.full(len(edges), _LINE), latitude])


def _joined(chains: Sequence[Corners]) -> list[Corners]:
    """Closed rings of chains that begin and end on the meridian: along it, every other stretch lies inside."""
    order = np.argsort([latitude for chain in chains for latitude in chain[[0, -1], 3]], kind="stable").tolist()
    partner = {**dict(zip(order[::2], order[1::2], strict=True)), **dict(zip(order[1::2], order[::2], strict=True))}
    left, rings = set(range(len(chains))), []
    while left:
        end, ring = 2 * min(left), []
        while end // 2 in left:
            left.remove(end // 2)
            ring.append(chains[end // 2][:: -1 if end % 2 else 1])
            end = partner[end ^ 1]
        rings.append(np.concatenate([*ring, ring[0][:1]]))
    return [ring for ring in rings if np.ptp(ring[:, 2:], axis=0).min() > _THIN]


def _with_holes(outers: Sequence[Corners], holes: Sequence[Corners]) -> list[list[Corners]]:
    """Each hole goes with the outer ring that lies around it."""
    parts = [[outer] for outer in outers]
    for hole in holes:
        point = (hole[0, 2:] + hole[1, 2:]) / 2  # not a corner, which may lie on the outer ring
        around = [part for part in parts if len(parts) == 1 or _is_inside(point, part[0][:, 2:])]
        for part in around[:1]:
            part.append(hole)
    return parts


def _is_inside(point: Points, ring: Points) -> bool:
    (x, y), (x0, y0), (x1, y1) = point, ring[:-1].T, ring[1:].T
    crosses = (y0 > y) != (y1 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    return bool((crosses & (x < at)).sum() % 2)
