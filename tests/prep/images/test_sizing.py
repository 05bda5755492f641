"""How large the image of a photo becomes, and where the photo stands in it."""

import re
from fractions import Fraction
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.core.errors import SegError
from prep.images.sizing import FitMode, Placement, Target, parse_target, place

SIDES = st.integers(1, 20_000)
SIZES = st.integers(16, 5_000)


@pytest.mark.parametrize(
    ("size", "target", "expected"),
    [
        ((4032, 3024), Target("long", 1024, 1024), Placement(1024, 768, 0, 0, 1024, 768)),
        ((3024, 4032), Target("long", 1024, 1024), Placement(768, 1024, 0, 0, 768, 1024)),
        ((4032, 3024), Target("short", 768, 768), Placement(1024, 768, 0, 0, 1024, 768)),
        ((4032, 3024), Target("exact", 500, 300), Placement(500, 300, 0, 0, 500, 300)),
        ((4000, 2000), Target("letterbox", 600, 500), Placement(600, 500, 0, 100, 600, 300)),
        ((100, 50), Target("letterbox", 600, 500), Placement(600, 500, 250, 225, 100, 50)),
        ((100, 50), Target("letterbox", 600, 500, enlarge=True), Placement(600, 500, 0, 100, 600, 300)),
        ((800, 600), Target("long", 1024, 1024), Placement(800, 600, 0, 0, 800, 600)),
        ((800, 600), Target("long", 1024, 1024, enlarge=True), Placement(1024, 768, 0, 0, 1024, 768)),
        ((10_000, 3), Target("long", 1000, 1000), Placement(1000, 1, 0, 0, 1000, 1)),
    ],
)
def test_known_sizes(size: tuple[int, int], target: Target, expected: Placement) -> None:
    assert place(*size, target) == expected


@given(SIDES, SIDES, SIZES, SIZES, st.sampled_from(get_args(FitMode)), st.booleans())
def test_what_every_placement_keeps(
    width: int, height: int, side: int, other: int, fit: FitMode, enlarge: bool
) -> None:
    """The photo stays inside of its image, centred, in proportion to half a pixel; it grows only if it may."""
    target = Target(fit, side, other, enlarge)
    try:
        found = place(width, height, target)
    except SegError as error:
        assert "--enlarge" in str(error) if fit == "exact" else "at most 65,500" in str(error)
        return
    assert 0 <= found.left <= found.width - found.across
    assert 0 <= found.top <= found.height - found.down
    assert found.across >= 1
    assert found.down >= 1
    assert abs(2 * found.left + found.across - found.width) <= 1
    assert abs(2 * found.top + found.down - found.height) <= 1
    if not enlarge:
        assert found.across <= width
        assert found.down <= height
    if fit != "exact":
        scale = Fraction(found.across, width) if width >= height else Fraction(found.down, height)
        off = found.down - height * scale if width >= height else found.across - width * scale
        # The longer side is off by half a pixel, so the shorter one by half a pixel and its share of that.
        assert abs(off) <= 1
    if fit in ("exact", "letterbox"):
        assert (found.width, found.height) == (side, other)
    elif enlarge or (max if fit == "long" else min)(width, height) >= side:
        assert (max if fit == "long" else min)(found.width, found.height) == side


@given(SIDES, SIDES, SIZES, st.sampled_from(get_args(FitMode)))
def test_a_turned_photo_is_placed_turned(width: int, height: int, side: int, fit: FitMode) -> None:
    target = Target(fit, side, side, enlarge=True)
    if max(width, height) * side > 65_000 * min(width, height):
        return
    one, other = place(width, height, target), place(height, width, target)
    assert (one.width, one.height, one.left, one.top, one.across, one.down) == (
        other.height,
        other.width,
        other.top,
        other.left,
        other.down,
        other.across,
    )


def test_sizes_are_read() -> None:
    assert parse_target("1024") == Target("long", 1024, 1024)
    assert parse_target("640X480", "exact") == Target("exact", 640, 480)
    assert parse_target("640", "letterbox", enlarge=True) == Target("letterbox", 640, 640, enlarge=True)


@pytest.mark.parametrize(
    ("text", "fit", "said"),
    [
        ("big", "long", "'big' is no size; give pixels like 1024"),
        ("-5", "long", "is no size"),
        ("10x20x30", "exact", "is no size"),
        ("15", "long", "a side has 16 to 65,500 pixels"),
        ("1024x15", "exact", "15 pixels; a side has 16 to 65,500 pixels"),
        ("70000", "long", "a side has 16 to 65,500 pixels"),
        ("640x480", "short", "has two sides, but --fit short sets one; use --size 640"),
    ],
)
def test_wrong_sizes_are_told(text: str, fit: FitMode, said: str) -> None:
    with pytest.raises(SegError, match=re.escape(said)):
        parse_target(text, fit)


def test_exact_does_not_enlarge_by_itself() -> None:
    with pytest.raises(SegError, match="800 x 600 pixels, smaller than 1024 x 500; add --enlarge"):
        place(800, 600, Target("exact", 1024, 500))
    assert place(800, 600, Target("exact", 1024, 500, enlarge=True)).width == 1024
