"""Images that are seen smaller while a network learns: the pixels, the training, the labels at full size."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample, write_index
from prep.images.imageio import read_mask, write_png
from tests.support import run_ok, run_train
from train.config.config import Config
from train.data.data import training_store
from train.data.image_size import reduced

CLASSES = ClassMap(("ground", "disc"), ((0, 0, 255), (255, 0, 0)))
TINY = ("--width", 4, "--depth", 2, "--size", 32, "--crops", 4, "--batch", 4, "--device", "cpu")


@pytest.fixture(autouse=True)
def _work_in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def discs(root: Path, *sizes: tuple[int, int]) -> Dataset:
    """A bright disc on dark ground in each image of these sizes (width, height); the last two are val and test."""
    rng, samples = np.random.default_rng(0), list[Sample]()
    for kind in ("images", "masks"):
        (root / kind).mkdir(parents=True)
    for number, (width, height) in enumerate(sizes):
        rows, columns = np.mgrid[:height, :width]
        mask = (np.hypot(rows - height / 2, columns - width / 3) < min(sizes[number]) / 4).astype(np.uint8)
        image = rng.integers(0, 60, (height, width, 3), np.uint8) + mask[..., None] * 150
        stem, split = f"d{number}", ("train", "val", "test")[max(0, number - len(sizes) + 3)]
        write_png(root / f"images/{stem}.png", image.astype(np.uint8))
        write_png(root / f"masks/{stem}.png", mask)
        samples.append(Sample(stem, f"images/{stem}.png", f"masks/{stem}.png", width, height, "", split))
    (root / "classes.json").write_text(json.dumps(CLASSES.to_json()))
    write_index(root / "index.csv", samples)
    return Dataset.open(root)


def test_images_that_are_no_larger_are_seen_as_they_are(tmp_path: Path) -> None:
    dataset = discs(tmp_path, (64, 48), (48, 64), (64, 64))
    assert reduced(dataset, None) is dataset
    assert reduced(dataset, 64) is dataset


def test_the_pixels_are_those_that_resize_makes(tmp_path: Path) -> None:
    dataset = discs(tmp_path / "large", (130, 90), (60, 41), (91, 155), (128, 128))
    run_ok("resize", dataset.root, "-o", tmp_path / "small", "--size", 64)
    expected, seen = Dataset.open(tmp_path / "small"), reduced(dataset, 64)
    assert [(each.width, each.height) for each in seen.samples] == [(64, 44), (60, 41), (38, 64), (64, 64)]
    for own, other in zip(seen.samples, expected.samples, strict=True):
        np.testing.assert_array_equal(seen.image(own), expected.image(other))
        np.testing.assert_array_equal(seen.mask(own), expected.mask(other))
    assert seen.split_hash() == dataset.split_hash()
    assert seen.files_hash("val") == dataset.files_hash("val")


def test_stores_in_memory_and_streamed_hold_the_smaller_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = discs(tmp_path / "large", *[(130, 90)] * 5)
    settings = Config(size=32, image_size=65, crops=2)
    store = training_store(dataset, settings)
    assert (store.height.tolist(), store.width.tolist()) == ([45] * 3, [65] * 3)  # type: ignore[union-attr]
    only = training_store(dataset, settings, samples=[dataset["d3"].record])
    seen = reduced(dataset, 65)
    assert torch.equal(only.labels, torch.from_numpy(seen["d3"].mask.reshape(-1)))  # type: ignore[union-attr]
    monkeypatch.setattr("train.data.data.fits_in_memory", lambda samples: False)
    images, masks = next(training_store(dataset, settings).batches(2, torch.Generator().manual_seed(0)))
    assert images.shape == (2, 32, 32, 3)
    values = {tuple(pixel) for each in seen.of_split("train") for pixel in seen.image(each).reshape(-1, 3).tolist()}
    assert {tuple(pixel) for pixel in images.reshape(-1, 3).tolist()} <= values
    assert set(masks.unique().tolist()) <= {0, 1, 255}


def test_images_are_decoded_at_once_as_far_as_they_are_small_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = discs(tmp_path / "large", *[(130, 90)] * 9)
    lock, at_once, most = threading.Lock(), 0, 0
    decode = Dataset.decoded_image

    def counted(self: Dataset, sample: Sample, content: bytes) -> object:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        image = decode(self, sample, content)
        with lock:
            at_once -= 1
        return image

    monkeypatch.setattr(Dataset, "decoded_image", counted)
    monkeypatch.setattr("train.data.data._DECODED_BYTES", 130 * 90 * 4)
    training_store(dataset, Config(size=32, image_size=20, crops=2))
    assert most == 1
    assert reduced(dataset, 20).decoded_bytes(reduced(dataset, 20).samples[0]) == 130 * 90 * 4


def test_a_model_that_saw_small_images_is_scored_and_labels_at_full_size(tmp_path: Path) -> None:
    dataset = discs(tmp_path / "datasets/discs", *[(160, 120)] * 8, (120, 160))
    done = run_train(dataset.root, *TINY, "--epochs", 12, "--image-size", 80, "--json")
    assert done.exit_code == 0, done.stderr
    run = Path("runs/latest")
    scale = json.loads((run / "config.json").read_text())["image_scale"]
    assert (scale["long"], scale["short"], scale["photos"]) == ([80] * 3, [60] * 3, [160] * 3)
    own = json.loads((run / "metrics.json").read_text())
    assert own["mean_iou"] > 0.9
    again = run_train("score", "-o", "scored")
    assert again.exit_code == 0, again.stderr
    found = json.loads(Path("scored/metrics.json").read_text())
    assert found["mean_iou"] == own["mean_iou"]
    assert "other_scale" not in found
    assert "another scale" not in again.stderr + again.stdout
    patches = run_train("score", "--protocol", "patches", "-o", "patches", "--json")
    assert patches.exit_code == 0, patches.stderr
    protocols = {
        (each["protocol"], each["split"]): each["mean_iou"] for each in json.loads(patches.stdout)["protocols"]
    }
    assert protocols["patches, pooled", "train"] > 0.9, "patches of the size that it learned from"
    done = run_train("predict", dataset.root / "images/d8.png", "-o", "labelled")
    assert done.exit_code == 0, done.stderr
    mask = read_mask(next(Path("labelled/masks").glob("*.png")))
    assert mask.shape == (160, 120)
    truth = dataset["d8"].mask
    assert (mask == truth).mean() > 0.97


def test_a_resumed_training_sees_the_same_size(tmp_path: Path) -> None:
    dataset = discs(tmp_path / "datasets/discs", *[(160, 120)] * 5)
    whole = run_train(dataset.root, *TINY, "--epochs", 2, "--image-size", 80)
    assert whole.exit_code == 0, whole.stderr
    assert run_train("--resume", "--device", "cpu").exit_code == 0
    assert json.loads(Path("runs/latest/config.json").read_text())["image_size"] == 80


def test_square_images_of_which_only_one_is_larger_are_scored_all_the_same(tmp_path: Path) -> None:
    dataset = discs(tmp_path / "datasets/discs", *[(64, 64)] * 5, (128, 128))
    done = run_train(dataset.root, *TINY, "--epochs", 1, "--image-size", 64)
    assert done.exit_code == 0, done.stderr
    assert "mean_iou" in json.loads(Path("runs/latest/metrics.json").read_text())


def test_folds_are_scored_at_full_size(tmp_path: Path) -> None:
    dataset = discs(tmp_path / "datasets/discs", *[(96, 72)] * 7)
    done = run_train(dataset.root, *TINY, "--epochs", 1, "--folds", 2, "--image-size", 48)
    assert done.exit_code == 0, done.stderr


def test_what_has_a_scale_of_its_own_is_refused(tmp_path: Path) -> None:
    dataset = discs(tmp_path / "datasets/discs", *[(96, 72)] * 4)
    raster = replace(dataset, samples=tuple(replace(each, crs="EPSG:32632") for each in dataset.samples))
    with pytest.raises(SegError, match="--image-size would change the metres a pixel"):
        reduced(raster, 48)
    run_ok("patches", dataset.root, "--size", 32, "--per-image", 2)
    done = run_train(dataset.root, "--epochs", 1, "--image-size", 48, "--device", "cpu")
    assert done.exit_code == 1
    assert "size32: was cut out of images as large as they are; leave --image-size out" in done.stderr
    advised = run_train(dataset.root, "--epochs", 1, "--image-size", 48, "--size", 16, "--width", 4, "--batch", 4)
    assert advised.exit_code == 0, advised.stderr
