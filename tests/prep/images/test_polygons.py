"""Filling polygons and tracing regions: each the oracle of the other, and Matplotlib away from the edges."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from matplotlib.path import Path as Curve
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.images import polygons
from prep.images.polygons import Ring, fill_polygon, outline

REGIONS = arrays.arrays(np.bool_, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9))
TARGET = np.array([[1, 1, 1, 1, 1], [1, 0, 0, 0, 1], [1, 0, 1, 0, 1], [1, 0, 0, 0, 1], [1, 1, 1, 1, 1]], bool)


def ring(*corners: tuple[float, float]) -> Ring:
    return np.array(corners, np.float64)


def filled(shape: tuple[int, ...], *rings: Ring) -> NDArray[np.uint8]:
    mask = np.zeros(shape, np.uint8)
    fill_polygon(mask, rings, 1)
    return mask


def lists(polygons: list[list[Ring]]) -> list[list[list[list[float]]]]:
    return [[corners.tolist() for corners in rings] for rings in polygons]


# Filling.


def test_a_pixel_is_filled_where_its_centre_lies_inside() -> None:
    mask = np.full((4, 5), 9, np.uint8)
    fill_polygon(mask, [ring((0.6, 0.4), (3.4, 0.4), (3.4, 2.4), (0.6, 2.4))], 7)
    assert mask.tolist() == [[9, 7, 7, 9, 9], [9, 7, 7, 9, 9], [9] * 5, [9] * 5]


def test_a_second_ring_is_a_hole() -> None:
    square = ring((0, 0), (4, 0), (4, 4), (0, 4))
    assert filled((4, 4), square, square / 2 + 1).tolist() == [[1, 1, 1, 1], [1, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]]


def test_a_part_of_a_mask_is_filled_in_place() -> None:
    whole = np.zeros((6, 8), np.uint8)
    corners = ring((1.2, 0.4), (4.8, 2), (1, 4.6))
    fill_polygon(whole[1:, 2:7], [corners], 5)
    fill_polygon(whole.T[:1], [ring((0, 0), (0, 1), (6, 1), (6, 0))], 7)
    assert np.array_equal(whole[1:, 2:7] == 5, filled((5, 5), corners))
    assert whole[:, 0].tolist() == [7] * 6
    assert set(np.unique(whole[0, 1:])) == {0}


@given(st.lists(st.tuples(st.floats(-4, 12), st.floats(-4, 12)), min_size=3, max_size=9))
def test_rows_a_few_at_a_time_are_as_all_at_once(corners: list[tuple[float, float]]) -> None:
    expected = filled((9, 7), ring(*corners))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(polygons, "_CROSSINGS_AT_ONCE", 3)
        assert np.array_equal(filled((9, 7), ring(*corners)), expected)


def test_direction_and_closing_corner_make_no_difference() -> None:
    corners = ring((1, 0), (7, 3), (4, 8), (0, 5))
    expected = filled((9, 9), corners)
    assert expected.sum() == 31
    assert (filled((9, 9), corners[::-1]) == expected).all()
    assert (filled((9, 9), np.concatenate([corners, corners[:1]])) == expected).all()


def test_less_than_three_corners_fill_nothing() -> None:
    for corners in (np.empty((0, 2)), np.empty(0), ring((1, 1)), ring((0, 0), (5, 5))):
        assert not filled((6, 6), corners).any()
    assert not filled((6, 6)).any()


@pytest.mark.parametrize("far", [1e3, 1e9, 1e18, 1e300, 1.7e308])
def test_corners_far_outside(far: float) -> None:
    """Nothing goes over rows or columns that far away: that would end in no lifetime, or without memory."""
    assert filled((50, 60), ring((-far, -far), (far, -far), (far, far), (-far, far))).all()
    half = filled((50, 60), ring((-far, 20.5), (far, 20.5), (far, far), (-far, far)))
    assert half[20:].all()
    assert not half[:20].any()
    assert not filled((50, 60), ring((far, 0), (far / 2, far), (far / 4, -far))).any()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_corner_that_is_no_number_is_refused(wrong: float) -> None:
    mask = np.zeros((5, 5), np.uint8)
    with pytest.raises(SegError, match="no finite number"):
        fill_polygon(mask, [ring((0, 0), (4, 0), (4, 4)), ring((0, 0), (wrong, 0), (4, 4))], 1)
    assert not mask.any()


def test_corners_that_are_no_pairs_are_refused() -> None:
    with pytest.raises(SegError, match="pairs of x and y"):
        filled((5, 5), np.zeros((4, 3)))


@given(st.lists(st.tuples(st.floats(-5, 20), st.floats(-5, 20)), min_size=3, max_size=8))
def test_fills_as_matplotlib_away_from_edges(corners: list[tuple[float, float]]) -> None:
    polygon = ring(*corners)
    mask = filled((14, 15), polygon)
    down, across = np.mgrid[0:14, 0:15] + 0.5
    centres = np.stack([across.ravel(), down.ravel()], axis=1)
    starts, ends = polygon, np.roll(polygon, -1, axis=0)
    away = np.array([distance(centre, starts, ends) > 1e-6 for centre in centres])
    # The winding number of Matplotlib's path agrees with even-odd only where rings do not cross themselves,
    # so crossings are counted one edge at a time, as signs of triangles.
    inside = np.zeros(len(centres), bool)
    for one, two in zip(starts, ends, strict=True):
        triangle = np.stack([np.zeros(2) - 100.0, one, two])
        inside ^= Curve(triangle).contains_points(centres)
        away &= distance_all(centres, triangle) > 1e-6
    assert (mask.ravel().astype(bool) == inside)[away].all()


def distance(point: NDArray[np.float64], starts: Ring, ends: Ring) -> float:
    along = ends - starts
    length = (along**2).sum(1)
    share = np.where(length > 0, ((point - starts) * along).sum(1) / np.where(length > 0, length, 1), 0).clip(0, 1)
    return float(np.sqrt(((starts + share[:, None] * along - point) ** 2).sum(1)).min())


def distance_all(points: NDArray[np.float64], corners: Ring) -> NDArray[np.float64]:
    return np.array([distance(point, corners, np.roll(corners, -1, axis=0)) for point in points])


@given(st.lists(st.tuples(st.integers(-12, 40), st.integers(-12, 40)), min_size=4, max_size=9), st.data())
def test_polygons_with_a_common_edge_neither_overlap_nor_leave_a_gap(
    quarters: list[tuple[int, int]], data: st.DataObject
) -> None:
    corners = ring(*quarters) / 4
    cut = data.draw(st.integers(2, len(corners) - 2))
    parts = filled((10, 10), corners[: cut + 1]) + filled((10, 10), np.concatenate([corners[cut:], corners[:1]]))
    assert (parts % 2 == filled((10, 10), corners)).all()


# Outlines.


@given(REGIONS)
@example(TARGET)
@example(np.eye(3, dtype=bool))
@example(np.eye(3, dtype=bool)[::-1])
@example(~np.eye(4, dtype=bool))
@example(np.indices((6, 5)).sum(0) % 2 == 1)
@example(np.ones((3, 4), bool))
@example(np.zeros((3, 4), bool))
def test_filling_the_outline_gives_the_region(region: NDArray[np.bool_]) -> None:
    mask = np.zeros(region.shape, np.uint8)
    for rings in outline(region):
        part = filled(region.shape, *rings)
        assert part.any()
        assert not (mask & part).any()
        mask |= part
        assert (filled(region.shape, rings[0]) >= part).all()
        for hole in rings[1:]:
            assert not (filled(region.shape, hole) & part).any()
    assert (mask.astype(bool) == region).all()


@given(REGIONS)
def test_corners_are_whole_numbers_and_all_needed(region: NDArray[np.bool_]) -> None:
    for corners in (corners for rings in outline(region) for corners in rings):
        steps = np.roll(corners, -1, axis=0) - corners
        assert (corners == corners.round()).all()
        assert ((steps != 0).sum(1) == 1).all()
        assert ((steps != 0) == (np.roll(steps, 1, axis=0) == 0)).all()


def test_one_pixel() -> None:
    region = np.zeros((4, 5), bool)
    region[2, 3] = True
    assert lists(outline(region)) == [[[[3, 2], [4, 2], [4, 3], [3, 3]]]]


def test_an_island_in_a_hole_is_a_polygon_of_its_own() -> None:
    ring_with_hole, island = lists(outline(TARGET))
    assert ring_with_hole == [[[0, 0], [5, 0], [5, 5], [0, 5]], [[1, 1], [4, 1], [4, 4], [1, 4]]]
    assert island == [[[2, 2], [3, 2], [3, 3], [2, 3]]]


def test_pixels_that_touch_by_a_corner_are_parted_and_holes_joined() -> None:
    assert [len(rings) for rings in outline(np.eye(3, dtype=bool))] == [1, 1, 1]
    holes = np.ones((4, 4), bool)
    holes[1, 1] = holes[2, 2] = False
    assert lists(outline(holes))[0][1:] == [[[1, 1], [2, 1], [2, 2], [3, 2], [3, 3], [2, 3], [2, 2], [1, 2]]]


def test_a_noisy_megapixel() -> None:
    """A second's work; what takes time by the square of the number of corners would take hours."""
    region = np.random.default_rng(1).random((1000, 1000)) < 0.5
    polygons = outline(region)
    mask = np.zeros(region.shape, np.uint8)
    fill_polygon(mask, [corners for rings in polygons for corners in rings], 1)
    assert (mask == region).all()
