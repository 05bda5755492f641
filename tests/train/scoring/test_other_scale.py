"""Scores of images of another scale than the training's: labelled at its scale, and said with both numbers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

import train
from prep.core.classes import write_classes
from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample, write_index
from tests.models import color_predictor, run_train
from tests.rasters import needs_geo
from tests.support import random_mask, save
from tests.train.serve.serving import CLASSES, make_tiny_run
from train.auditing.audit import audit
from train.runs.checkpoint import read_checkpoint, write_checkpoint
from train.scoring.other_scale import other_scale
from train.scoring.score_files import read_metrics
from train.scoring.split_scores import score_split
from train.windows.scale import ImageScale, Rescaling

TRAINED = ImageScale((32, 32, 32), (24, 24, 24), (4 / 3, 4 / 3), (96, 96, 96))


def dataset_of(root: Path, *sizes: tuple[int, int]) -> Dataset:
    """A dataset, all of it the test split, of images of these (width, height)."""
    samples = []
    for number, (width, height) in enumerate(sizes):
        mask = random_mask(number, height, width)
        save(root / f"images/s{number}.png", 255 * np.eye(3, dtype=np.uint8)[mask])
        save(root / f"masks/s{number}.png", mask)
        samples.append(Sample(f"s{number}", f"images/s{number}.png", f"masks/s{number}.png", width, height, "", "test"))
    write_index(root / "index.csv", samples)
    write_classes(root / "classes.json", CLASSES)
    return Dataset.open(root)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that knows its scale."""
    folder = make_tiny_run(tmp_path)
    content = read_checkpoint(folder / "model.pt")
    write_checkpoint(folder / "model.pt", {**content, "image_scale": TRAINED.to_plain()})
    return folder


def test_both_numbers_are_said_and_kept(tmp_path: Path, run: Path) -> None:
    dataset = dataset_of(tmp_path / "data", (32, 24), (96, 72), (90, 72))
    result = run_train("score", run, dataset.root)
    said = (
        "2 of 3 images are of another scale than the training's, the first 96 x 72 px, labelled at 32 x 24 "
        "(the training's images: 32 px)"
    )
    assert said in result.stderr
    assert read_metrics(run / "score-data-test").other_scale == said
    run_train("score", run, dataset.root, "--scale", 1)
    assert read_metrics(run / "score-data-test-scale-1.0").other_scale == ""
    assert train.score(run, dataset=dataset.root, scale=1).mean_iou != train.score(run, dataset=dataset.root).mean_iou


def test_an_image_whose_scale_cannot_be_told_is_named(tmp_path: Path, run: Path) -> None:
    dataset = dataset_of(tmp_path / "data", (32, 24), (300, 30))
    with pytest.raises(SegError, match=r"data: images/s1\.png: 300 x 30 pixels, .* add --scale fit"):
        train.score(run, dataset=dataset.root)
    assert train.score(run, dataset=dataset.root, scale="fit").metrics.images == 2


def test_images_of_the_scale_of_the_training_are_none_of_another(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path / "data", (32, 24), (30, 24))
    for scale in (Rescaling(), Rescaling(TRAINED)):
        assert other_scale(replace(color_predictor(), classes=CLASSES, scale=scale), dataset, "test") == ""


@needs_geo
def test_samples_with_other_metres_a_pixel_are_scored_at_those_of_the_training(tmp_path: Path) -> None:
    """Two of three samples: a finer one, and one that has no place."""
    trained = replace(TRAINED, photos=None, cut=True, metres_across=(0.5,) * 3, metres_down=(0.5,) * 3)
    dataset = dataset_of(tmp_path / "data", (32, 24), (64, 48), (32, 24))
    placed = [
        replace(sample, east=5e5, north=5e6, crs="EPSG:32632", pixel=f"{step} 0 0 -{step}")
        for sample, step in zip(dataset.samples, (0.5, 0.25), strict=False)
    ]
    write_index(dataset.root / "index.csv", [*placed, dataset.samples[2]])
    dataset, seen = Dataset.open(dataset.root), list[int]()
    plain = replace(color_predictor(), classes=CLASSES)

    def model(windows: Tensor) -> Tensor:
        seen.append(len(windows))
        return plain.model(windows)

    predictor = replace(plain, scale=Rescaling(trained), model=model)
    assert other_scale(predictor, dataset, "test") == (
        "1 of 3 images is of another scale than the training's, the first 0.25 m a pixel, labelled at 0.5 m as in the "
        "training (64 x 48 px, labelled at 32 x 24); metres a pixel of 1 image unknown, labelled as they are"
    )
    score_split(predictor, dataset, "test")
    assert seen == [1, 1, 1]  # one window each: the finer one, too
    assert audit(predictor, dataset, "test").samples == tuple(dataset.samples)
    assert seen == [1] * 6
    score_split(predictor.at_scale(1), dataset, "test")
    assert sum(seen[6:]) == 1 + 6 + 1
