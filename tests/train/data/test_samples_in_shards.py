"""What needs training samples that lie in the shards of a packed dataset says how to bring them here."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from prep.dataset.dataset import Dataset
from prep.dataset.index import read_index, write_index
from synth.dataset import generate
from tests.models import run_train, train_error
from tests.support import run_error, run_ok

TINY = ("--width", 4, "--depth", 2, "--size", 32, "--crops", 1, "--batch", 2, "--device", "cpu", "--epochs", 1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packed dataset, the small one of it, and a run on that."""
    folder = tmp_path_factory.mktemp("shards")
    generate(folder / "own", n=6, test=3, width=64, height=64, workers=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run_ok("stats", "own")
        run_ok("pack", "own", "-o", "packed")
        run_train("packed", *TINY)
    return folder


@pytest.fixture(autouse=True)
def folder(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained)


@pytest.mark.parametrize(
    "asked",
    [
        ("audit", "runs/latest"),
        ("score", "runs/latest", "--split", "train"),
        ("score", "runs/latest", "--split", "all"),
        ("score", "runs/latest", "--protocol", "patches"),
        ("predict", "datasets/packed", "-o", "out"),
        ("datasets/packed", "--folds", "2", "--epochs", "1"),
    ],
)
def test_what_reads_no_shards_says_how_to_unpack_them(asked: tuple[str, ...], trained: Path) -> None:
    error = train_error(*asked, "--device", "cpu")
    assert f"lie in the shards at {trained}/packed, which only a training without --folds reads" in error
    assert f"Type 'seg-prep unpack {trained}/packed -o " in error
    assert "datasets/packed-whole', and " in error
    assert not Path("out").exists()


def test_what_is_here_is_scored_and_audited() -> None:
    for split in ("val", "test"):
        for command in ("score", "audit"):
            run_train(command, "runs/latest", "--split", split, "--device", "cpu")


def test_folds_of_a_packed_dataset_are_refused_before_anything_is_fetched() -> None:
    shutil.copytree("packed", "again")
    error = train_error("again", "--folds", "2", *TINY)
    assert (
        "Type 'seg-prep unpack again -o datasets/again-whole', and 'seg-train datasets/again-whole --folds 2'" in error
    )
    assert not Path("datasets/again").exists()
    run_ok("unpack", "again", "-o", "datasets/again-whole")
    run_train("datasets/again-whole", "--folds", "2", *TINY)


def test_no_lines_of_an_index_are_to_be_deleted_whose_samples_lie_in_shards() -> None:
    said = Dataset.open("datasets/packed").mending
    assert "shards/source.json" in said
    assert "seg-prep unpack" in said
    assert "delete" not in said + run_error("stats", "datasets/packed", "--overwrite")


def test_learned_images_that_lie_in_shards_are_recognised_in_a_smaller_copy() -> None:
    run_ok("resize", "own", "-o", "smaller", "--size", 48)
    samples = read_index(Path("smaller/index.csv"))
    write_index(Path("smaller/index.csv"), [replace(each, split="test") for each in samples if each.split == "train"])
    number = sum(each.split == "train" for each in samples)
    (run,) = Path("runs").glob("packed-*")
    error = train_error("score", run, "smaller", "--device", "cpu", "--scale", "fit")
    assert f"has learned images of test here, in {Path('datasets/packed').resolve()}: " in error
    assert f"({number} of {number} images)" in error
