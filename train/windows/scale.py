"""The scale of the images that a model learned from, and the size at which it labels a photo. Needs no torch."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from prep.core.arguments import python_numbers, shown_value
from prep.core.errors import SegError
from prep.geo.pixel_size import PixelSize
from train.windows.ground_scale import TOLERANCE, GroundScale, MetreSpread

Scale = Literal["auto", "fit"] | float
"""What `--scale` may be: auto, fit, or a factor."""

FACTORS = (0.001, 8.0)
"""Factors that are possible."""

SCALES = f"auto, fit, or a factor from {FACTORS[0]:g} to {FACTORS[1]:g}"
"""What a scale may be, in words that follow "needs"."""

Spread = tuple[int, int, int]
"""The least, the median and the most of many numbers."""

_SHAPES = 1.5
"""A photo so many times as long for its width as any of the training shows another view, as a panorama does."""

_CAMERAS = 3.0
"""A camera has at most so many times the pixels, side by side, of those whose photos were made smaller."""

_NATIVE_PX, _NATIVE_RATIO = 2000, 2.0
"""Cameras make images as long as this: nobody may have made them smaller, so a much larger one may show more."""

_PHOTO_PIXELS = 64_000_000
"""What is larger is no photo but a mosaic or a scan, unless the photos of the training were made smaller, too."""

_ENLARGED = 4.0
"""A photo is enlarged so many times at most."""

_ALIKE = 1.05
"""Sides that differ no more are those of one size."""

_SQUARE = 1.02
"""Nobody photographs squares: where all images are, they were cut out of larger ones, unless photos.csv tells more."""


@dataclass(frozen=True)
class ImageScale:
    """Sizes of the images at which a network learned, was validated and scored; in pixels.

    long, short: their sides.  shape: least and most of long / short, of the photos that they were made from.
    photos: long sides of the photos that the images were made from, if they were made smaller; None: nobody wrote that
    down, so they may have been or not.
    stretched: (width, height) of all images, if the photos were distorted to it.
    cut: whether they were cut out of rasters with a place on the earth: whatever its size, a raster shows more of them.
    metres_across, metres_down: of their pixels on the ground, if all have a place and it could be measured.
    """

    long: Spread
    short: Spread
    shape: tuple[float, float]
    photos: Spread | None = None
    stretched: tuple[int, int] | None = None
    cut: bool = False
    metres_across: MetreSpread | None = None
    metres_down: MetreSpread | None = None

    @classmethod
    def from_plain(cls, content: object, path: Path) -> "ImageScale | None":
        """Read what to_plain gave; None where there is nothing. SegError for what no images have."""
        if content is None:
            return None
        try:
            if not isinstance(content, Mapping):
                raise ValueError
            found: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
            }
            scale = cls(**found)
            scale._check()
        except (TypeError, ValueError) as error:
            raise SegError(
                f"{path}: image_scale cannot be {str(content)!r:.120}; restore it from a copy, or train again"
            ) from error
        return scale

    def _check(self) -> None:
        """ValueError for sizes of no images."""
        spreads = [self.long, self.short, *([self.photos] if self.photos else [])]
        sides = [*(side for spread in spreads for side in spread), *(self.stretched or ())]
        fits = all(len(spread) == 3 and list(spread) == sorted(spread) for spread in spreads)
        fits &= all(type(side) is int and 1 <= side <= 1 << 30 for side in sides)
        fits &= len(self.shape) == 2 and all(type(each) in (int, float) for each in self.shape)
        fits &= self.stretched is None or len(self.stretched) == 2
        fits &= type(self.cut) is bool and (self.metres_across is None) == (self.metres_down is None)
        for metres in (self.metres_across or (1.0,) * 3, self.metres_down or (1.0,) * 3):
            fits &= len(metres) == 3 and list(metres) == sorted(metres)
            fits &= all(type(each) in (int, float) and 0 < each < math.inf for each in metres)
        if not (fits and 1 <= self.shape[0] <= self.shape[1] < math.inf):
            raise ValueError

    def to_plain(self) -> dict[str, Any]:
        """Plain data, for checkpoints and config.json."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}

    @property
    def ground(self) -> GroundScale | None:
        """The sizes of their pixels on the ground, if they are known."""
        if self.metres_across is None or self.metres_down is None:
            return None
        return GroundScale(self.metres_across, self.metres_down)

    @property
    def is_by_short(self) -> bool:
        """Whether the short sides are alike and the long ones are not, as `seg-prep resize --fit short` makes them."""
        return self.short[2] / self.short[0] < _ALIKE < self.long[2] / self.long[0]

    @property
    def words(self) -> str:
        """The sides for people: 640 px, or 200 to 3,271 px."""
        least, _, most = self.short if self.is_by_short else self.long
        return f"{most:,} px" if least == most else f"{least:,} to {most:,} px"


