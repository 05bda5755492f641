"""Photos of another size than the training's: labelled at its scale, their labels brought back, and said."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from torch import Tensor

import train
from prep.core.classes import ClassMap, write_classes
from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample, write_index
from prep.images.imageio import ImageRGB, IndexMask, read_mask
from prep.images.resample import resize_image
from tests.models import run_train, train_error
from tests.support import load, run_ok, save
from tests.support import run_train as tried
from train.runs.checkpoint import load_model, read_checkpoint, write_checkpoint
from train.runs.device import find_accelerator
from train.scoring.metrics import confusion_matrix, scores_of
from train.windows.scale import ImageScale, Rescaling

CLASSES = ClassMap(("fine", "coarse"), ((0, 0, 0), (255, 0, 0)))
TRAINING = ("--width", 8, "--depth", 2, "--size", 48, "--crops", 8, "--batch", 8, "--epochs", 8, "--overlap", 0.25)
PERIODS = (16, 48)
"""Of the stripes of each class, in pixels of the photo: what is fine in it is coarse in the image of a third."""


def striped(seed: int, width: int = 480, height: int = 360) -> tuple[ImageRGB, IndexMask]:
    """A photo of fine stripes with discs of coarse ones, and its mask."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    mask = np.zeros((height, width), np.uint8)
    for _ in range(3):
        radius = random.integers(60, 110)
        mask[(x - random.integers(width)) ** 2 + (y - random.integers(height)) ** 2 < radius**2] = 1
    phase = random.uniform(0, 6)
    waves = [np.sin(2 * np.pi * (x + y) / period + phase) for period in PERIODS]
    grey = np.clip(127 + 90 * np.where(mask, waves[1], waves[0]) + random.normal(0, 8, mask.shape), 0, 255)
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2), mask


