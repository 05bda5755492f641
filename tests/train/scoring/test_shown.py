"""Which predicted masks a scoring keeps: those that sorting all images in the end would choose, without sorting."""

import math
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.core.classes import ClassMap
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.images.imageio import ImageRGB, IndexMask
from tests.growth import grows_linearly
from tests.models import AsItIs
from train.scoring import split_scores
from train.scoring.metrics import scores_of
from train.scoring.split_scores import SHOWN, ImageScore, SplitScores, score_split

CLASSES = ClassMap(("background", "line"), ((0, 0, 0), (255, 0, 0)))


class Numbered(Dataset):
    """Images whose pixels say their number, masks of one line; nothing lies on the disk."""

    def image(self, sample: Sample) -> ImageRGB:
        return np.full((4, 4, 3), int(sample.stem) % 251, np.uint8)

    def mask(self, sample: Sample) -> IndexMask:
        return np.repeat(np.array([[0, 1, 1, 0]], np.uint8), 4, axis=0)


class ByNumber(AsItIs):
    """Hits more or fewer pixels of the line, by the number of the image."""

    classes = CLASSES

    def __call__(self, image: ImageRGB) -> IndexMask:
        guess = np.zeros(16, np.uint8)
        guess[: int(image[0, 0, 0]) * 7919 % 17] = 1
        return guess.reshape(4, 4)


def scored(number: int) -> SplitScores:
    samples = tuple(Sample(f"{n:06d}", "a", "b", 4, 4, "", "test") for n in range(number))
    return score_split(ByNumber(), Numbered(Path(), CLASSES, samples), "test")  # type: ignore[arg-type]


def image_score(number: int, iou: float) -> ImageScore:
    scores = scores_of(np.eye(2, dtype=np.int64))
    object.__setattr__(scores, "mean_iou", iou)
    return ImageScore(Sample(f"{number:04d}", "a", "b", 1, 1), np.zeros((2, 5), np.int64), scores)


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0, math.nan]), max_size=80), st.randoms())
def test_kept_are_those_that_a_sort_in_the_end_chooses(ious: list[float], random: object) -> None:
    images = [image_score(number, iou) for number, iou in enumerate(ious)]
    random.shuffle(images)  # type: ignore[attr-defined]
    shown = split_scores._Shown()
    for image in images:
        shown.add(image, np.full((1, 1), int(image.sample.stem), np.uint8))
    known = [image for image in images if not math.isnan(image.scores.mean_iou)]
    order = sorted(known, key=lambda image: (image.scores.mean_iou, image.sample.stem))
    defined = [image.sample.stem for image in order]
    assert shown.guesses.keys() == {*defined[:SHOWN], *defined[-SHOWN:]}
    assert all(zlib.decompress(data) == bytes([int(stem)]) for stem, data in shown.guesses.items())


def test_ordering_the_images_grows_as_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = [0]
    key = split_scores.badness

    def counting(image: ImageScore) -> tuple[float, str]:
        calls[0] += 1
        return key(image)

    monkeypatch.setattr(split_scores, "badness", counting)

    def count(number: int) -> int:
        calls[0] = 0
        assert len(scored(number).images) == number
        return calls[0]

    grows_linearly(count)
