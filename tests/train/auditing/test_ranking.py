"""The order of an audit's suspects, and the crops it keeps: those of sorting all in the end, without sorting again."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from prep.core.classes import ClassMap
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.geo.pixel_size import PixelSize
from prep.images.imageio import ImageRGB, IndexMask
from tests.growth import grows_linearly
from tests.models import AsItIs
from train.auditing import audit as auditing
from train.auditing.audit import Audit, Suspect, audit
from train.auditing.disagreement import MaskComparison
from train.windows.image_rows import ArrayRows
from train.windows.scale import Rescaling

CLASSES = ClassMap(("background", "line", "ellipse"), ((0, 0, 0), (255, 0, 0), (0, 255, 0)))
SIDE = 32


class Numbered(Dataset):
    """Images whose pixels say their number; masks without an object; nothing lies on the disk."""

    def image(self, sample: Sample) -> ImageRGB:
        return np.full((SIDE, SIDE, 3), int(sample.stem) % 251, np.uint8)

    def mask(self, sample: Sample) -> IndexMask:
        return np.zeros((SIDE, SIDE), np.uint8)


class ByNumber(AsItIs):
    """Two objects where none is labelled; how sure the model is of them depends on the number of the image."""

    classes, scale = CLASSES, Rescaling()

    def on_ground(self, pixel: PixelSize | None) -> "ByNumber":
        return self

    def probability_strips(self, source: ArrayRows) -> Iterator[tuple[int, torch.Tensor]]:
        image = source.image
        sure = 0.5 + (int(image[0, 0, 0]) * 37 % 11) / 25
        guess = np.zeros((SIDE, SIDE), np.uint8)
        guess[2:9, 2:9], guess[20:30, 20:30] = 1, 2
        chances = np.where(np.arange(3)[:, None, None] == guess, sure, (1 - sure) / 2).astype(np.float32)
        yield 0, torch.from_numpy(chances)


def dataset(number: int) -> Dataset:
    return Numbered(Path(), CLASSES, tuple(Sample(f"{n:06d}", "a", "b", SIDE, SIDE, "", "test") for n in range(number)))


def audited(number: int) -> Audit:
    return audit(ByNumber(), dataset(number), "test")  # type: ignore[arg-type]


def test_suspects_stand_as_one_sort_puts_them_and_the_first_have_their_crops() -> None:
    few, model = dataset(40), ByNumber()
    wanted = []
    for sample in few.samples:
        strips = model.probability_strips(ArrayRows(few.image(sample)))
        wanted += [(sample, each) for each in MaskComparison(few.mask(sample), strips).disagreements]
    wanted.sort(key=lambda pair: (-pair[1].score, pair[0].stem, pair[1].y, pair[1].x))
    found = audited(40).suspects
    assert [(each.sample, each.region) for each in found] == wanted
    assert len(found) == 80
    assert [each.guess is not None for each in found] == [True] * 24 + [False] * 56
    for each in found[:24]:
        assert each.guess is not None
        assert set(zlib.decompress(each.guess)) >= {0, each.region.model}


def test_ordering_the_suspects_grows_as_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = [0]
    key = auditing._order

    def counting(suspect: Suspect) -> tuple[float, str, int, int]:
        calls[0] += 1
        return key(suspect)

    monkeypatch.setattr(auditing, "_order", counting)

    def count(number: int) -> int:
        calls[0] = 0
        assert len(audited(number).suspects) == 2 * number
        return calls[0]

    grows_linearly(count)
