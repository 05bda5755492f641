"""Which footprints overlap or touch."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prep.geo.adjacency import OVERLAPPING, TOUCHING, adjacent
from prep.geo.footprint import Footprint
from tests.rasters import EAST, NORTH, UTM, needs_geo

ROTATED = (0.4, 0.3, EAST, 0.3, -0.4, NORTH)


def _pairs(footprints: Sequence[Footprint], sides: Sequence[str], gap: float) -> list[tuple[int, int]]:
    return [(one, other) for one, other in adjacent(footprints, sides, gap).tolist()]


@pytest.mark.parametrize("transform", [UTM, ROTATED])
def test_neighbours_touch_and_do_not_overlap(transform: tuple[float, ...]) -> None:
    cells = [(x, y) for y in range(0, 500, 100) for x in range(0, 500, 100)]
    footprints = [Footprint.of(transform, "EPSG:32633", x, y, 100, 100) for x, y in cells]
    splits = ["train" if number % 2 else "val" for number in range(len(cells))]
    assert _pairs(footprints, splits, OVERLAPPING) == []
    shifted = Footprint.of(transform, "EPSG:32633", 97, 200, 100, 100)
    pairs = [pair[0] for pair in _pairs([*footprints, shifted], [*splits, "test"], OVERLAPPING)]
    assert [cells[number] for number in pairs] == [(0, 200), (100, 200)]


@pytest.mark.parametrize("crs", ["EPSG:4326", pytest.param("EPSG:4167", marks=needs_geo)])
@pytest.mark.parametrize("least", [-180.0, 0.0])
def test_neighbours_on_both_sides_of_the_180th_meridian(crs: str, least: float) -> None:
    """Longitudes from -180 to 180, or from 0 to 360, in which nothing lies apart."""
    degrees = 0.001
    longitudes = [179.7, 179.8, 179.9, 180.0, 180.1]  # of the left sides of tiles of 100 pixels
    starts = [(each - least) % 360 + least for each in longitudes]
    footprints = [Footprint.of((degrees, 0, x, 0, -degrees, 0), crs, 0, 0, 100, 100) for x in starts]
    footprints.append(Footprint.of((degrees, 0, -0.1, 0, -degrees, 0), crs, 0, 0, 100, 100))
    splits = ["train", "val", "train", "val", "test", "test"]
    assert _pairs(footprints, splits, TOUCHING) == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert _pairs(footprints, splits, OVERLAPPING) == []


def test_metres_beyond_ninety_do_not_meet_behind_the_earth() -> None:
    footprints = [Footprint.of((1, 0, x, 0, -1, 0), "EPSG:32633", 0, 0, 100, 100) for x in (-180, 80)]
    assert _pairs(footprints, ["train", "val"], TOUCHING) == []


def test_random_footprints_overlap_as_their_pixels_do() -> None:
    rng = np.random.default_rng(0)
    boxes = [(int(x), int(y), int(w), int(h)) for x, y, w, h in rng.integers((0, 0, 5, 5), (300, 300, 60, 60), (60, 4))]
    footprints = [Footprint.of(UTM, "EPSG:32633", *box) for box in boxes]
    splits = [("train", "val", "test")[number % 3] for number in range(len(boxes))]
    expected = set()
    for one in range(len(boxes)):
        for other in range(one):
            shared = [
                min(boxes[one][axis] + boxes[one][axis + 2], boxes[other][axis] + boxes[other][axis + 2])
                - max(boxes[one][axis], boxes[other][axis])
                for axis in (0, 1)
            ]
            if min(shared) > 1 and splits[one] != splits[other]:
                expected.add((other, one))
    assert set(_pairs(footprints, splits, OVERLAPPING)) == expected
    assert expected


@needs_geo
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32632", "EPSG:3857"])
def test_footprints_in_different_systems_overlap_on_the_ground(crs: str) -> None:
    from rasterio.crs import CRS
    from rasterio.warp import transform_bounds

    left, bottom, right, top = transform_bounds("EPSG:32633", crs, UTM[2], UTM[5] - 150, UTM[2] + 200, UTM[5])
    width, height = 400, 300
    transform = (right - left) / width, 0.0, left, 0.0, (bottom - top) / height, top
    one = [Footprint.of(UTM, "EPSG:32633", x, 0, 100, 300) for x in range(0, 400, 100)]
    same = Footprint.of(transform, crs, 0, 0, width // 8, height)
    away = Footprint.of(transform, crs, 2 * width, 0, width, height)
    found = _pairs([*one, same, away], ["train"] * 4 + ["test"] * 2, OVERLAPPING)
    assert found == [(0, 4)]
    own = Footprint.of(UTM, CRS.from_epsg(32633).to_wkt(), 150, 0, 20, 20)  # the same system in other words
    assert _pairs([*one, own], ["train"] * 4 + ["test"], OVERLAPPING) == [(1, 4)]


BOXES = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 400), st.sampled_from([1, 8, 100]), st.sampled_from([1, 8, 100])),
    min_size=2,
    max_size=40,
)
"""Left, top, width and height in half pixels."""


@example([(167, 32, 100, 100), (264, 130, 8, 8)], ROTATED, (OVERLAPPING, -2))  # by exactly one pixel
@given(BOXES, st.sampled_from([UTM, ROTATED]), st.sampled_from([(OVERLAPPING, -2), (TOUCHING, 0.999)]))
def test_touching_is_what_the_distances_of_boxes_say(
    boxes: list[tuple[int, int, int, int]], transform: tuple[float, ...], gap: tuple[float, float]
) -> None:
    """Of small ones and large ones, in halves of pixels: a gap of half a pixel or more is one."""
    halves = tuple(value / 2 if place % 3 < 2 else value for place, value in enumerate(transform))
    footprints = [Footprint.of(halves, "EPSG:32633", *box) for box in boxes]
    steps = [value for place, value in enumerate(transform) if place % 3 < 2]
    a, b, d, e = steps
    footprints = [
        Footprint(width / 2, height / 2, f.east, f.north, f.crs, f"{a} {d} {b} {e}")  # type: ignore[arg-type]
        for f, (_, _, width, height) in zip(footprints, boxes, strict=True)
    ]
    splits = [("train", "val", "test")[number % 3] for number in range(len(boxes))]
    expected = []
    for one in range(len(boxes)):
        for other in range(one + 1, len(boxes)):
            between = [
                max(boxes[one][axis], boxes[other][axis])
                - min(boxes[one][axis] + boxes[one][axis + 2], boxes[other][axis] + boxes[other][axis + 2])
                for axis in (0, 1)
            ]
            if max(between) < gap[1] and splits[one] != splits[other]:
                expected.append((one, other))
    assert _pairs(footprints, splits, gap[0]) == expected


@needs_geo
@pytest.mark.parametrize("metres", [0.1, 30.0])
def test_tiles_of_adjoining_zones_touch_on_the_ground(metres: float) -> None:
    """Every tile is written in the coordinates of another zone, too: it touches what its original does."""
    from rasterio.warp import transform

    place = (metres, 0.0, 700_000.0, 0.0, -metres, 5_700_000.0)
    tiles = [Footprint.of(place, "EPSG:32632", 512 * x, 512 * y, 512, 512) for y in range(6) for x in range(6)]
    others = []
    for each in tiles:
        corners = np.add([[0, 0], *each.steps], [each.east, each.north])
        x, y = transform("EPSG:32632", "EPSG:32633", *corners.T.tolist())
        pixel = f"{x[1] - x[0]!r} {y[1] - y[0]!r} {x[2] - x[0]!r} {y[2] - y[0]!r}"
        others.append(Footprint(512, 512, x[0], y[0], "EPSG:32633", pixel))
    expected = {(one, 36 + other) for one in range(36) for other in range(36) if _apart(one, other) <= 1}
    assert set(_pairs([*tiles, *others], ["train"] * 36 + ["test"] * 36, TOUCHING)) == expected
    inside = {(number, 36 + number) for number in range(36)}
    assert set(_pairs([*tiles, *others], ["train"] * 36 + ["test"] * 36, OVERLAPPING)) == inside


def _apart(one: int, other: int) -> int:
    return max(abs(one % 6 - other % 6), abs(one // 6 - other // 6))


def test_one_large_tile_beside_many_small_ones() -> None:
    small = [Footprint.of(UTM, "EPSG:32633", x, y, 1, 1) for y in range(100) for x in range(100)]
    large = Footprint.of(UTM, "EPSG:32633", 50, 20, 1000, 60)
    touching = _pairs([*small, large], ["train"] * len(small) + ["test"], TOUCHING)
    assert [one for one, _ in touching] == [100 * y + x for y in range(19, 81) for x in range(49, 100)]
