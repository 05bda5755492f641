"""Regions against a flood fill, pixel by pixel."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from prep.checking.regions import TINY_PIXELS, find_regions

CLASSES = 3
Pixel = tuple[int, int]


def around(mask: NDArray[np.uint8], pixel: Pixel) -> list[Pixel]:
    """The pixel and its neighbours inside the mask."""
    y, x = pixel
    rows, columns = range(max(0, y - 1), min(mask.shape[0], y + 2)), range(max(0, x - 1), min(mask.shape[1], x + 2))
    return [(row, column) for row in rows for column in columns]


def flood(mask: NDArray[np.uint8], index: int) -> list[set[Pixel]]:
    """All 8-connected regions of a class."""
    left = {(int(y), int(x)) for y, x in np.argwhere(mask == index)}
    regions = []
    while left:
        region, border = set(), [left.pop()]
        while border:
            pixel = border.pop()
            region.add(pixel)
            found = left.intersection(around(mask, pixel))
            left -= found
            border += found
        regions.append(region)
    return regions


def ring(mask: NDArray[np.uint8], region: set[Pixel]) -> set[int]:
    """Values around a region."""
    return {int(mask[pixel]) for own in region for pixel in around(mask, own)} - {int(mask[next(iter(region))])}


@given(
    mask=arrays(
        np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.sampled_from((0, 0, 0, 1, 2, 7, 255))
    )
)
def test_against_flood_fill(mask: NDArray[np.uint8]) -> None:
    present = [index for index in range(CLASSES) if (mask == index).any()]
    found = find_regions(mask, present, CLASSES)
    assert [regions.index for regions in found] == present
    for regions in found:
        expected = flood(mask, regions.index)
        tiny = [region for region in expected if len(region) <= TINY_PIXELS]
        alone = [region for region in tiny if len(values := ring(mask, region)) == 1 and max(values) < CLASSES]
        assert sorted(regions.areas.tolist()) == sorted(map(len, expected))
        assert sorted(regions.tiny.tolist()) == sorted(map(len, alone))


def test_what_is_tiny_grows_with_the_image() -> None:
    mask = np.zeros((1000, 2000), np.uint8)
    mask[10:14, 10:15] = 1  # 20 pixels, 1e-5 of all
    mask[50:53, 10:17] = 1  # 21
    (regions,) = find_regions(mask, [1], 2)
    assert regions.tiny.tolist() == [20]
