"""The path along edges between two points."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.draw import disk

from prep.annotate.regions.edges import Wire, level_for


def circle(radius: float, side: int) -> np.ndarray:
    image = np.full((side, side, 3), (70, 90, 60), np.uint8)
    image[disk((side / 2, side / 2), radius)] = (180, 170, 160)
    noise = np.random.default_rng(0).normal(0, 4, image.shape)
    return (image + noise).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(("radius", "side", "level", "off"), [(90, 240, 0, 1.5), (330, 800, 2, 4.0)])
def test_path_follows_a_circle(radius: float, side: int, level: int, off: float) -> None:
    """From the left of a circle to its right: along one half of it, not straight through."""
    middle = side // 2
    anchor, pointer = (middle - int(radius), middle), (middle + int(radius), middle)
    assert level_for(anchor, pointer) == (0 if radius < 150 else 2)
    path = Wire(circle(radius, side), anchor, level).to(pointer)
    distance = np.hypot(*(path + 0.5 - side / 2).T)
    assert np.abs(distance - radius).mean() <= off
    assert np.abs(distance - radius).max() <= 3 * off
    assert np.hypot(*np.diff(path, axis=0).T).sum() >= 0.95 * np.pi * radius


def test_path_crosses_a_thing_rather_than_going_far_around_it() -> None:
    image = np.full((600, 500, 3), 60, np.uint8)
    image[100:500, 230:270] = 220
    path = Wire(image, (225, 300), 0).to((275, 300))
    assert np.hypot(*np.diff(path, axis=0).T).sum() < 100  # around it: 450


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 3), st.data())
def test_path_joins_the_very_points_and_stays_in_the_image(
    height: int, width: int, level: int, data: st.DataObject
) -> None:
    image = np.random.default_rng(height * width).integers(0, 256, (height, width, 3)).astype(np.uint8)
    anchor, pointer = ((data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))) for _ in range(2))
    path = Wire(image, anchor, level).to(pointer)
    assert tuple(path[0]) == anchor
    assert tuple(path[-1]) == pointer
    assert (path >= 0).all() and (path < (width, height)).all()
    steps = np.abs(np.diff(path, axis=0)).max(axis=1)
    assert (steps <= 3 << level).all()  # no jumps


@given(st.integers(0, 20_000), st.integers(0, 20_000), st.integers(0, 20_000), st.integers(0, 20_000))
def test_level_is_the_finest_whose_square_holds_both(ax: int, ay: int, x: int, y: int) -> None:
    level = level_for((ax, ay), (x, y))
    apart = max(abs(ax - x), abs(ay - y))
    assert apart <= 300 * 2**level
    assert level == 0 or apart > 300 * 2 ** (level - 1)


def test_a_wire_away_from_the_corner_leads_to_where_it_should() -> None:
    """The same piece of an image gives the same path wherever it lies."""
    piece = circle(60, 160)
    image = np.zeros((900, 1000, 3), np.uint8)
    image[500:660, 700:860] = piece
    path = Wire(image, (720, 580), 0).to((840, 580)) - (700, 500)
    distance = np.hypot(*(path[20:-20] + 0.5 - 80).T)
    assert np.abs(distance - 60).max() <= 4
