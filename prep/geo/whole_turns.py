"""Regions that lie on a raster a whole turn around the earth away: the raster runs on beyond the 180th meridian."""

from collections.abc import Sequence

import numpy as np

from prep.geo.extra import gdal
from prep.geo.projection import WGS84, Points, Projection
from prep.geo.vectors import Region

_SAME_DEGREES = 1e-6


def turned_regions(regions: Sequence[Region], projection: Projection, width: int, height: int) -> list[Region]:
    """The regions, in the coordinate system of a raster of this size, each followed by its copies a turn away that
    touch the raster.

    In degrees and in Web Mercator, a raster across the 180th meridian has numbers on one side of it that no region of
    a file as the standards want it has.
    """
    corners = projection.map_points(np.array([[0, 0], [width, 0], [0, height], [width, height]]))
    turns = _turns(corners, projection)
    low, high = corners.min(axis=0), corners.max(axis=0)
    found = []
    for region in regions:
        found.append(region)
        for turn in turns:
            left, bottom, right, top = (np.array(region.box) + np.tile(turn, 2)).tolist()
            if left < high[0] and right > low[0] and bottom < high[1] and top > low[1]:
                polygons = [[ring + turn for ring in polygon] for polygon in region.polygons]
                found.append(Region(region.name, polygons, (left, bottom, right, top)))
    return found


def _turns(corners: Points, projection: Projection) -> list[Points]:
    """Steps (2,) in map units from where a corner lies on one turn around the earth to where the raster has it."""
    from rasterio.warp import transform

    degrees = _on_one_turn(projection.degrees(corners))
    with gdal(projection.place.path):
        back = np.array(transform(WGS84, projection.crs, *degrees.T.tolist())).T
    steps = corners - back
    pixel = max(map(abs, projection.transform[:2]))
    turns: list[Points] = []
    for step in steps[np.isfinite(steps).all(axis=1)]:
        if np.abs(step).max() <= pixel or any(np.abs(step - turn).max() <= pixel for turn in turns):
            continue
        there = _on_one_turn(projection.degrees(corners - step))
        off = np.abs(there - degrees)
        if np.minimum(off, 360 - off).max() <= _SAME_DEGREES:
            turns.append(step)
    return turns


def _on_one_turn(degrees: Points) -> Points:
    return np.column_stack([(degrees[:, 0] + 180) % 360 - 180, degrees[:, 1]])
