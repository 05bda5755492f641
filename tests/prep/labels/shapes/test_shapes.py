"""Shapes of regions: which pixels each covers, and what does not fit."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from prep.core.errors import SegError
from prep.images.runlengths import encode_runs
from prep.labels.shapes.shapes import Bitmap, Polygon, Runs, Shape, ellipse, rectangle


def painted(shape: Shape, height: int = 8, width: int = 10) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    shape.paint(mask, 1)
    return mask == 1


def test_rectangle_and_hole() -> None:
    expected = np.zeros((8, 10), bool)
    expected[1:6, 2:9] = True
    assert np.array_equal(painted(rectangle(2, 1, 9, 6)), expected)
    hole = Polygon((*rectangle(2, 1, 9, 6).rings, *rectangle(4, 2, 6, 4).rings))
    expected[2:4, 4:6] = False
    assert np.array_equal(painted(hole), expected)


def test_ellipse_has_its_area() -> None:
    rows, columns = np.mgrid[:100, :120] + 0.5
    expected = ((columns - 60) / 40) ** 2 + ((rows - 50) / 25) ** 2 <= 1
    assert np.count_nonzero(painted(ellipse(60, 50, 40, 25), 100, 120) != expected) < 20


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 99), st.booleans())
def test_runs_of_both_orders(height: int, width: int, seed: int, by_rows: bool) -> None:
    region = np.random.default_rng(seed).integers(0, 2, (height, width)).astype(bool)
    counts = encode_runs(region.T if by_rows else region)
    assert np.array_equal(painted(Runs(counts, height, width, by_rows), height, width), region)


def test_runs_of_another_size() -> None:
    with pytest.raises(SegError, match=r"of an image of 3 x 2 pixels, but the photo has 10 x 8"):
        painted(Runs([6], 2, 3))


@pytest.mark.parametrize(("left", "top"), [(0, 0), (3, 2), (-1, -2), (8, 7), (-9, 0), (20, 20)])
@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1"])
def test_bitmaps_at_their_place(left: int, top: int, mode: str) -> None:
    inside = np.random.default_rng(0).integers(0, 2, (3, 4)).astype(bool)
    picture = Image.fromarray(np.where(inside, 255, 0).astype(np.uint8))
    if mode == "RGBA":
        picture = Image.merge("RGBA", (*[Image.new("L", (4, 3), 9)] * 3, picture))
    stream = io.BytesIO()
    picture.convert(mode).save(stream, "PNG")
    expected = np.zeros((48, 50), bool)
    expected[20 + top : 23 + top, 20 + left : 24 + left] = inside
    assert np.array_equal(painted(Bitmap(stream.getvalue(), left, top)), expected[20:28, 20:30])
