"""A PNG written in bands holds the pixels, whatever the bands."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from prep.images.imageio import ImageRGB
from prep.images.kinds.png_bands import write_png_bands


@given(height=st.integers(1, 40), width=st.integers(1, 40), band=st.integers(1, 41), seed=st.integers(0, 99))
def test_other_decoders_read_the_same_pixels(
    tmp_path_factory: pytest.TempPathFactory, height: int, width: int, band: int, seed: int
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    path = tmp_path_factory.mktemp("bands") / "picture.png"
    write_png_bands(path, height, width, (pixels[top : top + band] for top in range(0, height, band)))
    with Image.open(path) as picture:
        picture.verify()
    with Image.open(path) as picture:
        assert picture.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(picture), pixels)


def test_a_band_may_be_overwritten_once_the_next_is_asked_for(tmp_path: Path) -> None:
    def bands() -> Iterator[ImageRGB]:
        held = np.empty((1, 3, 3), np.uint8)
        for value in range(4):
            held[:] = value
            yield held

    write_png_bands(tmp_path / "a.png", 4, 3, bands())
    with Image.open(tmp_path / "a.png") as picture:
        assert np.asarray(picture)[:, 0, 0].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("rows", [1, 3])
def test_rows_too_few_or_too_many_leave_no_file(tmp_path: Path, rows: int) -> None:
    with pytest.raises(ValueError, match=rf"{rows} rows? came for an image of 2"):
        write_png_bands(tmp_path / "a.png", 2, 3, [np.zeros((rows, 3, 3), np.uint8)])
    assert list(tmp_path.iterdir()) == []
