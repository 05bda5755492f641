"""Likely label errors: what counts as one, and whether planted ones are found."""

import csv
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from prep.dataset.dataset import Dataset
from prep.images.imageio import read_image, write_png
from tests.models import write_run
from tests.support import run_train
from tests.train.auditing.planted import KINDS, plant
from train.auditing.audit import audit, crop_of, write_audit
from train.auditing.disagreement import MaskComparison, slack
from train.auditing.regions import Disagreement
from train.windows.predictor import Predictor
from train.windows.window_settings import WindowSettings


def one_hot(guess: NDArray[np.uint8], classes: int, confidence: float = 0.9) -> NDArray[np.float32]:
    """(C, H, W) probabilities of a model that is as sure as `confidence` everywhere."""
    rest = (1 - confidence) / (classes - 1)
    return np.where(np.arange(classes)[:, None, None] == guess, confidence, rest).astype(np.float32)


def disagreements(mask: NDArray[np.uint8], guess: NDArray[np.uint8], confidence: float = 0.9) -> list[Disagreement]:
    return list(whole(mask, one_hot(guess, 3, confidence)).disagreements)


def whole(mask: NDArray[np.uint8], probabilities: NDArray[np.float32]) -> MaskComparison:
    return MaskComparison(mask, [(0, torch.from_numpy(probabilities))])


def scene() -> NDArray[np.uint8]:
    mask = np.zeros((120, 140), np.uint8)
    mask[30:90, 40:100] = 1
    return mask


@pytest.mark.parametrize("shift", [1, 2, 3])
def test_a_contour_beside_the_true_one_is_no_error(shift: int) -> None:
    assert slack(120, 140) == 3
    for axis in (0, 1):
        assert disagreements(scene(), np.roll(scene(), shift, axis)) == []


def test_a_contour_far_off_is_one() -> None:
    found = disagreements(scene(), np.roll(scene(), 8, axis=1))
    assert {(each.label, each.model) for each in found} == {(0, 1), (1, 0)}
    assert all((each.height, each.width) == (60, 8) for each in found)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_pixels_equal_the_definition(seed: int) -> None:
    """Pixel by pixel: farther than 3 from all that is labelled b, or from all that is predicted a."""
    random = np.random.default_rng(seed)
    mask, guess = (np.kron(random.integers(0, 3, (4, 5)), np.ones((5, 4))).astype(np.uint8) for _ in "ab")
    mask[random.random(mask.shape) < 0.05] = 255
    places = np.argwhere(np.ones(mask.shape))
    wanted = dict.fromkeys([(a, b) for a in range(3) for b in range(3) if a != b], 0)
    for y, x in places:
        a, b = int(mask[y, x]), int(guess[y, x])
        if a in (b, 255):
            continue
        distance = np.hypot(*(places - (y, x)).T).reshape(mask.shape)
        nearest = [distance[where].min(initial=np.inf) for where in (mask == b, guess == a)]
        wanted[a, b] += max(nearest) > 3
    found = dict.fromkeys(wanted, 0)
    for each in disagreements(mask, guess):
        found[each.label, each.model] += each.pixels
    assert found == wanted


@pytest.mark.parametrize(("labelled", "predicted"), [(0, 2), (2, 0), (2, 1)])
def test_a_thin_line_that_one_of_them_lacks_counts_whole(labelled: int, predicted: int) -> None:
    """A line of 3 pixels is as thin as a seam along a contour, but no contour is near."""
    mask, guess = scene(), scene()
    mask[10:13, 5:120], guess[10:13, 5:120] = labelled, predicted
    (found,) = disagreements(mask, guess)
    assert (found.label, found.model) == (labelled, predicted)
    assert (found.y, found.x, found.height, found.width, found.pixels) == (10, 5, 3, 115, 345)
    assert found.score == pytest.approx(345 * np.log(0.9 / 0.05), rel=1e-5)
    assert found.confidence == pytest.approx(0.9)


def test_size_and_confidence_both_count() -> None:
    mask, large, small = np.zeros((120, 140), np.uint8), scene(), np.zeros((120, 140), np.uint8)
    small[50:60, 50:60] = 1
    scores = [disagreements(mask, *case)[0].score for case in ((large, 0.9), (large, 0.5), (small, 0.9))]
    assert scores[0] > scores[1]
    assert scores[0] > scores[2]
    certain = disagreements(mask, small, 0.99999)[0]
    assert certain.score == pytest.approx(100 * np.log(0.99999 / 0.01), rel=1e-4)  # not 100 * log(200,000)


def test_ignored_pixels_are_no_error() -> None:
    mask = np.full((120, 140), 255, np.uint8)
    assert disagreements(mask, scene()) == []


def test_classes_with_high_numbers_are_told_apart() -> None:
    mask, guess = np.full((60, 60), 249, np.uint8), np.full((60, 60), 249, np.uint8)
    guess[20:40, 20:40] = 248
    probabilities = one_hot(guess, 250)
    (found,) = whole(mask, probabilities).disagreements
    assert (found.label, found.model, found.pixels) == (249, 248, 400)


