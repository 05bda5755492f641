"""Several runs as one model: which are meant, what results say of them, what is refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import train
from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.images.imageio import read_mask
from tests.models import run_train, train_error, write_run
from tests.support import random_image, save
from train.networks.unet import UNet
from train.runs.checkpoint import model_id
from train.runs.fold_record import FoldRecord, write_fold_record
from train.runs.members import find_members
from train.runs.runs import mark_latest

A, B, C = (Path("runs") / name for name in "abc")


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three runs of other weights, and a photo."""
    monkeypatch.chdir(tmp_path)
    for run in (A, B, C):
        write_run(run)
    mark_latest(C)
    save(Path("photo.png"), random_image(0, 40, 48))


def folds(*names: str) -> Path:
    """A cross-validation of two folds, of which these have a model."""
    parent = Path("runs/cross")
    parent.mkdir()
    write_fold_record(parent, FoldRecord(2, "", ""))
    for name in names:
        write_run(parent / name)
        (parent / name / "counts.npz").touch()
    return parent


def predict(*runs: Path, out: str = "out") -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    options = [word for run in runs for word in ("--run", run)]
    run_train("predict", "photo.png", "-o", out, "--device", "cpu", *options)
    return read_mask(Path(out) / "masks" / "photo.png")


def test_two_equal_runs_label_as_one() -> None:
    shutil.copytree(A, "runs/twin")
    assert np.array_equal(predict(A, Path("runs/twin"), out="two"), predict(A, out="one"))
    image = random_image(0, 40, 48)
    twice, once = train.load([A, "runs/twin"], device="cpu"), train.load(A, device="cpu")
    assert np.array_equal(twice.probabilities(image), once.probabilities(image))


def test_predictions_know_all_their_models() -> None:
    mask = predict(A, B)
    assert json.loads(Path("out/predictions.json").read_text())["model"] == [
        model_id(run / "model.pt") for run in (A, B)
    ]
    assert "holds predictions of another model" in train_error("predict", "photo.png", "-o", "out", "--run", A)
    assert np.array_equal(train.load([A, B], device="cpu")(random_image(0, 40, 48)), mask)
    predict(A, out="single")
    assert json.loads(Path("single/predictions.json").read_text())["model"] == model_id(A / "model.pt")


def test_a_cross_validation_is_the_mean_of_its_folds() -> None:
    parent = folds("fold1", "fold2")
    found = find_members([parent], pytest.fail)
    assert (found.runs, found.home) == ((parent / "fold1", parent / "fold2"), parent)
    mask = predict(parent)
    named = json.loads(Path("out/predictions.json").read_text())["model"]
    assert [name.split()[0] for name in named] == ["cross/fold1", "cross/fold2"]
    assert np.array_equal(mask, predict(parent / "fold1", parent / "fold2", out="both"))
    mark_latest(parent)
    assert np.array_equal(predict(out="latest"), mask)


def test_a_cross_validation_without_all_its_models_is_told() -> None:
    parent = folds("fold1")
    error = train_error("predict", "photo.png", "-o", "out", "--run", parent)
    assert "runs/cross: fold2 is not trained to the end: it is at work, or was interrupted" in error
    assert "goes on with 'seg-train --resume runs/cross'" in error


def test_one_run_of_a_cross_validation_is_exported() -> None:
    parent = folds("fold1", "fold2")
    error = train_error("export", parent, "--to", "torchscript")
    assert (
        "is a cross-validation, which holds a run for each fold; name one of them, for example runs/cross/fold1"
        in error
    )
    run_train("export", parent / "fold1", "--to", "torchscript")


@pytest.mark.parametrize("again", [A, A / "model.pt", Path("./runs/../runs/a")])
def test_a_run_named_twice_is_told(again: Path) -> None:
    assert "is named twice, and would count twice in the mean" in train_error(
        "predict", "photo.png", "-o", "out", "--run", A, "--run", again
    )


def test_runs_of_other_classes_are_refused() -> None:
    classes = ClassMap(("water", "road", "tree"), ((0, 0, 0), (255, 0, 0), (0, 255, 0)))
    write_run(Path("runs/other"), classes=classes, network=UNet(3, 4, 2))
    error = train_error("predict", "photo.png", "-o", "out", "--run", A, "--run", "runs/other")
    assert "a knows the classes background, line, ellipse, and other knows other ones (water, road, tree)" in error
    assert not Path("out").exists()


def test_no_run_at_all_is_told() -> None:
    with pytest.raises(SegError, match=r"run=\[\]: needs a run"):
        train.load([])
