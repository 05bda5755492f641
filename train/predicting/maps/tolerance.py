"""How far lines of polygons may move: pixels, or metres on the ground."""

import math
import re
from dataclasses import dataclass

from prep.core.errors import SegError
from prep.geo.extra import need_geo
from prep.images.finding import FoundFile
from train.predicting.maps.places import Place

_MEASURED_PX = 16


@dataclass(frozen=True)
class Tolerance:
    """So many pixels, or metres; 0 follows the pixels exactly."""

    amount: float
    is_metres: bool = False

    @property
    def plain(self) -> float | str:
        """As parse_tolerance reads it."""
        return f"{self.amount:g}m" if self.is_metres else self.amount

    def pixels(self, photo: FoundFile, place: Place | None) -> float:
        """The same in pixels of this photo, as large as they are at its upper left corner.

        Where pixels are no squares the longer side counts: no line moves farther than this in any direction.
        Raises SegError if these are metres, and the photo has no place on the earth.
        """
        if not self.is_metres:
            return self.amount
        need_geo("Lines that move by metres need")
        size = None if place is None else place.pixel_size(_MEASURED_PX, _MEASURED_PX)
        if size is None:
            raise SegError(
                f"{photo.path}: says no place on the earth with a coordinate system, so metres are not known; give "
                "pixels, for example --simplify 1"
            )
        return self.amount / max(size.across, size.down)


def parse_tolerance(value: float | str) -> Tolerance:
    """Read 1.5 as pixels, and 0.5m as metres. SegError for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*(m?)", str(value).strip())
    if match is None or not math.isfinite(float(match[1])):
        raise SegError(f"simplify {value!r}: is neither pixels like 1.5 nor metres like 0.5m")
    return Tolerance(float(match[1]), bool(match[2]))
