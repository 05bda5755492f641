"""Scores of whole images, their intervals, comparison and the patch protocol, of predictors with known answers."""

import shutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.dataset.dataset import Dataset
from prep.dataset.index import read_index, write_index
from tests.models import AsItIs
from train.scoring.boundary import boundary_counts
from train.scoring.comparing.compare import compare
from train.scoring.intervals import uncertainty_of
from train.scoring.metrics import confusion_matrix, scores_of
from train.scoring.patch_protocol import BATCH, PATCHES_PER_IMAGE, patch_scores, whole_image_scores
from train.scoring.split_scores import SplitScores, score_split, worst_and_best


@dataclass(frozen=True)
class Known(AsItIs):
    """Answers with what `answer` makes of an image's number (its place in the stack of masks) and its mask."""

    masks: dict[bytes, NDArray[np.uint8]]
    answer: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
    classes: ClassMap
    window: int = 32
    overlap: float = 0.5
    device: str = "cpu"

    def __call__(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return self.answer(self.masks[image.tobytes()])

    def model(self, patches: Tensor) -> Tensor:
        """Class probabilities of patches, from their pixels alone: the darker half is class 0, the rest class 1."""
        bright = patches.float().mean(dim=-1) > 127
        return torch.stack([~bright, bright, torch.zeros_like(bright)], dim=1).float()


def known(dataset: Dataset, answer: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> Known:
    masks = {dataset.image(sample).tobytes(): dataset.mask(sample) for sample in dataset.of_split()}
    return Known(masks, answer, dataset.classes)


def shifted(pixels: int) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
    return lambda mask: np.roll(mask, pixels, axis=0)


def run(dataset: Dataset, answer: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], split: str = "all") -> SplitScores:
    return score_split(known(dataset, answer), dataset, split)  # type: ignore[arg-type]


def with_groups(dataset: Dataset, group: Callable[[str], str]) -> Dataset:
    path = dataset.root / "index.csv"
    write_index(path, [replace(sample, group=group(sample.stem)) for sample in read_index(path)])
    return Dataset.open(dataset.root)


@pytest.mark.parametrize("change", ["another mask", "no mask", "other classes"])
def test_scores_are_of_the_dataset_as_it_was_when_they_began(dataset: Dataset, change: str) -> None:
    """Whatever another command puts in the place of masks that were counted, or takes away before they are."""
    first, *_, last = dataset.of_split()
    answers, failures, path = known(dataset, shifted(2)), Failures(), dataset.root / "classes.json"
    expected = score_split(answers, dataset.without({last.stem}), "all")  # type: ignore[arg-type]

    def change_it(done: int, _: int) -> None:
        if done == 1 and change == "another mask":
            for sample in (first, last):
                shutil.copy(dataset.root / dataset.of_split()[1].mask, dataset.root / sample.mask)
        elif done == 1 and change == "no mask":
            (dataset.root / last.mask).unlink()
        elif done == 1:
            path.write_text(path.read_text().replace("ellipse", "disk"))

    found = score_split(answers, dataset, "all", change_it, failures=failures)  # type: ignore[arg-type]
    if change == "other classes":
        assert len(found.images) == len(dataset.of_split())
        with pytest.raises(SegError, match=r"classes\.json changed since .*; no scores were written, 'seg-tr"):
            score_split(answers, dataset, "all")  # type: ignore[arg-type]
        return
    assert found.confusion.tolist() == expected.confusion.tolist()
    said = "was changed after this began" if change == "another mask" else "no such file or folder"
    assert list(found.problems) == [last.stem]
    assert found.problems[last.stem].startswith(f"{dataset.root / last.mask}: {said}")


def test_counts_and_order_are_those_of_the_masks(dataset: Dataset) -> None:
    found = run(dataset, shifted(2))
    total, bands = np.zeros((3, 3), int), np.zeros((3, 2), int)
    own = {}
    for sample in dataset.of_split():
        truth = dataset.mask(sample)
        matrix = confusion_matrix(truth, np.roll(truth, 2, axis=0), 3)
        total, bands = total + matrix, bands + boundary_counts(truth, np.roll(truth, 2, axis=0), 3)
        own[sample.stem] = scores_of(matrix).mean_iou
    assert np.array_equal(found.confusion, total)
    assert found.summary.boundary_iou == pytest.approx(bands[:, 0] / bands[:, 1])
    assert float(found.summary.mean_iou) == pytest.approx(scores_of(total).mean_iou)
    assert [image.sample.stem for image in found.images] == sorted(own, key=lambda stem: (own[stem], stem))
    assert found.summary.mean_boundary_iou < found.summary.mean_iou


def test_only_the_masks_that_may_be_shown_are_kept(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.scoring.split_scores.SHOWN", 3)
    found = run(dataset, shifted(1))
    worst, best = worst_and_best(found, 3)
    stems = [image.sample.stem for image in found.images]
    assert [image.sample.stem for image in worst] == stems[:3]
    assert [image.sample.stem for image in best] == stems[:-4:-1]
    assert found.guesses.keys() == {*stems[:3], *stems[-3:]}
    for image in (*worst, *best):
        assert np.array_equal(found.guess(image), np.roll(dataset.mask(image.sample), 1, axis=0))


def test_few_images_are_not_shown_twice(dataset: Dataset) -> None:
    found = run(dataset, shifted(1), "test")
    worst, best = worst_and_best(found, 2)
    assert [len(worst), len(best)] == [2, 1]
    assert zlib.decompress(found.guesses[best[0].sample.stem])


def test_intervals_hold_the_score_and_shrink_with_images(dataset: Dataset) -> None:
    few, many = run(dataset, shifted(1), "test"), run(dataset, shifted(1))
    for found in (few, many):
        uncertainty = uncertainty_of(found)
        low, high = uncertainty.intervals["mean_iou"]
        assert low < found.scores.mean_iou < high
        assert (uncertainty.intervals["iou"][:, 0] <= found.scores.iou).all()
    widths = [np.ptp(uncertainty_of(found).intervals["mean_iou"]) for found in (few, many)]
    assert widths[1] < widths[0]
    assert uncertainty_of(many).number == 23
    assert "rather too narrow" in uncertainty_of(few).words


def test_groups_are_drawn_whole(dataset: Dataset) -> None:
    """Each image stands six times in its group: six times the images say no more than the images did."""
    alone = uncertainty_of(run(dataset, shifted(1), "test"))
    images = run(dataset, shifted(1), "test").images
    copies = tuple(
        replace(image, sample=replace(image.sample, stem=f"{image.sample.stem}-{copy}", group=image.sample.stem))
        for image in images
        for copy in range(6)
    )
    grouped = uncertainty_of(replace(run(dataset, shifted(1), "test"), images=copies))
    assert (grouped.unit, grouped.number) == ("groups", 3)
    for name, ends in alone.intervals.items():
        assert grouped.intervals[name] == pytest.approx(ends, nan_ok=True)


def test_one_group_has_no_interval_and_says_so(dataset: Dataset) -> None:
    found = uncertainty_of(run(with_groups(dataset, lambda stem: "one"), shifted(1)))
    assert found.words == "No intervals: 1 group does not show how much scores vary"
    assert all(np.isnan(ends).all() for ends in found.intervals.values())


def test_a_class_in_one_image_has_no_interval(dataset: Dataset) -> None:
    first = dataset.mask(dataset.of_split("test")[0]).tobytes()
    only_there = run(dataset, lambda mask: mask if mask.tobytes() == first else np.minimum(mask, 1), "test")
    images = only_there.images
    for image in images[1:]:
        image.counts[2] = 0
    found = uncertainty_of(replace(only_there, images=images))
    assert np.isnan(found.intervals["iou"][2]).all()
    assert not np.isnan(found.intervals["iou"][:2]).any()


def test_a_clear_difference_is_told_from_none(dataset: Dataset) -> None:
    better, worse = run(dataset, shifted(1)), run(dataset, shifted(3))
    rows = compare(better, worse, dataset.classes)
    assert [row.name for row in rows[:3]] == ["mean IoU", "mean Dice", "pixel accuracy"]
    assert rows[3].name == "IoU of background"
    assert all(row.low > 0 and row.verdict.startswith("better") for row in rows)
    assert rows[0].ours - rows[0].theirs == pytest.approx(better.scores.mean_iou - worse.scores.mean_iou)
    assert all(row.high < 0 and row.verdict.startswith("worse") for row in compare(worse, better, dataset.classes))
    same = compare(better, run(dataset, shifted(-1)), dataset.classes)[0]
    assert same.low <= 0 <= same.high
    assert same.verdict == "no difference shown: the interval includes 0"


def test_pairing_makes_the_interval_narrower_than_the_scores_own(dataset: Dataset) -> None:
    ours, theirs = run(dataset, shifted(2)), run(dataset, shifted(3))
    low, high = uncertainty_of(ours).intervals["mean_iou"]
    difference = compare(ours, theirs, dataset.classes)[0]
    assert difference.high - difference.low < 0.6 * (high - low)


def test_other_images_are_refused(dataset: Dataset) -> None:
    with pytest.raises(SegError, match="scored on other images"):
        compare(run(dataset, shifted(1), "test"), run(dataset, shifted(1), "val"), dataset.classes)


def test_patch_protocol_is_what_its_text_says(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: the same patches, labelled by brightness, scored with sets of pixels."""
    from prep.core.randomness import Stream
    from prep.images.geometry import crop_sample

    predictor = known(dataset, shifted(0))
    pooled, batches, patches = patch_scores(predictor, dataset, "test", 32)  # type: ignore[arg-type]
    own, matrix, dropped = [], np.zeros((3, 3), int), 0
    for sample in dataset.of_split("test"):
        stream = Stream(0, "patch protocol", sample.stem)
        for _ in range(PATCHES_PER_IMAGE):
            top, left = stream.integer(0, sample.height - 32), stream.integer(0, sample.width - 32)
            image, truth = crop_sample(dataset.image(sample), dataset.mask(sample), top, left, 32)
            if not (truth > 0).any():
                dropped += 1
                continue
            guess = (image.mean(axis=2) > 127).astype(np.uint8)
            matrix += confusion_matrix(truth, guess, 3)
            union = [np.sum((truth == index) | (guess == index)) for index in range(3)]
            both = [np.sum((truth == index) & (guess == index)) for index in range(3)]
            own.append(np.mean([b / u for b, u in zip(both, union, strict=True) if u]))
    assert dropped
    assert patches.number == pooled.number == len(own) == 3 * PATCHES_PER_IMAGE - dropped
    assert patches.mean_iou == pytest.approx(np.mean(own))
    assert pooled.mean_iou == pytest.approx(scores_of(matrix).mean_iou)
    assert batches.number == -(-len(own) // BATCH)
    assert (
        min(pooled.mean_iou, patches.mean_iou) - 0.1 < batches.mean_iou < max(pooled.mean_iou, patches.mean_iou) + 0.1
    )


def test_whole_images_stand_first(dataset: Dataset) -> None:
    found = run(dataset, shifted(1), "test")
    first, second = whole_image_scores(found)
    assert (first.mean_iou, second.mean_iou) == (found.scores.mean_iou, found.mean_of_images)


def test_nothing_but_background_cannot_be_scored_by_patches(dataset: Dataset, tmp_path: Path) -> None:
    from prep.images.imageio import write_png

    for sample in dataset.of_split("test"):
        write_png(dataset.root / sample.mask, np.zeros((sample.height, sample.width), np.uint8))
    with pytest.raises(SegError, match="no patch of 32 pixels of test holds any foreground"):
        patch_scores(known(dataset, shifted(0)), dataset, "test", 32)  # type: ignore[arg-type]
