"""Says which photos are labelled at another size than their own, once for all that are alike."""

import math
from collections.abc import Callable

from prep.core.errors import SegError
from prep.geo.extra import INSTALL_GEO, has_geo
from train.windows.scale import Rescaling

_UNKNOWN = (
    "the model does not say how large the images were that it learned from (an older version trained it): photos are "
    "labelled as they are; train it again, or give --scale FACTOR if they are of another scale"
)
_UNMEASURED = (
    "the model does not say how many metres a pixel had in the rasters that it learned from (an older version trained "
    f"it, or the extra geo was missing; {INSTALL_GEO}): rasters are labelled as they are; train it again, or give "
    "--scale FACTOR if theirs are of another size"
)


def note_unknown(scale: Rescaling, note: Callable[[str], None]) -> None:
    """Tell if photos are labelled as they are for want of knowledge."""
    if scale.is_unknown:
        note(_UNMEASURED if scale.trained else _UNKNOWN)


class RescaledPhotos:
    """Tells `note` of the first photo of each kind: alike is what is labelled at one size and of one octave itself.

    Of rasters alike is what has pixels of one size on the ground.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._told: set[object] = set()

    def look(self, name: str, scale: Rescaling, height: int, width: int) -> None:
        """Look at a photo that is going to be labelled. SegError that names it if its scale cannot be told.

        scale: with the size of its pixels on the ground, if that is known.
        """
        try:
            size, words = max(scale.size(height, width)), scale.words(height, width)
        except SegError as error:
            raise SegError(f"{name}: {error}") from error
        kind: object = size, round(math.log2(max(height, width) / size))
        if scale.ground is not None:
            kind = scale.pixel and scale.pixel.words
            words = words if scale.pixel else _unplaced(scale)
        if words is not None and kind not in self._told:
            self._told.add(kind)
            self._note(f"{name} and others like it: {words}")


def _unplaced(scale: Rescaling) -> str:
    why = "says neither a place on the earth nor a coordinate system" if has_geo() else f"needs {INSTALL_GEO}"
    return (
        f"metres a pixel unknown ({why}), so labelled as it is; the model learned from "
        f"{scale.ground.words if scale.ground else ''} a pixel, --scale FACTOR brings it to that"
    )
