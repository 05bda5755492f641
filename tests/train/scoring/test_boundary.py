"""Boundary IoU against the definition, pixel by pixel."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from train.scoring import boundary, metrics
from train.scoring.boundary import band_width, boundary_counts
from train.scoring.metrics import confusion_matrix


def brute_band(mask: NDArray[np.uint8], index: int, known: NDArray[np.bool_], width: int) -> set[tuple[int, int]]:
    """Known pixels of the class that see another class, or the outside, within `width` king's moves."""
    height, across = mask.shape
    found = set()
    for y in range(height):
        for x in range(across):
            if mask[y, x] != index or not known[y, x]:
                continue
            for v in range(y - width, y + width + 1):
                for u in range(x - width, x + width + 1):
                    outside = not (0 <= v < height and 0 <= u < across)
                    if outside or (known[v, u] and mask[v, u] != index):
                        found.add((y, x))
    return found


@given(seed=st.integers(0, 10_000), height=st.integers(1, 9), across=st.integers(1, 12))
def test_counts_equal_the_definition(seed: int, height: int, across: int) -> None:
    random = np.random.default_rng(seed)
    truth, guess = (np.kron(random.integers(0, 3, (height, across)), np.ones((4, 3))).astype(np.uint8) for _ in "ab")
    truth[random.random(truth.shape) < 0.1] = 255
    known, width = truth != 255, band_width(*truth.shape)
    counts = boundary_counts(truth, guess, 4)
    for index in range(4):
        true, said = (brute_band(mask, index, known, width) for mask in (truth, guess))
        assert counts[index].tolist() == [len(true & said), len(true | said)]


def test_wide_bands_equal_the_definition() -> None:
    truth = np.zeros((110, 90), np.uint8)
    truth[30:80, 20:70] = 1
    guess = np.roll(truth, (3, -2), (0, 1))
    truth[40:44, :30] = 255
    assert band_width(*truth.shape) == round(0.02 * math.sqrt(110**2 + 90**2)) == 3
    known = truth != 255
    for index in range(2):
        true, said = (brute_band(mask, index, known, 3) for mask in (truth, guess))
        assert boundary_counts(truth, guess, 2)[index].tolist() == [len(true & said), len(true | said)]


def test_ignored_pixels_make_no_contour() -> None:
    """A hole of ignored pixels in the middle of a class changes nothing but the pixels that it takes away."""
    truth = np.zeros((60, 60), np.uint8)
    guess = truth.copy()
    whole = boundary_counts(truth, guess, 1)
    truth[20:40, 20:40] = 255
    assert boundary_counts(truth, guess, 1).tolist() == whole.tolist()


def test_it_sees_what_iou_of_a_large_region_hides() -> None:
    truth = np.zeros((200, 200), np.uint8)
    truth[20:180, 20:180] = 1
    guess = np.zeros_like(truth)
    guess[23:177, 23:177] = 1
    both, either = boundary_counts(truth, guess, 2)[1]
    inner = np.sum((truth == 1) & (guess == 1)) / np.sum((truth == 1) | (guess == 1))
    assert inner > 0.92
    assert (both, either) == (154**2 - 148**2, 160**2 - 142**2)  # bands of 6 pixels, 3 pixels apart
    assert both / either < 0.4


@pytest.mark.parametrize("seed", range(8))
def test_strips_count_what_the_whole_counts(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bands of 8 pixels, in strips of 33 rows, whose seams lie anywhere."""
    random = np.random.default_rng(seed)
    truth, guess = (np.kron(random.integers(0, 3, (41, 29)), np.ones((7, 9))).astype(np.uint8) for _ in "ab")
    truth[random.random(truth.shape) < 0.1], truth[100:130] = 255, 1
    assert band_width(*truth.shape) == 8
    whole = boundary_counts(truth, guess, 4), confusion_matrix(truth, guess, 4)
    monkeypatch.setattr(boundary, "_AT_ONCE", 33 * 261)
    monkeypatch.setattr(metrics, "_AT_ONCE", 5 * 261)
    pieces = []
    one = boundary._band
    monkeypatch.setattr(boundary, "_band", lambda own, *rest: pieces.append(len(own)) or one(own, *rest))
    assert np.array_equal(boundary_counts(truth, guess, 4), whole[0])
    assert np.array_equal(confusion_matrix(truth, guess, 4), whole[1])
    assert max(pieces) == 33 + 2 * 8
