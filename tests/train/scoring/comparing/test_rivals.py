"""Two models are compared on images that none of them has learned, or both."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from prep.dataset.index import read_index, write_index
from synth.dataset import generate
from tests.models import run_train, train_error
from train.runs.runs import find_run

TINY = ("--width", 4, "--depth", 2, "--size", 32, "--crops", 1, "--batch", 2, "--device", "cpu", "--epochs", 1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The datasets a, b and c, and runs/a and runs/c of two of them."""
    folder = tmp_path_factory.mktemp("rivals")
    for seed, name in enumerate("abc"):
        generate(folder / name, n=6, test=3, width=64, height=64, seed=seed, workers=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in "ac":
            run_train(name, *TINY)
            find_run(None, lambda line: None).rename(f"runs/{name}")
    return folder


@pytest.fixture(autouse=True)
def folder(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained)


@pytest.mark.parametrize("split", ["test", "all"])
def test_models_of_other_datasets_are_compared_on_one_that_is_new_to_both(split: str, tmp_path: Path) -> None:
    asked = ("score", "runs/a", "b", "--compare", "runs/c", "--split", split, "--device", "cpu", "-o", tmp_path / "o")
    done = run_train(*asked)
    assert "Compared with c on the same images" in done.stdout
    assert "learned" not in done.output


def test_a_rival_that_learned_the_images_is_refused(tmp_path: Path) -> None:
    shutil.copytree("c", tmp_path / "c2")
    samples = read_index(tmp_path / "c2/index.csv")
    write_index(tmp_path / "c2/index.csv", [replace(sample, split="test") for sample in samples])
    error = train_error("score", "runs/a", tmp_path / "c2", "--compare", "runs/c", "--device", "cpu")
    assert f"{tmp_path / 'c2'}: c has learned images of test here, in " in error


def test_what_one_learned_and_the_other_did_not_compares_nothing() -> None:
    error = train_error("score", "runs/a", "c", "--split", "all", "--compare", "runs/c", "--device", "cpu")
    assert "c: c has learned images of all here, which a has not: the difference of their scores" in error


def test_images_that_were_learned_are_told_where_they_were(tmp_path: Path) -> None:
    told = "images that the model learned are among these"
    for split in ("train", "all"):
        asked = ("--split", split, "--device", "cpu", "-o")
        assert told in run_train("score", "runs/a", *asked, tmp_path / "own").stderr
        assert told not in run_train("score", "runs/a", "b", *asked, tmp_path / "b").stderr
        shutil.copytree("a", tmp_path / f"copy-{split}")
        assert told in run_train("score", "runs/a", tmp_path / f"copy-{split}", *asked, tmp_path / "c").stderr
