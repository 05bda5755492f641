"""Says which photos are labelled at another size than their own, once for all that are alike."""

import math
from collections.abc import Callable

from prep.core.errors import SegError
from train.windows.scale import Rescaling

_UNKNOWN = (
    "the model does not say how large the images were that it learned from (an older version trained it): photos are "
    "labelled as they are; train it again, or give --scale FACTOR if they are of another scale"
)


def note_unknown(scale: Rescaling, note: Callable[[str], None]) -> None:
    """Tell if photos are labelled as they are for want of knowledge."""
    if scale.is_unknown:
        note(_UNKNOWN)


class RescaledPhotos:
    """Tells `note` of the first photo of each kind: alike is what is labelled at one size and of one octave itself."""

    def __init__(self, scale: Rescaling, note: Callable[[str], None]) -> None:
        self._scale, self._note = scale, note
        self._told: set[tuple[int, int]] = set()

    def look(self, name: str, height: int, width: int) -> None:
        """Look at a photo that is going to be labelled. SegError that names it if its scale cannot be told."""
        try:
            size, words = max(self._scale.size(height, width)), self._scale.words(height, width)
        except SegError as error:
            raise SegError(f"{name}: {error}") from error
        kind = size, round(math.log2(max(height, width) / size))
        if words is not None and kind not in self._told:
            self._told.add(kind)
            self._note(f"{name} and others like it: {words}")
