"""Whole images from overlapping windows, against a plain computation of the same."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from prep.core.errors import SegError
from tests.train.windows.window_oracle import (
    assert_best,
    noise,
    plain_scores,
    pointwise,
    position_dependent,
    predictor_of,
)
from train.windows import windows
from train.windows.window_settings import BLENDS, Blend, WindowSettings
from train.windows.windows import best_class, count_windows, place_windows

AXES = {"length": st.integers(1, 90), "window": st.integers(2, 40), "overlap": st.sampled_from([0.0, 0.25, 0.5, 0.8])}


@given(**AXES)
def test_every_pixel_lies_well_inside_some_window_or_at_the_border(length: int, window: int, overlap: float) -> None:
    axis = place_windows(length, window, overlap)
    margin = (window - max(1, window - round(window * overlap))) // 2
    starts, pixels = np.array(axis.starts), np.arange(length)[:, None]
    begins = np.where(starts <= 0, starts, starts + margin)
    ends = np.where(starts + window >= length, starts + window, starts + window - margin)
    assert ((pixels >= begins) & (pixels < ends)).any(axis=1).all()
    if length >= window:  # flush with both borders
        assert (axis.start, axis.stop) == (0, length)
    else:  # equally far beyond both borders, to the pixel
        assert len(starts) == 1 and abs(-axis.start - (axis.stop - length)) <= 1


@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    window=st.integers(16, 32),
    overlap=st.sampled_from([0.0, 0.3, 0.5, 0.75]),
    blend=st.sampled_from(BLENDS),
)
@settings(deadline=None, max_examples=40)
def test_labels_equal_the_plain_computation(height: int, width: int, window: int, overlap: float, blend: Blend) -> None:
    image = noise(height, width)
    labels = predictor_of(position_dependent, WindowSettings(window, overlap, blend))(image)
    assert_best(labels, plain_scores(image, position_dependent, window, overlap, blend))


def test_batches_of_two_windows_give_what_one_batch_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(windows._BATCH_PIXELS, "cpu", 2 * 16 * 16)
    seen: list[int] = []

    def counted(batch: Tensor) -> Tensor:
        seen.append(len(batch))
        return position_dependent(batch)

    image = noise(16, 75)  # windows begin at 0, 8, ..., 56, 59
    labels = predictor_of(counted, WindowSettings(16, 0.5))(image)
    assert seen == [2, 2, 2, 2, 1]
    assert count_windows(16, 75, WindowSettings(16, 0.5)) == 9
    assert_best(labels, plain_scores(image, position_dependent, 16, 0.5, "gaussian"))


class Strips:
    """Rows on demand that remember what was asked for."""

    def __init__(self, image: NDArray[np.uint8]) -> None:
        self.image = image
        self.height, self.width = image.shape[:2]
        self.asked: list[tuple[int, int]] = []

    def rows(self, first: int, last: int) -> NDArray[np.uint8]:
        self.asked.append((first, last))
        return self.image[first:last]


@given(height=st.integers(1, 200), window=st.integers(16, 60), overlap=st.sampled_from([0.0, 0.3, 0.5, 0.8]))
@settings(deadline=None, max_examples=40)
def test_rows_are_asked_for_once_and_strips_leave_in_order(height: int, window: int, overlap: float) -> None:
    image = noise(height, 20)
    source = Strips(image)
    strips = list(predictor_of(pointwise, WindowSettings(window, overlap)).strips(source))
    # one pass from the top to the bottom; no range is empty, none is asked for twice
    assert [first for first, _ in source.asked] == [0, *(last for _, last in source.asked[:-1])]
    assert all(first < last for first, last in source.asked)
    assert source.asked[-1][1] == height
    assert [top for top, _ in strips] == [0, *np.cumsum([len(labels) for _, labels in strips])[:-1]]
    np.testing.assert_array_equal(np.concatenate([labels for _, labels in strips]), np.argmax(image, axis=2))


def test_no_more_rows_are_held_than_a_window_needs() -> None:
    source = Strips(np.zeros((400, 20, 3), np.uint8))
    for top, _ in predictor_of(pointwise, WindowSettings(32, 0.5)).strips(source):
        assert source.asked[-1][1] <= top + 32


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 50), (50, 1), (7, 9), (96, 96), (97, 191), (300, 40)])
@pytest.mark.parametrize("overlap", [0.0, 0.5, 0.75])
def test_pointwise_networks_are_reproduced_at_any_size(height: int, width: int, overlap: float) -> None:
    image = noise(height, width)
    labels = predictor_of(pointwise, WindowSettings(32, overlap))(image)
    np.testing.assert_array_equal(labels, np.argmax(image, axis=2))


def test_the_lower_class_wins_a_tie() -> None:
    scores = torch.tensor([[[0.2, 0.5]], [[0.4, 0.5]], [[0.4, 0.0]]])
    assert best_class(scores).tolist() == [[1, 0]]


@pytest.mark.parametrize(
    ("image", "got"),
    [
        (np.zeros((4, 5, 3)), r"float64 \(4, 5, 3\)"),
        (np.zeros((4, 5, 3), np.uint16), r"uint16 \(4, 5, 3\)"),
        (np.zeros((4, 5), np.uint8), r"uint8 \(4, 5\)"),
        (np.zeros((4, 5, 4), np.uint8), r"uint8 \(4, 5, 4\)"),
        (np.zeros((0, 5, 3), np.uint8), r"uint8 \(0, 5, 3\)"),
        ([[[0, 0, 0]]], "list"),
    ],
    ids=str,
)
def test_anything_but_pixels_of_one_byte_a_channel_is_refused(image: NDArray[np.uint8], got: str) -> None:
    predictor = predictor_of(pointwise, WindowSettings(32))
    for label in (predictor, predictor.probabilities):
        with pytest.raises(SegError, match=rf"an image is a NumPy array of uint8 \(height, width, 3\).*; got {got};"):
            label(image)


def test_a_watched_predictor_tells_its_share_and_ends_where_that_raises() -> None:
    image, shares = noise(100, 400), list[float]()
    predictor = predictor_of(pointwise, WindowSettings(32))
    np.testing.assert_array_equal(predictor.watched(100, 400, shares.append)(image), predictor(image))
    assert shares[0] == 0 and shares[-1] < 1 and shares == sorted(set(shares))

    def enough(share: float) -> None:
        if share:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        predictor.watched(100, 400, enough)(image)
