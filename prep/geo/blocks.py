"""Squares of ground that samples are grouped by: which of them holds a sample, and how long their sides may be."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from prep.geo.footprint import Footprint, pixel_sizes

_EARTH_RADIUS = 6_371_008.8
"""Metres, mean radius of the ellipsoid."""

_TILES = 5
"""Sides of a sample to the side of a square: with a fifth of the squares in val and test, about a fifth of the samples
lies next to another split then."""

_STEPS = (1, 1.5, 2, 3, 5, 7)
_FURTHER = 1.2
_MOST = 8


def blocks_of(degrees: NDArray[np.float64], metres: float) -> list[str]:
    """Names of the squares with sides of so many metres on the ground, of a grid over the earth, that hold the points.

    Rows of the grid follow the latitude; squares of a row have one width, so they are squares in its middle.
    """
    names = []
    for longitude, latitude in degrees.tolist():
        row = math.floor(math.radians(latitude) * _EARTH_RADIUS / metres)
        circle = _EARTH_RADIUS * math.cos((row + 0.5) * metres / _EARTH_RADIUS)
        column = math.floor(math.radians(longitude) * circle / metres)
        names.append(f"block {row} {column}")
    return names


def usual_block(footprints: Sequence[Footprint]) -> float:
    """A side for squares that suits samples of this size, in metres.

    Needs the extra `geo`; SegError where one lies nowhere.
    """
    sides = [
        max(each.width * size.across, each.height * size.down)
        for each, size in zip(footprints, pixel_sizes(footprints), strict=True)
    ]
    return larger(_TILES * float(np.median(sides)) / _FURTHER)[0]


def in_metres(length: float) -> str:
    """A length as --block takes it: 150m, 2km."""
    return f"{length / 1000:g}km" if length >= 1000 and not length % 500 else f"{length:g}m"


def larger(length: float) -> list[float]:
    """Round lengths above this one."""
    scale = 10.0 ** math.floor(math.log10(length))
    steps = [step * 10**power * scale for power in range(3) for step in _STEPS]
    return [step for step in steps if step > _FURTHER * length][:_MOST]


def smaller(length: float) -> list[float]:
    """Round lengths below this one, the largest first."""
    scale = 10.0 ** math.floor(math.log10(length))
    steps = [step * scale / 10**power for power in range(3) for step in reversed(_STEPS)]
    return [step for step in steps if _FURTHER * step < length][:_MOST]
