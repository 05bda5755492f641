"""Rings that touch themselves become several that do not: GIS programs take a polygon for invalid otherwise."""

from collections.abc import Sequence

import numpy as np

from prep.images.polygons import Ring, signed_area


def simple_rings(rings: Sequence[Ring]) -> list[Ring]:
    """The rings of a part, as of RegionPolygon, each without a corner that it comes to twice.

    Pixels of one class that meet at a corner are one part if they are joined elsewhere: what they enclose is a hole
    that touches the outer ring there, not a loop of it. Rings that simplification has folded stay as they are.
    """
    outer, *more = _loops(rings[0])
    sizes = [signed_area(loop) for loop in (outer, *more)]
    if sum(size > 0 for size in sizes) != 1:
        return list(rings)
    loops = sorted(zip(sizes, (outer, *more), strict=True), key=lambda each: -each[0])
    enclosed = [loop[::-1] for size, loop in loops[1:] if size]
    holes = [each for hole in rings[1:] for each in _holes(hole)]
    return [loops[0][1], *enclosed, *holes]


def _holes(ring: Ring) -> list[Ring]:
    loops = _loops(ring)
    return loops if all(signed_area(loop) > 0 for loop in loops) else [ring]


def _loops(ring: Ring) -> list[Ring]:
    """A ring cut at each corner that it comes to again."""
    if len(np.unique(ring, axis=0)) == len(ring):
        return [ring]
    found: list[Ring] = []
    open_corners: list[tuple[float, float]] = []
    places: dict[tuple[float, float], int] = {}
    for corner in map(tuple, ring.tolist()):
        if corner in places:
            loop = open_corners[places[corner] :]
            found.append(np.array(loop))
            for each in loop[1:]:
                del places[each]
            del open_corners[places[corner] + 1 :]
        else:
            places[corner] = len(open_corners)
            open_corners.append(corner)
    return [*found, np.array(open_corners)]
