"""Trainings that begin at once, and beside commands that change their dataset; as people start them."""

import errno
import shutil
import subprocess
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from prep.dataset.dataset import Dataset
from prep.dataset.stats import compute_stats, read_stats
from prep.patching.patches import cut_patches
from tests.support import SCRIPTS, run_ok
from train.data.data import open_patches

SMALL = ("--epochs", "1", "--width", "4", "--depth", "1", "--size", "32", "--batch", "4", "--crops", "1")


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(SCRIPTS / "seg-train"), "fit", *arguments],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_two_trainings_at_once_on_a_dataset_without_split_and_statistics(dataset: Dataset, tmp_path: Path) -> None:
    index = dataset.root / "index.csv"
    index.write_text(index.read_text().replace(",train\n", ",\n").replace(",val\n", ",\n").replace(",test\n", ",\n"))
    shutil.copytree(dataset.root, tmp_path / "alone")
    processes = [start(tmp_path, str(dataset.root), *SMALL) for _ in range(2)]
    said = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert len([run for run in (tmp_path / "runs").iterdir() if not run.is_symlink()]) == 2
    run_ok("stats", tmp_path / "alone")
    opened = Dataset.open(dataset.root)
    assert opened.samples == Dataset.open(tmp_path / "alone").samples
    assert read_stats(dataset.root / "stats.json") == compute_stats(opened, workers=1)


def test_a_training_keeps_the_patches_that_it_began_with(dataset: Dataset) -> None:
    cut_patches(dataset, size=32, per_image=3, workers=1)
    folder = dataset.root / "patches" / "size32"
    store = open_patches(folder, "train")
    before = store.pixels.clone(), store.labels.clone()
    store = open_patches(folder, "train")  # not read yet
    cut_patches(dataset, size=32, per_image=3, seed=1, workers=1, overwrite=True)
    assert torch.equal(store.pixels, before[0])
    assert torch.equal(store.labels, before[1])
    assert not torch.equal(open_patches(folder, "train").pixels, before[0])


def test_patches_that_are_replaced_while_they_are_opened_are_opened_anew(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit takes the old folder away before it moves the new files in."""
    cut_patches(dataset, size=32, per_image=3, workers=1)
    folder, asked = dataset.root / "patches" / "size32", list[str]()

    def late(path: Path, mode: Literal["c"]) -> NDArray[np.uint8]:
        asked.append(path.name)
        if len(asked) == 2:
            cut_patches(dataset, size=32, per_image=3, seed=1, workers=1, overwrite=True)
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(path))
        found: NDArray[np.uint8] = open_memmap(path, mode=mode)
        return found

    monkeypatch.setattr("prep.patching.patch_arrays.open_memmap", late)
    store = open_patches(folder, "train")
    assert asked == ["images.npy", "masks.npy"] * 2
    assert np.array_equal(store.pixels.reshape(-1, 32, 32, 3), np.load(folder / "images.npy"))
