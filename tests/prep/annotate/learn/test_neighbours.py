"""Pieces and their neighbours: like ones agree, an edge keeps them apart, strokes stay what they are."""

import numpy as np

from prep.annotate.learn.neighbours import neighbours_of

STEPS = np.arange(12, dtype=np.int32).reshape(1, 12)
COLORS = np.repeat(np.array([[20, 0, 0], [80, 0, 0]], np.float32), 6, axis=0) + np.arange(12, dtype=np.float32)[:, None]
"""Twelve pieces in a row: six dark ones, an edge, six light ones."""

NOTHING = np.zeros(0, np.intp)


def test_a_piece_gives_in_to_like_neighbours() -> None:
    probability = np.full((12, 2), (0.8, 0.2), np.float32)
    probability[3] = 0.3, 0.7
    found = neighbours_of(STEPS, COLORS).even(probability, NOTHING, NOTHING)
    assert (found[:, 0] > 0.65).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


def test_a_stroke_reaches_what_it_lies_on_and_no_farther() -> None:
    probability = np.full((12, 2), (0.6, 0.4), np.float32)
    found = neighbours_of(STEPS, COLORS).even(probability, np.array([8]), np.array([1]))
    np.testing.assert_array_equal(found[8], [0, 1])
    assert found[7, 1] > 0.5
    np.testing.assert_allclose(found[:6, 0], 0.6, atol=1e-3)


def test_a_photo_of_one_piece_has_no_neighbours() -> None:
    probability = np.array([[0.3, 0.7]], np.float32)
    found = neighbours_of(np.zeros((4, 5), np.int32), np.zeros((1, 3), np.float32)).even(probability, NOTHING, NOTHING)
    np.testing.assert_array_equal(found, probability)
