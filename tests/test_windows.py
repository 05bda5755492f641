"""Whole images from overlapping windows, against a plain computation of the same."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from train.blending import BLENDS, Blend, window_profile
from train.tta import Probabilities
from train.windows import best_class, label_image, label_strips, place_windows

CLASSES = 3


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Threads cost more than they bring for windows this small."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


AXES = {"length": st.integers(1, 90), "window": st.integers(2, 40), "overlap": st.sampled_from([0.0, 0.25, 0.5, 0.8])}


def pointwise(windows: Tensor) -> Tensor:
    """Probabilities that depend on the pixel alone: its channels."""
    return windows.permute(0, 3, 1, 2).float().softmax(dim=1)


def position_dependent(windows: Tensor) -> Tensor:
    """Probabilities that also depend on where in the window a pixel lies, as those of real networks do."""
    size = windows.shape[1]
    ramp = torch.arange(size * size, dtype=torch.float32).reshape(size, size) / (size * size)
    channels = windows.permute(0, 3, 1, 2).float() / 64
    return (channels * torch.stack([ramp, 1 - ramp, ramp**2])).softmax(dim=1)


def plain_scores(
    image: NDArray[np.uint8], probabilities: Probabilities, window: int, overlap: float, blend: Blend
) -> NDArray[np.float32]:
    """The same with everything in memory: pad, add up all weighted windows, divide by the sum of their weights."""
    height, width = image.shape[:2]
    down, across = place_windows(height, window, overlap), place_windows(width, window, overlap)
    rows, columns = (-down.start, down.stop - height), (-across.start, across.stop - width)
    padded = image
    for border in (rows, columns):  # one axis at a time: np.pad mirrors no axis of one pixel
        axis = 0 if border is rows else 1
        amount = [(0, 0), (0, 0), (0, 0)]
        amount[axis] = border
        padded = np.pad(padded, amount, mode="reflect" if image.shape[axis] > 1 else "edge")
    weight = np.outer(window_profile(window, blend), window_profile(window, blend)).astype(np.float32)
    total = np.zeros((CLASSES, *padded.shape[:2]), np.float32)
    weights = np.zeros(padded.shape[:2], np.float32)
    for top in (start - down.start for start in down.starts):
        for left in (start - across.start for start in across.starts):
            crop = torch.from_numpy(padded[None, top : top + window, left : left + window].copy())
            total[:, top : top + window, left : left + window] += probabilities(crop)[0].numpy() * weight
            weights[top : top + window, left : left + window] += weight
    return (total / weights)[:, rows[0] : rows[0] + height, columns[0] : columns[0] + width]


def assert_best(labels: NDArray[np.uint8], scores: NDArray[np.float32], tolerance: float = 1e-5) -> None:
    """Every label is a class of the highest score; another one only where the two are equal but for rounding."""
    chosen = np.take_along_axis(scores, labels[None].astype(np.intp), axis=0)[0]
    assert (scores.max(axis=0) - chosen).max() <= tolerance


@given(**AXES)
def test_every_pixel_lies_well_inside_some_window(length: int, window: int, overlap: float) -> None:
    axis = place_windows(length, window, overlap)
    margin = (window - max(1, window - round(window * overlap))) // 2
    starts = np.array(axis.starts)
    pixels = np.arange(length)[:, None]
    inside = (pixels >= starts + margin) & (pixels < starts + window - margin)
    assert inside.any(axis=1).all()
    if len(starts) > 1:  # flush with half the overlap beyond both borders
        assert (axis.start, axis.stop) == (-margin, length + margin)
    else:  # equally far beyond both borders, to the pixel
        assert abs(-axis.start - (axis.stop - length)) <= 1


@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    window=st.integers(8, 32),
    overlap=st.sampled_from([0.0, 0.3, 0.5, 0.75]),
    blend=st.sampled_from(BLENDS),
)
@settings(deadline=None, max_examples=40)
def test_labels_equal_the_plain_computation(height: int, width: int, window: int, overlap: float, blend: Blend) -> None:
    image = np.random.default_rng(height).integers(0, 256, (height, width, 3)).astype(np.uint8)
    labels = label_image(image, position_dependent, CLASSES, window, overlap, blend=blend)
    assert_best(labels, plain_scores(image, position_dependent, window, overlap, blend))


class Strips:
    """Rows on demand that remember what was asked for."""

    def __init__(self, image: NDArray[np.uint8]) -> None:
        self.image = image
        self.height, self.width = image.shape[:2]
        self.asked: list[tuple[int, int]] = []

    def rows(self, first: int, last: int) -> NDArray[np.uint8]:
        self.asked.append((first, last))
        return self.image[first:last]


@given(height=st.integers(1, 200), window=st.integers(8, 60), overlap=st.sampled_from([0.0, 0.3, 0.5, 0.8]))
@settings(deadline=None, max_examples=40)
def test_rows_are_asked_for_once_and_strips_leave_in_order(height: int, window: int, overlap: float) -> None:
    image = np.random.default_rng(height).integers(0, 256, (height, 20, 3)).astype(np.uint8)
    source = Strips(image)
    strips = list(label_strips(source, pointwise, CLASSES, window, overlap))
    # one pass from the top to the bottom; no range is empty, none is asked for twice
    assert [first for first, _ in source.asked] == [0, *(last for _, last in source.asked[:-1])]
    assert all(first < last for first, last in source.asked)
    assert source.asked[-1][1] == height
    assert [top for top, _ in strips] == [0, *np.cumsum([len(labels) for _, labels in strips])[:-1]]
    np.testing.assert_array_equal(np.concatenate([labels for _, labels in strips]), np.argmax(image, axis=2))


def test_no_more_rows_are_held_than_a_window_needs() -> None:
    source = Strips(np.zeros((400, 20, 3), np.uint8))
    for top, _ in label_strips(source, pointwise, CLASSES, 32, 0.5):
        assert source.asked[-1][1] <= top + 32


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 50), (50, 1), (7, 9), (96, 96), (97, 191), (300, 40)])
@pytest.mark.parametrize("overlap", [0.0, 0.5, 0.75])
def test_pointwise_networks_are_reproduced_at_any_size(height: int, width: int, overlap: float) -> None:
    image = np.random.default_rng(height).integers(0, 256, (height, width, 3)).astype(np.uint8)
    labels = label_image(image, pointwise, CLASSES, 32, overlap)
    np.testing.assert_array_equal(labels, np.argmax(image, axis=2))


def test_the_lower_class_wins_a_tie() -> None:
    scores = torch.tensor([[[0.2, 0.5]], [[0.4, 0.5]], [[0.4, 0.0]]])
    assert best_class(scores).tolist() == [[1, 0]]
