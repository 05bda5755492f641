"""Weights that have learned images which a training scores."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from prep.core.errors import SegError
from prep.dataset.index import read_index, write_index
from synth.dataset import generate
from tests.models import run_train, train_error
from train.fitting.loop import Trainer
from train.runs.checkpoint import read_checkpoint, write_checkpoint
from train.runs.runs import find_run

TINY = ("--width", 4, "--depth", 2, "--size", 32, "--crops", 1, "--batch", 2, "--device", "cpu", "--epochs", 1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two datasets, and runs/latest of the first."""
    folder = tmp_path_factory.mktemp("known")
    generate(folder / "own", n=10, test=3, width=64, height=64, workers=1)
    generate(folder / "foreign", n=10, test=3, width=64, height=64, seed=5, workers=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run_train("own", *TINY)
    return folder


@pytest.fixture(autouse=True)
def folder(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(trained, tmp_path / "f", symlinks=True)
    monkeypatch.chdir(tmp_path / "f")


def weights() -> Path:
    """Of the latest run."""
    return find_run(None, lambda line: None) / "model.pt"


def exchange(root: str, one: str, other: str) -> Sequence[str]:
    """Move the first sample of a split to another one, and one of that here; the stem of the first."""
    samples = read_index(Path(root, "index.csv"))
    moved = [next(sample for sample in samples if sample.split == split) for split in (one, other)]
    new = {moved[0].stem: other, moved[1].stem: one}
    write_index(Path(root, "index.csv"), [replace(each, split=new.get(each.stem, each.split)) for each in samples])
    return [each.stem for each in moved]


@pytest.mark.parametrize(
    ("one", "other", "split"), [("train", "test", "test"), ("val", "test", "test"), ("train", "val", "val")]
)
@pytest.mark.parametrize("root", ["own", "copy"])
def test_weights_that_learned_images_of_a_split_that_is_scored_are_refused(
    root: str, one: str, other: str, split: str
) -> None:
    if root == "copy":
        shutil.copytree("own", "copy")
    stem, _ = exchange(root, one, other)
    error = train_error(root, "--weights", weights(), *TINY)
    number = sum(sample.split == split for sample in read_index(Path(root, "index.csv")))
    assert f"has learned images of {split} here, in " in error
    assert f": {stem} (1 of {number} image" in error
    assert f"Leave --weights out, or give these images in {root}/index.csv the splits that they had then" in error
    run_train(root, "--weights", "none", *TINY)


def test_what_the_weights_of_weights_learned_counts() -> None:
    run_train("foreign", "--weights", "latest", *TINY)
    shutil.copytree("own", "copy")
    exchange("copy", "train", "test")
    assert "has learned images of test here" in train_error("copy", "--weights", "latest", *TINY)
    error = train_error("score", weights().parent, "copy", "--device", "cpu")
    assert f"a model that {weights().parent.name} began with (--weights) has learned images of test here" in error
    error = train_error("own", "--weights", "latest", "--folds", 2, *TINY)
    assert "(10 of 13 images). Leave --weights out" in error


def test_folds_begin_with_no_weights_that_learned_any_of_them() -> None:
    error = train_error("own", "--weights", "latest", "--folds", 2, *TINY)
    assert "--folds 2 scores each image with a model that has not learned it, and --weights runs/own-" in error
    assert len(list(Path("runs").glob("own-*"))) == 1
    run_train("foreign", "--weights", "latest", "--folds", 2, *TINY)


def test_weights_of_the_same_split_and_of_other_images_go_without_a_word() -> None:
    for root in ("own", "foreign"):
        said = run_train(root, "--weights", "latest", *TINY).stderr
        assert "begin as in" in said
        assert "learned" not in said


@pytest.mark.parametrize("more", [(), ("--folds", 2)])
def test_a_run_stands_for_its_model(more: tuple[object, ...]) -> None:
    run = weights().parent
    assert f"begin as in {run}/model.pt" in run_train("foreign", "--weights", run, *more, *TINY).stderr
    Path("empty").mkdir()
    assert "empty: not a run with a model.pt" in train_error("foreign", "--weights", "empty", *more, *TINY)


def test_a_training_that_goes_on_keeps_what_its_weights_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_need_finite", lambda self, losses: _fail() if self.state.epoch else None)
        train_error("foreign", "--weights", "latest", *TINY[:-1], 2)
    (run,) = Path("runs").glob("foreign-*")
    before = read_checkpoint(run / "last.pt")["lineage"]
    assert [Path(each["dataset"]).name for each in before] == ["own", "foreign"]
    run_train("--resume", run)
    assert read_checkpoint(run / "last.pt")["state"]["epoch"] == 2
    assert read_checkpoint(run / "last.pt")["lineage"] == before == read_checkpoint(run / "model.pt")["lineage"]


def _fail() -> None:
    raise SegError("stopped")


def test_weights_that_do_not_say_what_they_learned_are_told() -> None:
    model = read_checkpoint(weights())
    del model["lineage"]
    write_checkpoint(Path("model.pt"), model)
    said = run_train("own", "--weights", "model.pt", *TINY).stderr
    assert "--weights model.pt: does not say which images it has learned" in said
    write_checkpoint(Path("model.pt"), {**model, "lineage": [1]})
    assert "model.pt: its lineage is damaged" in train_error("own", "--weights", "model.pt", *TINY)
