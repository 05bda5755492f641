"""Images and class probabilities at another size, a few rows at a time, against the whole at once."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from prep.images.resample import resize_image
from tests.support import smooth_image
from tests.train.windows.window_oracle import noise
from train.windows.image_rows import ArrayRows
from train.windows.resampling import ResizedRows, brought_back, resized

SIZES = [(26, 31), (50, 61), (99, 120), (100, 41), (37, 300), (100, 123), (1, 1), (230, 310)]


class Counted(ArrayRows):
    """Rows that may be asked for once in each pass, adjoining ranges from the top down."""

    def rows(self, first: int, last: int) -> NDArray[np.uint8]:
        if first == 0:
            self.__dict__["next"] = 0
        assert first == self.__dict__["next"]
        self.__dict__["next"] = last
        return super().rows(first, last)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("step", [1, 17, 1000])
def test_rows_are_those_of_the_whole_image_resized(size: tuple[int, int], step: int) -> None:
    image, (height, width) = smooth_image(100, 123), size
    source = ResizedRows(Counted(image), height, width)
    for _ in range(2):  # passes
        rows = [source.rows(first, min(first + step, height)) for first in range(0, height, step)]
        found = np.concatenate(rows).astype(int)
        assert np.abs(found - resize_image(image, width, height)).max() <= 1


def test_rows_do_not_depend_on_how_many_are_asked_for() -> None:
    image = noise(90, 70)
    whole = ResizedRows(ArrayRows(image), 40, 33).rows(0, 40)
    source = ResizedRows(ArrayRows(image), 40, 33)
    assert (np.concatenate([source.rows(row, row + 1) for row in range(40)]) == whole).all()


def test_an_image_in_memory_becomes_what_seg_prep_resize_makes() -> None:
    image = noise(90, 70)
    assert (resized(ArrayRows(image), 30, 23).rows(0, 30) == resize_image(image, 23, 30)).all()


def test_an_image_that_would_be_very_large_is_resized_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.windows.resampling._WHOLE_PIXELS", 99)
    assert isinstance(resized(ArrayRows(noise(30, 30)), 10, 10), ResizedRows)


def strips(scores: Tensor, rows: int) -> Iterator[tuple[int, Tensor]]:
    """Strips of so many rows, overwritten when the next one is asked for."""
    strip = torch.empty(len(scores), rows, scores.shape[2])
    for top in range(0, scores.shape[1], rows):
        number = min(rows, scores.shape[1] - top)
        strip[:, :number] = scores[:, top : top + number]
        yield top, strip[:, :number]
        strip.fill_(torch.nan)


@pytest.mark.parametrize(("height", "width"), [(160, 210), (40, 53), (41, 53), (500, 60), (11, 13), (1, 1)])
@pytest.mark.parametrize("rows", [1, 7, 40])
@pytest.mark.parametrize("floats", [100, 1 << 22])
def test_probabilities_come_back_as_of_the_whole(
    height: int, width: int, rows: int, floats: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.windows.resampling._FLOATS", floats)
    scores = torch.rand(3, 40, 53, generator=torch.Generator().manual_seed(1)).softmax(dim=0)
    found, done = [], 0
    for top, strip in brought_back(strips(scores, rows), (40, 53), height, width):
        assert top == done
        assert strip.numel() <= max(floats, 3 * width)
        found.append(strip.clone())
        done += strip.shape[1]
    whole = torch.cat(found, dim=1)
    assert whole.shape == (3, height, width)
    assert (whole.sum(dim=0) - 1).abs().max() < 1e-5
    way = {"mode": "area"} if height < 40 else {"mode": "bilinear", "align_corners": False}
    expected = torch.nn.functional.interpolate(scores[None], (height, width), **way)[0]
    assert (whole - expected).abs().max() < (2e-2 if height < 40 else 1e-5)  # PyTorch's areas are of whole pixels
