"""Polygons with holes as one ring, for formats whose polygons have none: slits join the holes to the outer ring."""

from collections.abc import Sequence

import numpy as np

from prep.images.polygons import Ring


def with_slits(rings: Sequence[Ring]) -> Ring:
    """One ring (N, 2) of an outer ring and its holes: from an outer corner to each hole, around it, and back.

    The slit is walked twice, so it adds no pixel under the even-odd rule nor by winding number.
    """
    outer, *holes = turned_holes(rings)
    if not holes:
        return outer
    from scipy.spatial import KDTree  # 25 MB that nothing else of a labelling needs

    _, near = KDTree(outer).query([hole[0] for hole in holes])
    pieces: list[Ring] = []
    done = 0
    for number in np.argsort(near, kind="stable").tolist():
        corner = int(near[number])
        hole = holes[number]
        pieces += [outer[done : corner + 1], hole, hole[:1], outer[corner : corner + 1]]
        done = corner + 1
    return np.concatenate([*pieces, outer[done:]])


def turned_holes(rings: Sequence[Ring]) -> list[Ring]:
    """Holes run against their outer ring."""
    return [rings[0], *(hole[::-1] for hole in rings[1:])]
