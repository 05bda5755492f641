"""Strips that are cut into tiles."""

import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from train.predicting.maps.tiled_tiff import _tiles


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.integers(1, 50), st.sampled_from([(), (3,)]))
def test_tiles_are_those_of_the_whole(heights: list[int], width: int, bands: tuple[int, ...]) -> None:
    """Of strips of any height, with zeros beyond the border; a tile stays as it is when the next one is made."""
    height, side = sum(heights), 16
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, *bands), np.uint8)
    tops = np.cumsum([0, *heights[:-1]]).tolist()
    strips = ((top, pixels[top : top + high]) for top, high in zip(tops, heights, strict=True))
    found = list(_tiles(strips, pixels.shape, side))
    whole = np.zeros((-(-height // side) * side, -(-width // side) * side, *bands), np.uint8)
    whole[:height, :width] = pixels
    expected = [
        whole[top : top + side, left : left + side]
        for top in range(0, len(whole), side)
        for left in range(0, whole.shape[1], side)
    ]
    np.testing.assert_array_equal(found, expected)


def test_strips_of_one_row_are_gathered_in_one_place() -> None:
    """Joining them anew for each row took twice the memory, and most of the time of wide rasters."""
    row = np.zeros((1, 20_000), np.uint8)
    tiles = _tiles(((top, row) for top in range(512)), (512, 20_000), 256)
    next(tiles)
    tracemalloc.start()
    try:
        sum(1 for _ in tiles)
        assert tracemalloc.get_traced_memory()[1] < 256 * 20_000
    finally:
        tracemalloc.stop()
