"""A mask lands on its image as its photo did, in all eight EXIF orientations."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps

from prep.converting.placement import drawn_on, place_mask
from prep.core.errors import SegError
from prep.photos.record import TURNED, PhotoRecord

ORIENTATION = 0x0112
WIDTH, HEIGHT = 12, 8
orientations = st.integers(1, 8)
seeds = st.integers(0, 2**32 - 1)


def random_ids(seed: int, height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 255, (height, width)).astype(np.uint8)


def turned_by_pillow(mask: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    picture = Image.fromarray(mask)
    picture.getexif()[ORIENTATION] = orientation
    return np.asarray(ImageOps.exif_transpose(picture))


def stored_photo(orientation: int, scale: int = 1) -> PhotoRecord:
    """A photo stored 12 x 8 whose image is `scale` times as large."""
    photo = PhotoRecord("a", "a.jpg", WIDTH, HEIGHT, orientation, 0, 0, 0, 0)
    across, down = photo.upright_size
    return replace(photo, across=across * scale, down=down * scale)


@given(orientations, seeds, st.integers(1, 4))
def test_drawn_on_the_upright_photo(orientation: int, seed: int, scale: int) -> None:
    photo = stored_photo(orientation, scale)
    across, down = photo.upright_size
    mask = random_ids(seed, down, across)
    placed, drawn = place_mask(mask, photo, photo.across, photo.down)
    assert drawn == "upright"
    assert np.array_equal(placed, mask.repeat(scale, 0).repeat(scale, 1))


@given(st.sampled_from(TURNED), seeds, st.integers(1, 4))
def test_drawn_on_the_stored_photo(orientation: int, seed: int, scale: int) -> None:
    photo = stored_photo(orientation, scale)
    mask = random_ids(seed, HEIGHT, WIDTH)
    placed, drawn = place_mask(mask, photo, photo.across, photo.down)
    assert drawn == "stored"
    assert np.array_equal(placed, turned_by_pillow(mask, orientation).repeat(scale, 0).repeat(scale, 1))


@pytest.mark.parametrize("orientation", [1, 2, 3, 4])
def test_one_size_for_both_forms_means_upright(orientation: int) -> None:
    mask = random_ids(0, HEIGHT, WIDTH)
    placed, drawn = place_mask(mask, stored_photo(orientation), WIDTH, HEIGHT)
    assert drawn == "upright"
    assert np.array_equal(placed, mask)


@given(st.sampled_from(TURNED), seeds, st.integers(2, 4))
def test_larger_masks_give_their_middle_pixels(orientation: int, seed: int, factor: int) -> None:
    """Scaled down by a whole number, every pixel is one of the block it stands for."""
    mask = random_ids(seed, HEIGHT * factor, WIDTH * factor)
    placed, drawn = place_mask(mask, stored_photo(orientation), HEIGHT, WIDTH)
    assert drawn == "stored"
    blocks = turned_by_pillow(mask, orientation).reshape(WIDTH, factor, HEIGHT, factor)
    assert (blocks == placed[:, None, :, None]).any(axis=(1, 3)).all()
    if factor == 3:  # an odd block has one middle
        assert np.array_equal(placed, blocks[:, 1, :, 1])


def test_letterboxed() -> None:
    photo = replace(stored_photo(6), left=3, top=2, across=8, down=12)
    mask = random_ids(1, HEIGHT, WIDTH)
    placed, _ = place_mask(mask, photo, 16, 20)
    assert np.array_equal(placed[2:14, 3:11], turned_by_pillow(mask, 6))
    placed[2:14, 3:11] = 255
    assert (placed == 255).all()


@pytest.mark.parametrize(
    ("size", "drawn"),
    [
        ((2000, 1000), "upright"),
        ((1000, 500), "upright"),
        ((1010, 500), "upright"),
        ((1021, 500), None),
        ((1, 1), None),
    ],
)
def test_aspects_within_two_percent(size: tuple[int, int], drawn: str | None) -> None:
    assert drawn_on(size, PhotoRecord("a", "a.jpg", 2000, 1000, 1, 0, 0, 2000, 1000)) == drawn


def test_another_shape_is_refused_with_both_sizes() -> None:
    with pytest.raises(
        SegError, match=re.escape("10 x 10 pixels, but its photo a.jpg has 8 x 12 (12 x 8 as stored)") + ".*--stretch"
    ):
        place_mask(random_ids(2, 10, 10), stored_photo(6), HEIGHT, WIDTH)


def test_another_shape_can_be_stretched() -> None:
    mask = random_ids(3, 4, 4)
    placed, drawn = place_mask(mask, stored_photo(6), HEIGHT, WIDTH, stretch=True)
    assert drawn == "upright"
    assert np.array_equal(placed, mask.repeat(3, 0).repeat(2, 1))
