"""Two numbers that decide who proposes."""

from pathlib import Path

import numpy as np
import pytest

from prep.annotate.model.proposer import Proposal, Report
from prep.annotate.model.uncertainty import block_means
from prep.annotate.network.choice import PhotoChoice
from prep.annotate.network.comparison import HeldOutScores, confusion_of, mean_iou, score_held_out
from prep.annotate.network.training_set import write_training_set
from prep.dataset.index import Sample
from prep.images.imageio import ImageRGB
from tests.prep.annotate.learn.scenes import CLASSES, lay, scene, store_of, strokes


class Known:
    """A network that knows the masks of the scenes but for some rows, with its classes in another order."""

    name, key = "known", "k"
    classes = ("grass", "sand", "stripes")

    def __init__(self, wrong_rows: int) -> None:
        self.wrong_rows = wrong_rows

    def __call__(self, image: ImageRGB, report: Report, sample: Sample) -> Proposal:
        mask = np.array([1, 2, 0], np.uint8)[scene(4 + int(sample.stem[1:]))[1]]
        mask[: self.wrong_rows] = 2
        return Proposal(mask, np.full_like(mask, 90), block_means(mask))


def test_mean_iou_is_that_of_the_classes_that_are_there() -> None:
    truth = np.array([[0, 0, 0, 0, 1, 1, 255, 255]], np.uint8)
    said = np.array([[0, 0, 0, 1, 1, 2, 0, 255]], np.uint8)
    found = confusion_of(truth, said, 3)
    np.testing.assert_array_equal(found, [[3, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]])
    assert mean_iou(found) == pytest.approx((3 / 4 + 1 / 3) / 2)
    nothing = confusion_of(truth, np.full_like(truth, 255), 3)
    assert mean_iou(nothing) == 0.0
    assert mean_iou(np.zeros((3, 4), np.int64)) is None


@pytest.mark.parametrize(("wrong_rows", "is_better"), [(0, True), (90, False)])
def test_both_are_scored_on_the_same_pixels(tmp_path: Path, wrong_rows: int, is_better: bool) -> None:
    store = store_of(tmp_path / "campus", [4, 5, 6])
    for place in range(3):
        strokes(store, f"s{place}", 4 + place)
    lay(store, "s2", 0, 0, scene(6)[1])
    write_training_set(store, PhotoChoice(("s0", "s1"), ("s2",)), tmp_path / "1", lambda: False)
    found = score_held_out(tmp_path / "1", Known(wrong_rows))
    assert (found.photos, found.trained) == (1, 2)
    assert found.strokes is not None
    assert 0.8 < found.strokes < 1, "they teach what the other photos show"
    assert found.network is not None
    assert (found.network == 1) == (wrong_rows == 0)
    assert found.network_is_better == is_better
    assert CLASSES.names != Known.classes


def test_strokes_of_one_class_teach_nothing(tmp_path: Path) -> None:
    store = store_of(tmp_path / "campus", [4, 5])
    strokes(store, "s0", 4, (1,))
    strokes(store, "s1", 5)
    write_training_set(store, PhotoChoice(("s0",), ("s1",)), tmp_path / "1", lambda: False)
    found = score_held_out(tmp_path / "1", Known(0))
    assert (found.strokes, found.network_is_better) == (None, True)


def test_who_is_better() -> None:
    assert not HeldOutScores(None, None, 1, 1).network_is_better
    assert not HeldOutScores(0.5, 0.5, 1, 1).network_is_better
    assert HeldOutScores(0.51, 0.5, 1, 1).network_is_better
