"""Crops beyond the border, against np.pad."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.images.geometry import crop_sample, reflected
from tests.support import random_image, random_mask


@given(st.integers(1, 12), st.integers(-40, 40), st.integers(1, 50))
def test_reflected_positions(size: int, start: int, length: int) -> None:
    padded = np.pad(np.arange(size), 100, mode="reflect")
    assert np.array_equal(reflected(start, length, size), padded[100 + start : 100 + start + length])


@given(st.integers(1, 20), st.integers(1, 20), st.integers(-30, 30), st.integers(-30, 30), st.integers(1, 40))
def test_crops_reflect_the_image_and_ignore_beyond(height: int, width: int, top: int, left: int, size: int) -> None:
    image, mask = random_image(1, height, width), random_mask(1, height, width, classes=1)
    before = image.copy(), mask.copy()
    cut_image, cut_mask = crop_sample(image, mask, top, left, size)
    window = slice(top + 80, top + 80 + size), slice(left + 80, left + 80 + size)
    assert np.array_equal(cut_image, np.pad(image, ((80, 80), (80, 80), (0, 0)), mode="reflect")[window])
    assert np.array_equal(cut_mask, np.pad(mask, 80, constant_values=255)[window])
    assert np.array_equal(image, before[0])
    assert np.array_equal(mask, before[1])


@pytest.mark.parametrize(("top", "left"), [(0, 0), (8, 16), (3, 5)])
def test_crops_inside(top: int, left: int) -> None:
    image, mask = random_image(1), random_mask(1)
    cut_image, cut_mask = crop_sample(image, mask, top, left, 16)
    assert np.array_equal(cut_image, image[top : top + 16, left : left + 16])
    assert np.array_equal(cut_mask, mask[top : top + 16, left : left + 16])
