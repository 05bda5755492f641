"""Where samples lie on the earth: their footprints, which of them overlap, and blocks of metres to group them by."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.geo.extra import gdal
from prep.geo.georeference import Transform

_EARTH_RADIUS = 6_371_008.8
"""Metres, mean radius of the ellipsoid."""


@dataclass(frozen=True)
class Footprint:
    """A rectangle of pixels on the earth.

    east, north: its centre, in the units of the coordinate system `crs`.  pixel: as in index.csv.
    """

    width: int
    height: int
    east: float
    north: float
    crs: str
    pixel: str

    @classmethod
    def of(cls, transform: Transform, crs: str, left: int, top: int, width: int, height: int) -> "Footprint":
        """The footprint of a part of a raster, in pixels."""
        a, b, c, d, e, f = transform
        x, y = left + width / 2, top + height / 2
        return cls(width, height, a * x + b * y + c, d * x + e * y + f, crs, " ".join(map(repr, (a, d, b, e))))

    def corners(self, less: float = 0.0) -> NDArray[np.float64]:
        """Its four corners (4, 2) in map units, in turn; so many pixels less on each side. SegError if it has none."""
        try:
            right_east, right_north, down_east, down_north = map(float, self.pixel.split())
        except ValueError as error:
            raise SegError(f"index.csv: the pixel {self.pixel!r} is not four numbers; restore the file") from error
        x, y = max(0.0, self.width / 2 - less), max(0.0, self.height / 2 - less)
        right, down = np.array([right_east, right_north]) * x, np.array([down_east, down_north]) * y
        around = np.array([-right - down, right - down, right + down, down - right])
        centred: NDArray[np.float64] = np.add(around, [self.east, self.north])
        return centred


class Placed(Protocol):
    """A sample as index.csv has it."""

    @property
    def stem(self) -> str:
        """Its name."""

    @property
    def width(self) -> int:
        """In pixels."""

    @property
    def height(self) -> int:
        """In pixels."""

    @property
    def east(self) -> float | None:
        """Of its centre, in map units; None where it has no place."""

    @property
    def north(self) -> float | None:
        """Of its centre, in map units; None where it has no place."""

    @property
    def crs(self) -> str:
        """Its coordinate system."""

    @property
    def pixel(self) -> str:
        """The steps of a pixel."""


def footprints_of(samples: Iterable[Placed]) -> dict[str, Footprint]:
    """Footprints by stem, of the samples that have a place."""
    return {
        each.stem: Footprint(each.width, each.height, each.east, each.north, each.crs, each.pixel)
        for each in samples
        if each.east is not None and each.north is not None and each.crs
    }


def degrees_of(footprints: Sequence[Footprint]) -> NDArray[np.float64]:
    """Longitude and latitude of their centres (N, 2). Needs the extra `geo`; SegError where one lies nowhere."""
    from rasterio.warp import transform

    found = np.empty((len(footprints), 2))
    by_crs: dict[str, list[int]] = defaultdict(list)
    for number, each in enumerate(footprints):
        by_crs[each.crs].append(number)
    for crs, numbers in by_crs.items():
        with gdal(Path("index.csv")):
            points = [footprints[n].east for n in numbers], [footprints[n].north for n in numbers]
            found[numbers] = np.array(transform(crs, "EPSG:4326", *points)).T
    if not np.isfinite(found).all():
        raise SegError("index.csv: some samples lie outside of their coordinate system; restore the file")
    return found


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


def overlapping(footprints: Sequence[Footprint], sides: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs (numbers) that overlap by more than a pixel and lie on different sides (values of `sides`).

    Footprints in different coordinate systems are not compared.
    """
    by_crs: dict[str, list[int]] = defaultdict(list)
    for number, each in enumerate(footprints):
        by_crs[each.crs].append(number)
    for numbers in by_crs.values():
        corners = np.array([footprints[number].corners(less=0.5) for number in numbers])
        low, high = corners.min(axis=1), corners.max(axis=1)
        cell = np.maximum((high - low).max(axis=0), 1e-12)
        cells: dict[tuple[int, int], list[int]] = defaultdict(list)
        for at, (x, y) in enumerate(np.floor(low / cell).astype(np.int64).tolist()):
            near = (each for dx in (-1, 0, 1) for dy in (-1, 0, 1) for each in cells.get((x + dx, y + dy), ()))
            for other in sorted(near):
                if sides[numbers[other]] != sides[numbers[at]] and _overlap(corners[other], corners[at]):
                    yield numbers[other], numbers[at]
            cells[x, y].append(at)


def _overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether two convex polygons share an area: no side of either has all of the other one outside."""
    for polygon in (one, other):
        steps = np.roll(polygon, -1, axis=0) - polygon
        for normal in np.stack([steps[:, 1], -steps[:, 0]], axis=1):
            first, second = one @ normal, other @ normal
            if first.max() <= second.min() or second.max() <= first.min():
                return False
    return True
