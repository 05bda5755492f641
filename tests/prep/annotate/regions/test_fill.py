"""Flood fill against scipy's connected components."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from prep.annotate.regions.fill import fill_from
from prep.annotate.regions.spans import mask_of

Case = tuple[int, int, int, int, int, float]


def expected_region(image: np.ndarray, mask: np.ndarray, x: int, y: int, tolerance: float) -> np.ndarray:
    steps = round(tolerance * 255 / 100)
    near = (np.abs(image.astype(int) - image[y, x].astype(int)) <= steps).all(axis=2)
    parts, _ = ndimage.label(near & (mask == mask[y, x]))  # 4-connected by default
    return np.asarray(parts == parts[y, x])


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 14), st.integers(1, 14), st.integers(0, 2**32 - 1), st.sampled_from([0, 5, 20, 33.3, 60, 100]))
def test_region_is_the_component_of_scipy(height: int, width: int, seed: int, tolerance: float) -> None:
    rng = np.random.default_rng(seed)
    image = rng.choice([0, 40, 51, 52, 255], (height, width, 3), p=[0.4, 0.3, 0.1, 0.1, 0.1]).astype(np.uint8)
    mask = rng.choice([0, 2, 255], (height, width), p=[0.2, 0.1, 0.7]).astype(np.uint8)
    x, y = int(rng.integers(width)), int(rng.integers(height))
    found = mask_of(fill_from(image, mask, x, y, tolerance), height, width)
    assert np.array_equal(found, expected_region(image, mask, x, y, tolerance))


def test_colours_count_against_the_first_pixel_not_the_neighbour() -> None:
    ramp = np.repeat(np.arange(0, 250, 5, dtype=np.uint8)[None, :, None], 3, axis=2)
    nothing = np.full(ramp.shape[:2], 255, np.uint8)
    assert fill_from(ramp, nothing, 10, 0, 10).tolist() == [[0, 5, 16]]  # 50 +- 26 (10 % of 255)


def test_other_labels_stop_it_whatever_the_colour() -> None:
    image = np.zeros((20, 30, 3), np.uint8)
    mask = np.full((20, 30), 255, np.uint8)
    mask[:, 10] = 3
    found = mask_of(fill_from(image, mask, 29, 0, 100), 20, 30)
    assert found.sum() == 20 * 19
    assert not found[:, :11].any()


def test_image_and_mask_are_left_as_they_are() -> None:
    image, mask = np.zeros((5, 6, 3), np.uint8), np.zeros((5, 6), np.uint8)
    mask.flags.writeable = False  # as the masks of a store are
    assert len(fill_from(image, mask, 0, 0, 0)) == 5
    assert not image.any() and not mask.any()


@pytest.mark.parametrize("tolerance", [10, 100])
def test_a_whole_large_image_has_one_span_a_row(tolerance: float) -> None:
    image, mask = np.full((1200, 1600, 3), 200, np.uint8), np.full((1200, 1600), 255, np.uint8)
    spans = fill_from(image, mask, 800, 600, tolerance)
    assert np.array_equal(spans, [[y, 0, 1600] for y in range(1200)])