def make_photos(root: Path, number: int) -> Dataset:
    """A dataset of striped photos in full size; the last five are the test split."""
    samples = []
    for index in range(number):
        image, mask = striped(index)
        save(root / "images" / f"p{index:02}.png", image)
        save(root / "masks" / f"p{index:02}.png", mask)
        split = "test" if index >= number - 5 else "val" if index == 0 else "train"
        name = f"p{index:02}"
        samples.append(Sample(name, f"images/{name}.png", f"masks/{name}.png", 480, 360, "", split))
    write_index(root / "index.csv", samples)
    write_classes(root / "classes.json", CLASSES)
    return Dataset.open(root)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with datasets/photos, datasets/small (a third) and runs/RUN, trained on the small ones."""
    folder = tmp_path_factory.mktemp("scale")
    make_photos(folder / "datasets/photos", 17)
    run_ok("resize", folder / "datasets/photos", "-o", folder / "datasets/small", "--size", 160)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run_train("datasets/small", *TRAINING)
    return folder


def mean_iou(masks: dict[str, IndexMask], dataset: Dataset) -> float:
    total = sum(confusion_matrix(dataset.mask(each), masks[each.stem], 2) for each in dataset.of_split("test"))
    return float(scores_of(np.asarray(total)).mean_iou)


def predicted(folder: Path, output: str, *options: object) -> tuple[dict[str, IndexMask], str]:
    """Masks of the test photos in full size by seg-train predict, and what it says besides."""
    photos = [folder / "datasets/photos" / each.image for each in _dataset(folder).of_split("test")]
    run = (folder / "runs/latest").resolve()
    result = tried("predict", *photos, "-o", folder / output, "--run", run, "--save", "masks", *options)
    assert result.exit_code == 0, result.output
    masks = {path.stem: read_mask(path) for path in (folder / output / "masks").glob("*.png")}
    return masks, result.stderr


def _dataset(folder: Path) -> Dataset:
    return Dataset.open(folder / "datasets/photos")


def test_photos_lose_next_to_nothing_to_the_images_that_were_trained_on(trained: Path) -> None:
    small = json.loads((trained / "runs/latest/metrics.json").read_text("utf-8"))["mean_iou"]
    assert small > 0.85
    found, said = predicted(trained, "auto")
    assert mean_iou(found, _dataset(trained)) > small - 0.02
    assert said.count("labelled at") == 1  # of five photos
    assert "p12.png and others like it: 480 x 360 px, labelled at 160 x 120 (the training's images: 160 px)" in said
    as_they_are, said = predicted(trained, "one", "--scale", 1)
    assert mean_iou(as_they_are, _dataset(trained)) < small - 0.2  # what happened without a word
    assert "labelled at" not in said


def test_the_run_holds_the_scale(trained: Path) -> None:
    expected = ImageScale((160, 160, 160), (120, 120, 120), (4 / 3, 4 / 3))
    assert load_model(trained / "runs/latest/model.pt", find_accelerator("cpu"))[1].image_scale == expected
    config = json.loads((trained / "runs/latest/config.json").read_text("utf-8"))
    assert ImageScale.from_plain(config["image_scale"], Path("config.json")) == expected


def test_the_folder_of_predictions_knows_its_scale(trained: Path) -> None:
    predicted(trained, "known")
    record = json.loads((trained / "known/predictions.json").read_text("utf-8"))
    assert (record["scale"], record["images_of_training"]) == ("auto", "160 px")
    photos, run = trained / "datasets/photos", trained / "runs/latest"
    said = train_error("predict", photos, "-o", trained / "known", "--run", run, "--scale", 0.5)
    assert "known: holds predictions of scale auto (now 0.5); name another folder, or add --overwrite" in said


def test_images_of_the_size_of_the_training_are_labelled_as_ever(trained: Path) -> None:
    model = train.load(trained / "runs/latest")
    plain = replace(model, scale=Rescaling())
    for sample in Dataset.open(trained / "datasets/small").of_split("test"):
        image = Dataset.open(trained / "datasets/small").image(sample)
        assert (model.probabilities(image) == plain.probabilities(image)).all()


def test_the_python_face_labels_at_the_scale_of_the_training(trained: Path) -> None:
    image, mask = striped(99)
    run = trained / "runs/latest"
    assert (train.load(run)(image) == mask).mean() > 0.95
    assert (train.load(run, scale=1)(image) == mask).mean() < 0.9
    assert (train.load(run)(image) == train.load(run, scale=1 / 3)(image)).all()
    scores = train.load(run).probabilities(image)
    assert scores.shape == (2, 360, 480)
    assert (scores.argmax(axis=0) == train.load(run)(image)).all()
    with pytest.raises(SegError, match="scale='large': needs auto, fit, or a factor"):
        train.load(run, scale="large")  # type: ignore[arg-type]


def test_the_network_sees_the_pixels_of_seg_prep_resize(trained: Path) -> None:
    model, image = train.load(trained / "runs/latest"), striped(99)[0]
    small = resize_image(image, 160, 120)
    seen: list[Tensor] = []

    def watched(windows: Tensor) -> Tensor:
        seen.append(windows.clone())
        return model.model(windows)

    replace(model, model=watched)(image)
    ours = torch.cat(seen)
    seen.clear()
    replace(model, model=watched)(small)
    assert (ours == torch.cat(seen)).all()


def test_a_large_tiff_is_labelled_like_a_photo(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prep.photos.rows.tiff_rows.LARGE_MEGAPIXELS", 0.1)
    image, mask = striped(98)
    tifffile.imwrite(trained / "large.tif", image, tile=(64, 64), compression="zlib")
    run = trained / "runs/latest"
    result = run_train(
        "predict", trained / "large.tif", "-o", trained / "large", "--run", run, "--save", "masks,probabilities"
    )
    assert "large.tif and others like it: 480 x 360 px, labelled at 160 x 120" in result.stderr
    found = load(trained / "large/masks/large.tif")
    assert (found == mask).mean() > 0.95
    assert (found == train.load(run)(image)).mean() > 0.999
    assert np.load(trained / "large/probabilities/large.npy").shape == (2, 360, 480)


def test_what_cannot_be_told_is_refused_by_its_name(trained: Path) -> None:
    save(trained / "panorama.png", np.zeros((300, 2000, 3), np.uint8))
    run = trained / "runs/latest"
    result = tried("predict", trained / "panorama.png", "-o", trained / "wide", "--run", run, "--save", "masks")
    assert result.exit_code == 1
    assert "panorama.png: 2,000 x 300 pixels, and the model learned from images of 160 px" in result.stderr
    assert not (trained / "wide/masks").exists()
    for number, choice in enumerate(("fit", "1")):  # as the error says
        target = trained / f"wide{number}"
        run_train("predict", trained / "panorama.png", "-o", target, "--run", run, "--scale", choice, "--save", "masks")
        assert read_mask(target / "masks/panorama.png").shape == (300, 2000)


def test_a_run_of_an_older_version_says_that_its_scale_is_unknown(trained: Path, tmp_path: Path) -> None:
    content = read_checkpoint(trained / "runs/latest/model.pt")
    del content["image_scale"]
    (tmp_path / "old").mkdir()
    write_checkpoint(tmp_path / "old/model.pt", content)
    save(tmp_path / "photo.png", striped(97)[0])
    result = run_train("predict", tmp_path / "photo.png", "-o", tmp_path / "out", "--run", tmp_path / "old")
    assert "photos are labelled as they are" in result.stderr
    assert (read_mask(tmp_path / "out/masks/photo.png") == train.load(tmp_path / "old")(striped(97)[0])).all()
    said = train_error(
        "predict", tmp_path / "photo.png", "-o", tmp_path / "new", "--run", tmp_path / "old", "--scale", "fit"
    )
    assert said.startswith("Error: --scale fit: the model does not say how large the images were")


def test_a_wrong_scale_is_a_usage_error(tmp_path: Path) -> None:
    save(tmp_path / "photo.png", np.zeros((8, 8, 3), np.uint8))
    result = tried("predict", tmp_path / "photo.png", "-o", tmp_path / "out", "--scale", "big")
    assert result.exit_code == 2
    assert "--scale needs auto, fit, or a factor from 0.001 to 8; got 'big'" in result.stderr
