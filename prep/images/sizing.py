"""How large the image of a photo becomes, and where in it the photo stands. Numbers only, no pixels."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from prep.core.arguments import fits_type, shown_value
from prep.core.errors import SegError
from prep.core.words import counted

FitMode = Literal["long", "short", "exact", "letterbox"]

MIN_SIZE, MAX_SIZE = 16, 65_500
"""Sides of a target in pixels; JPEG holds no more than 65,500."""

_SIZE = re.compile(r"(\d{1,6})(?:x(\d{1,6}))?")


@dataclass(frozen=True)
class Target:
    """The size that was asked for, in pixels.

    fit: "long" makes the longer side `width` long, "short" the shorter one; "exact" stretches to width x height;
    "letterbox" keeps the proportions and centres the photo in a frame of width x height.
    enlarge: whether small photos may grow.
    """

    fit: FitMode
    width: int
    height: int
    enlarge: bool = False


@dataclass(frozen=True)
class Placement:
    """Size of an image, and the rectangle of it that shows the whole photo; in pixels."""

    width: int
    height: int
    left: int
    top: int
    across: int
    down: int


def parse_target(text: str, fit: FitMode = "long", *, enlarge: bool = False) -> Target:
    """Read "1024" or, for "exact" and "letterbox", also "1024x768"; SegError says what is wrong with it."""
    match = _SIZE.fullmatch(text.strip().lower())
    if match is None:
        raise SegError(f"{text!r} is no size; give pixels like 1024, or WIDTHxHEIGHT like 1024x768")
    if match[2] and fit in ("long", "short"):
        raise SegError(
            f"{text!r} has two sides, but --fit {fit} sets one; "
            f"use --size {match[1]}, or --fit letterbox (with a border) or --fit exact (distorts)"
        )
    width, height = int(match[1]), int(match[2] or match[1])
    for side in (width, height):
        if not MIN_SIZE <= side <= MAX_SIZE:
            raise SegError(f"{text!r}: {counted(side, 'pixel')}; a side has {MIN_SIZE} to {MAX_SIZE:,} pixels")
    return Target(fit, width, height, enlarge)


def need_size(size: Any) -> None:  # noqa: ANN401
    """SegError unless it is a side, or (width, height), in pixels."""
    sides = (size,) if isinstance(size, int) else size
    if not fits_type(size, int | tuple[int, int]) or not all(MIN_SIZE <= side <= MAX_SIZE for side in sides):
        raise SegError(
            f"size={shown_value(size)}: needs a whole number of pixels from {MIN_SIZE} to {MAX_SIZE:,}, or two, "
            "(width, height)"
        )


def target_of(size: int | tuple[int, int], fit: FitMode, *, enlarge: bool) -> Target:
    """A target of a size that `need_size` let through; SegError for two sides where `fit` sets one."""
    width, height = (size, size) if isinstance(size, int) else size
    if not isinstance(size, int) and fit in ("long", "short"):
        raise SegError(
            f"size={shown_value(size)}: two sides, but fit={fit!r} sets one; give size={width}, or fit='letterbox' "
            "(with a border) or fit='exact' (distorts)"
        )
    return Target(fit, width, height, enlarge)


def place(width: int, height: int, target: Target) -> Placement:
    """Fit an upright photo of width x height pixels to the target.

    SegError if an exact size would enlarge the photo and that is not allowed, or if the image becomes too long.
    """
    if target.fit == "exact":
        if not target.enlarge and (width < target.width or height < target.height):
            raise SegError(
                f"{width} x {height} pixels, smaller than {target.width} x {target.height}; "
                "add --enlarge, or ask for a smaller --size"
            )
        return Placement(target.width, target.height, 0, 0, target.width, target.height)
    scale = _scale(width, height, target)
    across, down = max(1, round(width * scale)), max(1, round(height * scale))
    if max(across, down) > MAX_SIZE:
        raise SegError(f"would become {across} x {down} pixels; an image has at most {MAX_SIZE:,} on a side")
    if target.fit == "letterbox":
        left, top = (target.width - across) // 2, (target.height - down) // 2
        return Placement(target.width, target.height, left, top, across, down)
    return Placement(across, down, 0, 0, across, down)


def _scale(width: int, height: int, target: Target) -> float:
    scales = {
        "long": target.width / max(width, height),
        "short": target.width / min(width, height),
        "letterbox": min(target.width / width, target.height / height),
    }
    scale = scales[target.fit]
    return scale if target.enlarge else min(1.0, scale)
