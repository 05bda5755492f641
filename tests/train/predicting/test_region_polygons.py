"""Parts of masks as polygons: exact without simplification; with it close, and without gaps."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from prep.images.polygons import fill_polygon, signed_area
from tests.train.predicting.masks import MASKS, smooth_mask
from train.predicting.region_polygons import RegionPolygon, region_polygons

EVERY = (0, 1, 2)


def filled(shape: tuple[int, int], parts: list[RegionPolygon]) -> NDArray[np.uint8]:
    mask = np.full(shape, 9, np.uint8)
    for part in parts:
        fill_polygon(mask, part.rings, part.value)
    return mask


@given(MASKS)
@example(np.indices((5, 5)).sum(0).astype(np.uint8) % 2)
def test_filling_exact_parts_gives_the_mask(mask: NDArray[np.uint8]) -> None:
    parts = region_polygons(mask, EVERY)
    assert (filled(mask.shape, parts) == mask).all()
    for value in EVERY:
        assert sum(part.pixels for part in parts if part.value == value) == (mask == value).sum()


@given(MASKS, st.sampled_from([0.5, 1.0, 1.5, 3.0]))
@example(np.indices((5, 5)).sum(0).astype(np.uint8) % 2, 1.0)
@example(np.array([[1, 1, 1, 1], [1, 0, 2, 1], [1, 2, 0, 1], [1, 1, 1, 1]], np.uint8), 1.5)
def test_simplified_neighbours_neither_overlap_nor_leave_a_gap(mask: NDArray[np.uint8], tolerance: float) -> None:
    # Every line between two parts stands once in each direction: then the areas of all add up to the image's.
    parts = region_polygons(mask, EVERY, tolerance)
    total = sum(signed_area(part.rings[0]) - sum(map(signed_area, part.rings[1:])) for part in parts)
    assert total == mask.size
    assert {part.pixels for part in parts} <= {part.pixels for part in region_polygons(mask, EVERY)}


@pytest.mark.parametrize("tolerance", [1.0, 3.0])
@pytest.mark.parametrize("seed", range(4))
def test_no_line_moves_farther_than_the_tolerance(seed: int, tolerance: float) -> None:
    mask = smooth_mask(seed)
    parts = region_polygons(mask, EVERY, tolerance)
    again = filled(mask.shape, parts)
    inside = np.max([distance_transform_edt(np.pad(mask == value, 99, "edge"))[99:-99, 99:-99] for value in EVERY], 0)
    away = inside > tolerance + 0.75  # from centre to centre; the line lies half a pixel or a diagonal nearer
    assert (again == mask)[away].all()
    assert (again == mask)[~away].mean() > 0.5

    def corners(found: list[RegionPolygon]) -> int:
        return sum(len(ring) for part in found for ring in part.rings)

    assert corners(parts) < 0.5 * corners(region_polygons(mask, EVERY))


def test_a_staircase_becomes_a_line_and_the_image_keeps_its_corners() -> None:
    mask = np.tril(np.ones((30, 30), np.uint8))
    lower = region_polygons(mask, [1], 1.0)[0].rings[0]
    assert {(0.0, 0.0), (0.0, 30.0), (30.0, 30.0)} <= set(map(tuple, lower.tolist()))
    assert len(lower) <= 6


def test_single_pixels_alone_stay() -> None:
    mask = np.zeros((9, 9), np.uint8)
    mask[4, 4] = 1
    (part,) = region_polygons(mask, [1], 2.0)
    assert part.rings[0].tolist() == [[4, 4], [5, 4], [5, 5], [4, 5]]
    assert len(region_polygons(mask, [0], 2.0)[0].rings) == 2


def test_small_parts_are_left_out_and_holes_as_small_are_filled() -> None:
    mask = np.zeros((12, 12), np.uint8)
    mask[1:9, 1:9] = 1
    mask[3, 3:6] = 0  # a hole of 3 pixels
    mask[5:7, 5:7] = 2  # one of 4, with a part of 4 in it
    mask[10, 10] = 1

    def found(smallest: int) -> list[tuple[int, int, int]]:
        return [(part.value, part.pixels, len(part.rings)) for part in region_polygons(mask, (1, 2), 0.0, smallest)]

    assert found(1) == [(1, 57, 3), (1, 1, 1), (2, 4, 1)]
    assert found(2) == [(1, 57, 3), (2, 4, 1)]
    assert found(4) == [(1, 57, 2), (2, 4, 1)]
    assert found(5) == [(1, 57, 1)]
    assert found(58) == []
