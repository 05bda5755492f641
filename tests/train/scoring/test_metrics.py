"""Scores against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.scoring.absent import absent_note, mean_iou_of_present
from train.scoring.metrics import confusion_matrix, mean_without_nan, scores_of


@given(seed=st.integers(0, 1000), classes=st.integers(1, 5))
def test_scores_equal_their_definitions_on_sets_of_pixels(seed: int, classes: int) -> None:
    random = np.random.default_rng(seed)
    truth, guess = random.integers(0, classes, (2, 7, 9)).astype(np.uint8)
    truth[random.random(truth.shape) < 0.2] = 255
    scores = scores_of(confusion_matrix(truth, guess, classes))
    known = truth != 255
    for index in range(classes):
        true, said = truth[known] == index, guess[known] == index
        both, either = np.sum(true & said), np.sum(true | said)
        if either == 0:
            assert np.isnan([scores.iou[index], scores.dice[index], scores.accuracy[index]]).all()
            continue
        assert scores.iou[index] == pytest.approx(both / either)
        assert scores.dice[index] == pytest.approx(2 * both / (true.sum() + said.sum()))
        assert scores.accuracy[index] == pytest.approx(np.mean(true == said))
        assert np.isnan(scores.recall[index]) if not true.any() else scores.recall[index] == both / true.sum()
        assert np.isnan(scores.precision[index]) if not said.any() else scores.precision[index] == both / said.sum()
    assert scores.mean_iou == pytest.approx(np.nanmean(scores.iou))
    assert scores.pixel_accuracy == pytest.approx(np.mean(truth[known] == guess[known]))


def test_rows_are_the_truth() -> None:
    truth, guess = np.array([[0, 0, 1, 255]], np.uint8), np.array([[0, 1, 1, 1]], np.uint8)
    assert confusion_matrix(truth, guess, 2).tolist() == [[1, 1], [0, 1]]


def test_a_class_that_is_only_predicted_counts_as_zero() -> None:
    truth, guess = np.zeros((1, 4), np.uint8), np.array([[0, 0, 0, 1]], np.uint8)
    scores = scores_of(confusion_matrix(truth, guess, 3))
    assert scores.iou[:2].tolist() == [0.75, 0.0]
    assert np.isnan(scores.iou[2])
    assert scores.mean_iou == 0.375


def test_a_class_that_is_only_predicted_is_told_without_means_that_are_alike() -> None:
    said = absent_note(np.array([[0, 50], [0, 0]]), ("a", "b"), "the masks of val")
    assert said == "the masks of val hold no pixel of b; 50 pixels (100.00%) taken for it count as IoU 0"


def test_what_a_class_that_is_only_predicted_does_to_the_mean_is_said() -> None:
    confusion = np.array([[80, 10, 6, 0], [4, 96, 4, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    assert scores_of(confusion).mean_iou == pytest.approx((80 / 100 + 96 / 114 + 0) / 3)
    assert mean_iou_of_present(confusion) == pytest.approx((80 / 100 + 96 / 114) / 2)
    assert absent_note(confusion, ("a", "b", "tree", "d"), "the masks of test") == (
        "the masks of test hold no pixel of tree; 10 pixels (5.00%) taken for it count as IoU 0: without it the mean "
        "IoU is 0.8211 instead of 0.5474"
    )
    both = str(absent_note(confusion + np.eye(4, k=3, dtype=int), ("a", "b", "tree", "d"), ""))
    assert "no pixel of tree, d; 11 pixels (5.47%) taken for them count" in both
    assert absent_note(confusion[:2, :2], ("a", "b"), "the masks of test") is None
    assert np.isnan(mean_iou_of_present(np.zeros((2, 2), np.int64)))


def test_nothing_to_score_gives_nan_and_no_warning() -> None:
    scores = scores_of(np.zeros((2, 2), np.int64))
    assert np.isnan([scores.mean_iou, scores.pixel_accuracy, mean_without_nan(np.array([np.nan]))]).all()


def test_250_classes_do_not_overflow() -> None:
    truth = np.arange(250, dtype=np.uint8)[None]
    assert np.trace(confusion_matrix(truth, truth, 250)) == 250
