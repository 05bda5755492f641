"""Weights of overlapping windows: they sum to one in every pixel, and each kind has its shape."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.windows.blending import blending_weights, window_profile
from train.windows.window_settings import BLENDS, Blend
from train.windows.windows import Axis, place_windows

LENGTHS, WINDOWS, OVERLAPS = st.integers(1, 300), st.integers(1, 150), st.floats(0.0, 0.9)
KINDS = st.sampled_from(BLENDS)


def covered_sum(axis: Axis, blend: Blend) -> np.ndarray:
    """Sum of the weights of all windows in each pixel from the first one covered to the last."""
    total = np.zeros(axis.stop - axis.start, np.float64)
    for start, weights in zip(axis.starts, blending_weights(axis.starts, axis.window, blend), strict=True):
        total[start - axis.start :][: axis.window] += weights
    return total


@given(height=LENGTHS, width=LENGTHS, window=WINDOWS, overlap=OVERLAPS, blend=KINDS)
def test_weights_sum_to_one_in_every_pixel(height: int, width: int, window: int, overlap: float, blend: Blend) -> None:
    down, across = place_windows(height, window, overlap), place_windows(width, window, overlap)
    total = np.outer(covered_sum(down, blend), covered_sum(across, blend))
    assert total.shape[0] >= height and total.shape[1] >= width
    np.testing.assert_allclose(total, 1, atol=1e-12)


@given(length=LENGTHS, window=WINDOWS, overlap=OVERLAPS, blend=KINDS)
def test_a_window_counts_most_where_it_lies_best(length: int, window: int, overlap: float, blend: Blend) -> None:
    axis = place_windows(length, window, overlap)
    weights = blending_weights(axis.starts, window, blend)
    assert weights.min() > 0
    middles = np.array(axis.starts) + (window - 1) / 2
    for pixel in range(length):
        away = np.abs(middles - pixel)
        of_pixel = [
            (w[pixel - s], d) for w, s, d in zip(weights, axis.starts, away, strict=True) if 0 <= pixel - s < window
        ]
        nearest = min(of_pixel, key=lambda pair: pair[1])
        assert nearest[0] >= max(pair[0] for pair in of_pixel) - 1e-12


def test_average_is_the_plain_mean() -> None:
    np.testing.assert_array_equal(blending_weights([0, 2], 4, "average"), [[1, 1, 0.5, 0.5], [0.5, 0.5, 1, 1]])


def test_gaussian_falls_by_an_eighth_of_the_window() -> None:
    profile = window_profile(80, "gaussian")
    assert profile[40 + 10] / profile[40] == pytest.approx(np.exp((0.5**2 - 10.5**2) / (2 * 10**2)))


def test_spline_is_the_published_window() -> None:
    # scipy.signal.windows.triang(8) is 1/8, 3/8, 5/8, 7/8, 7/8, ...; then as in _spline_window(8, power=2) of
    # https://github.com/Vooban/Smoothly-Blend-Image-Patches: the outer quarters t -> (2t)^2 / 2, the inner half
    # t -> 1 - (2 (t - 1))^2 / 2.
    rising = [0.03125, 0.28125, 0.71875, 0.96875]
    np.testing.assert_allclose(window_profile(8, "spline"), rising + rising[::-1])


def test_neighbours_half_a_window_apart_sum_to_one_with_the_spline_alone() -> None:
    profile = window_profile(96, "spline")
    np.testing.assert_allclose(profile[48:] + profile[:48], 1)
