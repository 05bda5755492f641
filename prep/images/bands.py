"""Which bands of a TIFF of any number of bands are red, green and blue."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prep.core.arguments import fits_type, shown_value
from prep.core.errors import SegError
from prep.images.tiff_pixels import TiffLayout

Bands = tuple[int, int, int]
"""Numbers, from 1, of the bands that are red, green and blue."""

_CHOOSABLE = (0, 1, 2)
"""Grey and RGB: the bands of all other kinds of colours mean nothing by themselves."""


def parse_bands(text: str) -> Bands:
    """Read 4,3,2; SegError if these are not three numbers of bands."""
    if re.fullmatch(r"\s*\d{1,5}\s*(,\s*\d{1,5}\s*){2}", text) is None:
        raise SegError(f"{text!r} is not three numbers of bands like 4,3,2; one band as grey is 5,5,5")
    return checked_bands([int(part) for part in text.split(",")])


def checked_bands(numbers: Sequence[int]) -> Bands:
    """Three numbers as Bands; SegError if they are none, or below 1."""
    if len(numbers) != 3 or not all(isinstance(each, int) and not isinstance(each, bool) for each in numbers):
        raise SegError(f"bands {numbers!r}: needs three numbers of bands, for example 4,3,2")
    if min(numbers) < 1:
        raise SegError(f"bands {format_bands(numbers)}: the first band has the number 1")
    red, green, blue = numbers
    return red, green, blue


def need_three_bands(bands: Any) -> None:  # noqa: ANN401
    """SegError unless it is None, or three numbers from 1."""
    fitting = fits_type(bands, Sequence[int] | None)
    if not fitting or (bands is not None and (len(bands) != 3 or min(bands) < 1)):
        raise SegError(
            f"bands={shown_value(bands)}: needs three numbers of bands, of which the first is 1, such as (4, 3, 2)"
        )


def format_bands(bands: Sequence[int] | None) -> str:
    """For people, and as --bands takes it."""
    return "the first three bands" if bands is None else ",".join(map(str, bands))


@dataclass(frozen=True)
class BandChoice:
    """Bands of a TIFF: their numbers from 0, red, green, blue, then opacity if the file has one.

    layout: that of a file which holds only these.
    """

    layout: TiffLayout
    numbers: tuple[int, ...]

    def of(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """(H, W) or (H, W, bands) as stored -> (H, W, bands) of these."""
        return np.ascontiguousarray((pixels[..., None] if pixels.ndim == 2 else pixels)[..., list(self.numbers)])


def choose_bands(path: Path, layout: TiffLayout, bands: Bands) -> BandChoice:
    """These bands of a file with this layout; SegError if it has fewer, or colours that are not made of bands.

    A band that is chosen as a colour does not say how opaque pixels are: near infrared often stands where the header
    says opacity.
    """
    if layout.photometric not in _CHOOSABLE:
        raise SegError(
            f"{path}: its colours are stored in a way (TIFF's photometric interpretation {layout.photometric}) that "
            f"has no bands to choose, but bands {format_bands(bands)} are to be red, green and blue; save it as RGB"
        )
    if max(bands) > layout.bands:
        raise SegError(
            f"{path}: has {layout.bands} band{'s' * (layout.bands != 1)}, but bands {format_bands(bands)} are to be "
            "red, green and blue, as --bands, the dataset or the model says; bring in a file that has them"
        )
    numbers = [number - 1 for number in bands]
    alpha = layout.alpha if layout.alpha not in numbers else None
    chosen = (*numbers, alpha) if alpha is not None else tuple(numbers)
    profile = layout.profile if numbers == [0, 1, 2] else None  # it is of those colours
    changes: dict[str, Any] = {"bands": len(chosen), "colors": 3, "profile": profile}
    return BandChoice(replace(layout, **changes, alpha=None if alpha is None else 3), chosen)
