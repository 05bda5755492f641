"""How far lines of polygons may move: pixels, or metres on the ground."""

import math
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from prep.core.arguments import fits_type, shown_value
from prep.core.errors import SegError
from prep.geo.extra import need_geo
from prep.geo.footprint import Footprint, pixel_sizes
from prep.geo.projection import Projection
from prep.images.finding import FoundFile
from prep.images.polygons import Ring
from train.predicting.maps.places import Place
from train.predicting.region_polygons import Moving

_CELL_PX = 128
"""Sides of the parts of a raster in each of which pixels are taken as equally large."""


@dataclass(frozen=True)
class Tolerance:
    """So many pixels, or metres; 0 follows the pixels exactly."""

    amount: float
    is_metres: bool = False

    @property
    def plain(self) -> float | str:
        """As parse_tolerance reads it."""
        return f"{self.amount:g}m" if self.is_metres else self.amount

    def pixels(self, photo: FoundFile, place: Place | None) -> Moving:
        """The same in pixels of this photo; metres as large as pixels are where the line runs.

        Raises SegError if these are metres, and the photo has no place on the earth.
        """
        if not self.is_metres:
            return self.amount
        need_geo("Lines that move by metres need")
        if place is None or place.projection is None:
            raise SegError(
                f"{photo.path}: says no place on the earth with a coordinate system, so metres are not known; give "
                "pixels, for example --simplify 1"
            )
        return MetresThere(self.amount, place.projection) if self.amount else 0.0


@dataclass(frozen=True)
class MetresThere:
    """So many metres in pixels, for each line by itself: across a large raster pixels are of different sizes.

    Two polygons that share a line are told the same of it, whichever way they go along it.
    """

    metres: float
    projection: Projection
    _sizes: dict[tuple[int, int], float] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, line: Ring) -> float:
        """Of a line (N, 2) of corners x, y: by the largest pixels along it and by their longer sides.

        So it moves no farther in any direction. SegError where pixels lie nowhere on the earth.
        """
        cells = list(map(tuple, np.unique(line.astype(np.int64) // _CELL_PX, axis=0).tolist()))
        if new := [cell for cell in cells if cell not in self._sizes]:
            projection, crs = self.projection, self.projection.crs.to_string()
            parts = [
                Footprint.of(projection.transform, crs, x * _CELL_PX, y * _CELL_PX, _CELL_PX, _CELL_PX) for x, y in new
            ]
            sizes = pixel_sizes(parts, projection.place.path)
            self._sizes.update((cell, max(size.across, size.down)) for cell, size in zip(new, sizes, strict=True))
        return self.metres / max(self._sizes[cell] for cell in cells)


def parse_tolerance(value: float | str) -> Tolerance:
    """Read 1.5 as pixels, and 0.5m as metres. SegError for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*(m?)", str(value).strip())
    if match is None or not math.isfinite(float(match[1])):
        raise SegError(f"simplify {value!r}: is neither pixels like 1.5 nor metres like 0.5m")
    return Tolerance(float(match[1]), bool(match[2]))


def need_tolerance(simplify: Any) -> None:  # noqa: ANN401
    """SegError unless it is what parse_tolerance reads."""
    if not fits_type(simplify, float | str):
        raise SegError(f"simplify={shown_value(simplify)}: needs pixels like 1.5, or metres like '0.5m'")
    parse_tolerance(simplify)
