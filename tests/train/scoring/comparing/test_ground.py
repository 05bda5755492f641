"""Samples that show ground which a model has learned, whatever their sizes and names are."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from prep.dataset.index import Sample, read_index, write_index
from synth.dataset import generate
from tests.models import run_train, train_error
from train.runs.checkpoint import read_checkpoint, write_checkpoint
from train.runs.runs import find_run

TINY = ("--width", 4, "--depth", 2, "--size", 32, "--crops", 1, "--batch", 2, "--device", "cpu", "--epochs", 1)
SIDE = 64


def placed(root: str, east: float = 0.0, metres: float = 1.0) -> list[Sample]:
    """Put the samples of a dataset side by side on the ground, from west to east, train first, then val and test."""
    samples = sorted(read_index(Path(root, "index.csv")), key=lambda each: ("train", "val", "test").index(each.split))
    pixel = f"{metres} 0.0 0.0 {-metres}"
    return write(root, [
        replace(each, east=500_000 + east + (number + 0.5) * SIDE * metres, north=5e6, crs="EPSG:32632", pixel=pixel)
        for number, each in enumerate(samples)
    ])  # fmt: skip


def write(root: str, samples: list[Sample]) -> list[Sample]:
    write_index(Path(root, "index.csv"), samples)
    return samples


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of places, a run of it, and a dataset of other images."""
    folder = tmp_path_factory.mktemp("ground")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        generate(Path("own"), n=10, test=3, width=SIDE, height=SIDE, workers=1)
        generate(Path("other"), n=10, test=3, width=SIDE, height=SIDE, seed=5, workers=1)
        placed("own")
        run_train("own", *TINY)
    return folder


@pytest.fixture(autouse=True)
def folder(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(trained, tmp_path / "f", symlinks=True)
    monkeypatch.chdir(tmp_path / "f")


def run() -> Path:
    return find_run(None, lambda line: None)


def test_smaller_tiles_of_learned_ground_are_refused() -> None:
    """All of them lie on the ground of the first half of what was learned."""
    samples = placed("other", metres=0.5)
    test = [each.stem for each in samples if each.split == "test"]
    there = read_index(Path("own/index.csv"))
    order = sorted(there, key=lambda each: each.east or 0.0)
    at = order[(len(samples) - len(test)) // 2].stem
    error = train_error("score", run(), "other", "--device", "cpu")
    assert f"{run().name} has learned images of test here, in " in error
    assert f"{test[0]} (ground of {at} there)" in error
    assert f"({len(test)} of {len(test)} images)" in error
    assert "--split all scores it although the ground is known" in error
    assert "has learned images of test here" in train_error("other", "--weights", "latest", *TINY)
    run_train("score", run(), "other", "--device", "cpu", "--split", "all")


def test_ground_that_was_in_test_there_and_ground_beside_what_was_learned_is_new() -> None:
    placed("other")
    assert "learned" not in run_train("score", run(), "other", "--device", "cpu").stderr
    placed("other", east=13 * SIDE)
    assert "learned" not in run_train("score", run(), "other", "--device", "cpu").stderr


def test_a_moved_dataset_whose_own_splits_share_ground_is_the_same() -> None:
    Path("own").rename("moved")
    samples = read_index(Path("moved/index.csv"))
    at = next(each.east for each in samples if each.split == "train")
    write("moved", [replace(each, east=at) if each.split == "test" else each for each in samples])
    assert "learned" not in run_train("score", run(), "moved", "--device", "cpu").stderr


def test_of_a_model_that_does_not_say_its_ground_nobody_knows() -> None:
    model = read_checkpoint(run() / "model.pt")
    del model["lineage"][0]["grounds"]
    write_checkpoint(run() / "model.pt", model)
    placed("other", metres=0.5)
    said = run_train("score", run(), "other", "--device", "cpu").stderr
    assert "is not known; an older version trained it" in said
    assert "older version" in run_train("other", "--weights", "latest", *TINY).stderr
    shutil.copytree("own", "moved")
    for root in ("own", "moved"):
        assert "older version" not in run_train("score", run(), root, "--device", "cpu").stderr


@pytest.mark.parametrize(
    "place", [[1], [64, 64, 1.0, 2.0, "EPSG:32632", "1"], [64, 64, float("nan"), 0.0, "x", "1 0 0 1"]]
)
def test_a_damaged_place_is_told(place: list[object]) -> None:
    model = read_checkpoint(run() / "model.pt")
    model["lineage"][0]["grounds"] = {"a": place}
    write_checkpoint(Path("model.pt"), model)
    assert "its lineage is damaged" in train_error("other", "--weights", "model.pt", *TINY)
