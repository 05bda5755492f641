"""Whole images from overlapping windows, against a plain computation of the same."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from train.windows import best_class, label_image, place_windows

CLASSES = 3
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


def plain_labels(image: NDArray[np.uint8], window: int, overlap: float) -> NDArray[np.uint8]:
    """The same with everything in memory: pad, add up all windows, argmax."""
    height, width = image.shape[:2]
    down, across = place_windows(height, window, overlap), place_windows(width, window, overlap)
    rows = (-down.start, down.start + down.length - height)
    columns = (-across.start, across.start + across.length - width)
    padded = np.pad(image, (rows, columns, (0, 0)), mode="reflect" if min(height, width) > 1 else "edge")
    total = np.zeros((CLASSES, down.length, across.length), np.float32)
    for top in range(0, down.count * down.stride, down.stride):
        for left in range(0, across.count * across.stride, across.stride):
            crop = torch.from_numpy(padded[None, top : top + window, left : left + window].copy())
            total[:, top : top + window, left : left + window] += position_dependent(crop)[0].numpy()
    inside = total[:, rows[0] : rows[0] + height, columns[0] : columns[0] + width]
    return np.argmax(inside, axis=0).astype(np.uint8)


@given(**AXES)
def test_every_pixel_lies_well_inside_some_window(length: int, window: int, overlap: float) -> None:
    axis = place_windows(length, window, overlap)
    margin = (window - axis.stride) // 2
    starts = axis.start + axis.stride * np.arange(axis.count)
    pixels = np.arange(length)[:, None]
    inside = (pixels >= starts + margin) & (pixels < starts + window - margin)
    assert inside.any(axis=1).all()
    # equally far beyond both borders, to the pixel
    assert abs(-axis.start - (axis.start + axis.length - length)) <= 1


@given(height=st.integers(2, 70), width=st.integers(2, 70), window=st.integers(2, 32), seed=st.integers(0, 9))
@settings(deadline=None, max_examples=40)
def test_labels_equal_the_plain_computation(height: int, width: int, window: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    labels = label_image(image, position_dependent, CLASSES, window, overlap=0.5)
    expected = plain_labels(image, window, overlap=0.5)
    # sums in another order may decide ties of float32 otherwise
    assert np.mean(labels != expected) < 1e-3


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 50), (50, 1), (7, 9), (96, 96), (97, 191), (300, 40)])
@pytest.mark.parametrize("overlap", [0.0, 0.5, 0.75])
def test_pointwise_networks_are_reproduced_at_any_size(height: int, width: int, overlap: float) -> None:
    image = np.random.default_rng(height).integers(0, 256, (height, width, 3)).astype(np.uint8)
    labels = label_image(image, pointwise, CLASSES, 32, overlap)
    np.testing.assert_array_equal(labels, np.argmax(image, axis=2))


def test_the_lower_class_wins_a_tie() -> None:
    scores = torch.tensor([[[0.2, 0.5]], [[0.4, 0.5]], [[0.4, 0.0]]])
    assert best_class(scores).tolist() == [[1, 0]]


def test_memory_holds_one_row_of_windows_only() -> None:
    seen: list[int] = []

    def count(windows: Tensor) -> Tensor:
        seen.append(len(windows))
        return pointwise(windows)

    label_image(np.zeros((4000, 64, 3), np.uint8), count, CLASSES, 32, 0.5)
    assert max(seen) == place_windows(64, 32, 0.5).count
