"""Training in several processes on one machine."""

from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import nn

from prep.dataset import Dataset
from tests.support import run_script
from train.synced_norm import SyncedBatchNorm2d, synced

TRAIN = ("--width", 4, "--size", 32, "--crops", 4, "--batch", 8, "--epochs", 2, "--device", "cpu", "--precision", "32",
         "--loss", "ce+dice", "--noise", 0.1)  # fmt: skip


def _history(folder: Path, *arguments: object) -> pd.DataFrame:
    done = run_script("seg-train", *TRAIN, *arguments, cwd=folder, env={"OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("report.html") == 1  # one process tells the result
    return pd.read_csv(folder / "runs/latest/history.csv").drop(columns="seconds")


def test_two_processes_train_as_one_with_the_same_global_batch(dataset: Dataset, tmp_path: Path) -> None:
    one, two = _history(tmp_path), _history(tmp_path, "--devices", 2)
    assert len(list((tmp_path / "runs").glob("synth-*"))) == 2
    assert one["epoch"].tolist() == two["epoch"].tolist()
    # Dice is not a mean over pixels: the mean of two halves is near that of the whole, not equal to it.
    assert two["loss"].tolist() == pytest.approx(one["loss"].tolist(), rel=0.02)
    cross_entropy = ("--loss", "ce", "--noise", 0)
    one, two = _history(tmp_path, *cross_entropy), _history(tmp_path, *cross_entropy, "--devices", 2)
    for name in ("loss", "val_loss"):
        assert two[name].dropna().tolist() == pytest.approx(one[name].dropna().tolist(), rel=2e-3), name
    for name in ("train_accuracy", "val_accuracy"):  # pixels on the edge between two classes change sides
        assert two[name].dropna().tolist() == pytest.approx(one[name].dropna().tolist(), abs=0.01), name


def test_a_batch_that_cannot_be_shared_is_told(dataset: Dataset, tmp_path: Path) -> None:
    done = run_script("seg-train", *TRAIN, "--batch", 7, "--devices", 2, cwd=tmp_path)
    assert done.returncode == 1
    assert "--batch 7 with" in done.stderr


def test_replacing_the_normalisation_keeps_weights_and_names() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Sequential(nn.BatchNorm2d(4), nn.ReLU()))
    with torch.no_grad():
        network(torch.randn(2, 3, 5, 5))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    after = synced(network, torch.device("cpu")).state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert isinstance(network[1][0], SyncedBatchNorm2d)  # type: ignore[index]