@dataclass(frozen=True)
class Rescaling:
    """Which size a model labels a photo at.

    trained: of the model; None if it does not say.  wanted: as `--scale` says it.
    pixel: of the raster that is labelled, on the ground; None for a photo, or where that is not known.
    """

    trained: ImageScale | None = None
    wanted: Scale = "auto"
    pixel: PixelSize | None = None

    def __post_init__(self) -> None:
        if self.wanted == "fit" and self.trained is None:
            raise SegError(
                "--scale fit: the model does not say how large the images were that it learned from (an older version "
                "trained it); give a factor, such as --scale 0.25, or train it again"
            )

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width at which a photo of this size is labelled.

        auto: photos as large as the images of the training stay as they are, others become as large, as 'seg-prep
        resize' makes them; where those were cut out of rasters, pixels become as large on the ground, if their size is
        known.  fit: as large as the images, however different they are.  A factor: the sides times this.
        Raises SegError for auto where it cannot be told whether a photo shows the same in more pixels, or more.
        """
        if not isinstance(self.wanted, str):
            return _times(height, width, self.wanted)
        if self.trained is None or (self.trained.cut and self.wanted == "auto"):
            return self.ground.size(height, width, self.pixel) if self.ground and self.pixel else (height, width)
        size = _as_trained(height, width, self.trained)
        if self.wanted == "auto" and size != (height, width) and not _is_clear(height, width, size, self.trained):
            raise _refusal(height, width, self.trained)
        return size

    def words(self, height: int, width: int) -> str | None:
        """What is done with photos of this size, for people; None if they are labelled as they are."""
        down, across = self.size(height, width)
        if (down, across) == (height, width):
            return None
        what = f"{width:,} x {height:,} px, labelled at {across:,} x {down:,}"
        if self.ground and self.pixel:
            target = self.ground.target(self.pixel).words
            return f"{self.pixel.words} a pixel, labelled at {target} as in the training ({what})"
        why = f"--scale {self.wanted:g}" if not isinstance(self.wanted, str) else f"the training's images: {self.known}"
        return f"{what} ({why})"

    @property
    def ground(self) -> GroundScale | None:
        """The sizes on the ground that decide; None where something else does."""
        return self.trained.ground if self.trained and self.wanted == "auto" else None

    @property
    def is_unknown(self) -> bool:
        """Whether photos are labelled as they are because nobody knows better."""
        return self.wanted == "auto" and (self.trained is None or (self.trained.cut and self.trained.ground is None))

    @property
    def rule(self) -> str:
        """What is done with photos of any size, for people."""
        if not isinstance(self.wanted, str):
            return f"photos times {self.wanted:g}"
        if self.trained is None:
            return "photos as they are; that of the training is unknown"
        if self.trained.cut and self.wanted == "auto":
            rasters = f"rasters at {self.ground.words} a pixel, " if self.ground else ""
            return f"{rasters}photos as they are"
        return f"photos of another size are labelled at that of the training's images: {self.known}"

    @property
    def known(self) -> str:
        """The sizes of the training's images, for people."""
        return self.trained.words if self.trained else "of unknown size"


def parse_scale(value: object) -> Scale:
    """Read auto, fit or a factor, as text or number; SegError for anything else."""
    if (scale := read_scale(value)) is None:
        raise SegError(f"--scale needs {SCALES}; got {shown_value(value)}")
    return scale


def read_scale(value: object) -> Scale | None:
    """The same, and None for anything else."""
    if isinstance(value, str) and value in ("auto", "fit"):
        return "auto" if value == "auto" else "fit"
    value = python_numbers(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        factor = float(value)
    except (ValueError, OverflowError):
        return None
    return factor if FACTORS[0] <= factor <= FACTORS[1] else None


def need_scale(scale: object) -> None:
    """SegError unless it is such a text or number."""
    if read_scale(scale) is None:
        raise SegError(f"scale={shown_value(scale)}: needs {SCALES}")


def _times(height: int, width: int, factor: float) -> tuple[int, int]:
    return max(1, round(height * factor)), max(1, round(width * factor))


def _as_trained(height: int, width: int, trained: ImageScale) -> tuple[int, int]:
    """The size that a photo has among the images of the training."""
    if trained.stretched is not None:
        return trained.stretched[::-1]
    (least, _, most), side = (
        (trained.short, min(height, width)) if trained.is_by_short else (trained.long, max(height, width))
    )
    if least / TOLERANCE <= side <= most * TOLERANCE:
        return height, width
    return _times(height, width, (most if side > most else least) / side)


def _is_clear(height: int, width: int, size: tuple[int, int], trained: ImageScale) -> bool:
    """Whether a photo shows the same view as those of the training, in other pixels; not more of it, or a part."""
    long, shape, cut_out = max(height, width), max(height, width) / min(height, width), trained.shape[1] < _SQUARE
    if not trained.shape[0] / _SHAPES <= shape <= trained.shape[1] * _SHAPES:
        return False
    if max(size) > long:
        return max(size) <= _ENLARGED * long and not (cut_out and trained.photos is None)
    if trained.photos is not None:
        return long <= _CAMERAS * trained.photos[2]
    if trained.long[2] >= _NATIVE_PX:
        return long <= _NATIVE_RATIO * trained.long[2]
    return height * width <= _PHOTO_PIXELS and not cut_out


def _refusal(height: int, width: int, trained: ImageScale) -> SegError:
    return SegError(
        f"{width:,} x {height:,} pixels, and the model learned from images of {trained.words}: whether this shows the "
        "same in other pixels, or more or less of it at the same detail, cannot be told; add --scale fit (as a whole "
        "at the size of those images) or --scale 1 (as it is)"
    )
