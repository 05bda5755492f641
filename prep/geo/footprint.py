"""Where samples lie on the earth: their footprints, and the size of their pixels."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.geo.extra import gdal
from prep.geo.georeference import Transform
from prep.geo.pixel_size import PixelSize
from prep.images.sizing import Placement

_EQUATOR_RADIUS, _FLATTENING = 6_378_137.0, 1 / 298.257223563
"""Metres and shape of the ellipsoid of WGS84."""

_MEASURED_PX = 8
"""Pixels from the centre to where a pixel is measured: enough for the rounding of coordinate systems to vanish."""


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
        steps = self.steps
        x, y = max(0.0, self.width / 2 - less), max(0.0, self.height / 2 - less)
        right, down = steps[0] * x, steps[1] * y
        around = np.array([-right - down, right - down, right + down, down - right])
        centred: NDArray[np.float64] = np.add(around, [self.east, self.north])
        return centred

    def resized(self, placed: Placement) -> "Footprint":
        """The footprint of an image that shows this one in another size, and maybe a frame around it."""
        right, down = self.steps * np.array([[self.width / placed.across], [self.height / placed.down]])
        x = placed.width / 2 - (placed.left + placed.across / 2)
        y = placed.height / 2 - (placed.top + placed.down / 2)
        east, north = (x * right + y * down + [self.east, self.north]).tolist()
        pixel = " ".join(map(repr, (*right.tolist(), *down.tolist())))
        return Footprint(placed.width, placed.height, east, north, self.crs, pixel)

    @property
    def steps(self) -> NDArray[np.float64]:
        """East and north of the step to the right, and of the one down (2, 2), in map units. SegError without any."""
        try:
            right_east, right_north, down_east, down_north = map(float, self.pixel.split())
        except ValueError as error:
            raise SegError(f"index.csv: the pixel {self.pixel!r} is not four numbers; restore the file") from error
        return np.array([(right_east, right_north), (down_east, down_north)])


class PlacedSample(Protocol):
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


def footprints_of(samples: Iterable[PlacedSample]) -> dict[str, Footprint]:
    """Footprints by stem, of the samples that have a place."""
    return {
        each.stem: Footprint(each.width, each.height, each.east, each.north, each.crs, each.pixel)
        for each in samples
        if each.east is not None and each.north is not None and each.crs
    }


def degrees_of(footprints: Sequence[Footprint]) -> NDArray[np.float64]:
    """Longitude and latitude of their centres (N, 2). Needs the extra `geo`; SegError where one lies nowhere."""
    centres = np.array([(each.east, each.north) for each in footprints]).reshape(-1, 1, 2)
    found: NDArray[np.float64] = degrees_of_points(centres, [each.crs for each in footprints], Path("index.csv"))[:, 0]
    return found


def pixel_sizes(footprints: Sequence[Footprint], path: Path = Path("index.csv")) -> list[PixelSize]:
    """How large their pixels are on the ground, measured at their centres, in any coordinate system.

    path: the file that says where they lie. Needs the extra `geo`; SegError where one lies nowhere.
    """
    points = np.empty((len(footprints), 4, 2))
    apart = np.empty((len(footprints), 2))
    for number, each in enumerate(footprints):
        apart[number] = np.minimum(_MEASURED_PX, np.array([each.width, each.height]) / 2)
        right, down = each.steps * apart[number][:, None]
        points[number] = np.add([-right, right, -down, down], [each.east, each.north])
    longitude, latitude = np.radians(degrees_of_points(points, [each.crs for each in footprints], path)).transpose(
        2, 0, 1
    )
    squared = _FLATTENING * (2 - _FLATTENING)
    radius = _EQUATOR_RADIUS / np.sqrt(1 - squared * np.sin(latitude) ** 2)
    x, y = radius * np.cos(latitude) * np.cos(longitude), radius * np.cos(latitude) * np.sin(longitude)
    # Straight lines through the earth: neither the poles nor the 180th meridian are special places for them.
    places = np.stack([x, y, radius * (1 - squared) * np.sin(latitude)], axis=2)
    metres = np.linalg.norm(places[:, 1::2] - places[:, ::2], axis=2) / (2 * apart)
    return [PixelSize(across, down) for across, down in metres.tolist()]


def degrees_of_points(points: NDArray[np.float64], systems: Sequence[str], path: Path) -> NDArray[np.float64]:
    """(N, n, 2) in map units of N coordinate systems -> longitude and latitude (N, n, 2).

    path: the file that says where they lie. Needs the extra `geo`; SegError where one lies nowhere.
    """
    from rasterio.warp import transform

    found = np.empty(points.shape)
    by_crs: dict[str, list[int]] = defaultdict(list)
    for number, crs in enumerate(systems):
        by_crs[crs].append(number)
    for crs, numbers in by_crs.items():
        with gdal(path):
            degrees = transform(crs, "EPSG:4326", *points[numbers].reshape(-1, 2).T.tolist())
            found[numbers] = np.array(degrees).T.reshape(len(numbers), -1, 2)
    if not np.isfinite(found).all():
        raise SegError(f"{path}: names a place that is outside of its coordinate system; correct that in a GIS program")
    return found