def disagreements_at_once(mask: NDArray[np.uint8], probabilities: NDArray[np.float32]) -> Iterator[Disagreement]:
    """What the regions are, from all probabilities at once and one pair of classes after the other."""
    guess = probabilities.argmax(axis=0).astype(np.uint8)
    limit = slack(*mask.shape)
    for label, model in sorted({(int(a), int(b)) for a, b in zip(mask.ravel(), guess.ravel(), strict=True)}):
        own = (mask == label) & (guess == model)
        if label in (model, 255):
            continue
        far = np.zeros(mask.shape, np.bool_)
        for present in (mask == model, guess == label):
            away = cv2.distanceTransform((~present).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
            far |= (away > limit) | ~present.any()
        ratio = np.log(np.maximum(probabilities[model], 0.01) / np.maximum(probabilities[label], 0.01))
        number, labels = cv2.connectedComponents(own.view(np.uint8), connectivity=8)
        for region in range(1, number):
            pixels = (labels == region) & far
            if not pixels.any():
                continue
            (y, x), (bottom, right) = np.argwhere(pixels).min(axis=0).tolist(), np.argwhere(pixels).max(axis=0).tolist()
            confidence, score = float(probabilities[model][pixels].mean()), float(ratio[pixels].sum())
            yield Disagreement(
                y, x, bottom + 1 - y, right + 1 - x, int(pixels.sum()), label, model, confidence, score
            )  # fmt: skip


def place(region: Disagreement) -> tuple[int, ...]:
    return region.y, region.x, region.height, region.width, region.label, region.model, region.pixels


@pytest.mark.parametrize("seed", range(6))
def test_strips_find_what_all_probabilities_at_once_would(seed: int) -> None:
    """Whatever the strips: shorter than the slack, longer, of one row. Sums are of more digits than those at once."""
    random = np.random.default_rng(seed)
    mask = np.kron(random.integers(0, 4, (14, 12)), np.ones((13, 15))).astype(np.uint8)
    mask[random.random(mask.shape) < 0.02] = 255
    rough = random.random((4, 12, 11)).astype(np.float32)
    chances = np.exp(6 * np.stack([cv2.resize(each, mask.shape[::-1]) for each in rough]))
    chances /= chances.sum(axis=0)
    wanted = sorted(disagreements_at_once(mask, chances), key=place)
    assert len(wanted) > 10
    assert slack(*mask.shape) == 3
    for heights in ([182], [1] * 182, [2, 60, 1, 1, 1, 100, 17]):
        tops = np.cumsum([0, *heights])
        strips = [(int(a), torch.from_numpy(chances[:, a:b])) for a, b in itertools.pairwise(tops)]
        found = MaskComparison(mask, iter(strips))
        assert np.array_equal(found.guess, chances.argmax(axis=0))
        regions = sorted(found.disagreements, key=place)
        assert [place(each) for each in regions] == [place(each) for each in wanted]
        for name in ("confidence", "score"):
            exact = [getattr(each, name) for each in wanted]
            assert [getattr(each, name) for each in regions] == pytest.approx(exact, rel=1e-5, abs=1e-5)


def colours_tell(windows: Tensor) -> Tensor:
    """Class probabilities by the colour of the pixels, which stands for the right class."""
    right = windows[..., 0].long() // 100
    return torch.nn.functional.one_hot(right, 3).permute(0, 3, 1, 2).float() * 0.9 + 0.1 / 3


def known(dataset: Dataset) -> Predictor:
    """Images become pictures of their right masks, which the model reads."""
    for sample in dataset.of_split():
        write_png(dataset.root / sample.image, np.repeat(dataset.mask(sample)[..., None] * 100, 3, axis=2))
    return Predictor(colours_tell, dataset.classes, WindowSettings(32), torch.device("cpu"))


def test_probabilities_of_a_whole_image_are_those_of_its_pixels(dataset: Dataset) -> None:
    predictor = known(dataset)
    for sample in dataset.of_split("test"):
        found = predictor.probabilities(dataset.image(sample))
        assert found.shape == (3, sample.height, sample.width)
        assert found.argmax(axis=0).tolist() == dataset.mask(sample).tolist()
        assert np.allclose(found.sum(axis=0), 1, atol=1e-5)


def test_planted_regions_are_found_and_nothing_else(dataset: Dataset, tmp_path: Path) -> None:
    predictor = known(dataset)
    planted, regions = plant(dataset, 0.2)
    assert {each.kind for each in planted} == set(KINDS)
    assert len(planted) == round(0.2 * regions)
    found = audit(predictor, dataset, "all")
    wrong = {stem: np.zeros((80, 64), bool) for stem in (sample.stem for sample in found.samples)}
    for each in planted:
        wrong[each.stem] |= each.pixels
    for suspect in found.suspects:
        region = suspect.region
        box = np.s_[region.y : region.y + region.height, region.x : region.x + region.width]
        assert wrong[suspect.sample.stem][box].any()
    seen = {stem: np.zeros((80, 64), bool) for stem in wrong}
    for suspect in found.suspects:
        region = suspect.region
        seen[suspect.sample.stem][region.y : region.y + region.height, region.x : region.x + region.width] = True
    missed = [each for each in planted if not (seen[each.stem] & each.pixels).any()]
    assert len(missed) <= 0.1 * len(planted)  # an object drawn over another may hide in its contour
    scores = [suspect.region.score for suspect in found.suspects]
    assert scores == sorted(scores, reverse=True)
    ranked = found.ranked_samples
    assert sum(score for _, score, _ in ranked) == pytest.approx(sum(scores))
    assert ranked[0][1] == max(score for _, score, _ in ranked)
    assert len(ranked) == 23


def test_samples_with_damaged_files_are_left_out_and_listed(dataset: Dataset) -> None:
    run = write_run(dataset.root.parent / "run")
    one, two, *_ = dataset.samples
    (dataset.root / one.mask).write_bytes(b"no image")
    (dataset.root / two.image).write_bytes(b"no image")
    command = ("audit", run, dataset.root, "--device", "cpu", "--json", "--max-failed")
    result = run_train(*command, 2)
    assert result.exit_code == 1, result.output
    data = json.loads(result.stdout)
    assert [line.partition(":")[0] for line in data["left_out"]] == [
        str(dataset.root / one.mask), str(dataset.root / two.image),
    ]  # fmt: skip
    assert {one.stem, two.stem} | {row["stem"] for row in data["samples"]} == {each.stem for each in dataset.samples}
    assert f"2 left out:\n  {dataset.root / one.mask}: the file is truncated or damaged" in result.stderr
    result = run_train(*command, 1, "-o", dataset.root.parent / "out")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Error: 2 files cannot be used:\n" in result.stderr
    assert not (dataset.root.parent / "out").exists()


def test_labels_that_are_mended_during_an_audit(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor, samples = known(dataset), dataset.of_split()
    plant(dataset, 0.2)
    late = samples[-1]
    expected = audit(predictor, dataset.without({late.stem}), "all")
    early = next(suspect.sample for suspect in expected.suspects if suspect.sample != samples[-2])

    def mend(done: int, _: int) -> None:
        if done == len(samples) - 2:
            for sample in (early, late):
                (dataset.root / sample.mask).write_bytes((dataset.root / samples[-2].mask).read_bytes())

    found = audit(predictor, dataset, "all", mend)
    assert found.problems == (f"{dataset.root / late.mask}: was changed after this began",)
    assert found.suspects == expected.suspects
    drawn: list[str] = []
    monkeypatch.setattr("train.auditing.audit._row", lambda _, suspect, __: drawn.append(suspect.sample.stem))
    monkeypatch.setattr("train.auditing.audit.captioned_sheet", lambda *_: np.zeros((1, 1, 3), np.uint8))
    write_audit(tmp_path / "out", found, dataset)
    assert early.stem not in drawn, "the sheet would show another label than the one that was looked at"
    assert len(drawn) > 1


def test_files_of_an_audit(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.auditing.audit._SHOWN", 3)
    predictor = known(dataset)
    plant(dataset, 0.2)
    found = audit(predictor, dataset, "all")
    write_audit(tmp_path / "out", found, dataset)
    with (tmp_path / "out" / "audit.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["rank"]) for row in rows] == list(range(1, len(found.suspects) + 1))
    first = found.suspects[0]
    assert rows[0]["stem"] == first.sample.stem
    assert rows[0]["split"] in ("train", "val", "test")
    assert rows[0]["label"] == dataset.classes.names[first.region.label]
    assert int(rows[0]["pixels"]) == first.region.pixels
    assert [each.guess is not None for each in found.suspects[:4]] == [True, True, True, False]
    sheet = read_image(tmp_path / "out" / "audit.png")
    assert (sheet == (255, 0, 255)).all(axis=2).any()  # the frames
    samples = (tmp_path / "out" / "samples.csv").read_text().splitlines()
    assert samples[0] == "rank,stem,split,regions,score"
    assert len(samples) == 24


def test_crops_stay_inside_and_hold_the_region() -> None:
    for y, x, height, width in ((0, 0, 5, 5), (70, 60, 10, 4), (0, 10, 80, 20), (79, 63, 1, 1)):
        region = Disagreement(y, x, height, width, 1, 0, 1, 0.9, 1.0)
        rows, columns = crop_of(region, 80, 64)
        assert 0 <= rows.start <= y
        assert y + height <= rows.stop <= 80
        assert 0 <= columns.start <= x
        assert x + width <= columns.stop <= 64
