"""Training in several processes on one machine."""

import copy
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import torch
from torch import distributed, nn

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from synth.dataset import generate
from tests.warm import run_warm
from train.config.config import Config
from train.fitting.history import TrainingState
from train.fitting.loop import Trainer
from train.fitting.normalising.synced_norm import SyncedBatchNorm2d, synced
from train.networks.networks import build_network

TRAIN = ("--width", 4, "--size", 32, "--crops", 4, "--batch", 8, "--epochs", 2, "--device", "cpu", "--precision", "32",
         "--loss", "ce+dice", "--noise", 0.1)  # fmt: skip


def _history(folder: Path, *arguments: object) -> pd.DataFrame:
    done = run_warm(*TRAIN, *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("report.html") == 1  # one process tells the result
    return pd.read_csv(folder / "runs/latest/history.csv").drop(columns="seconds")


def test_two_processes_train_as_one_with_the_same_global_batch(tmp_path: Path) -> None:
    generate(tmp_path / "datasets/synth", n=8, test=1, width=64, height=48, workers=1)
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


def test_a_plan_is_made_by_one_process_while_the_other_waits(tmp_path: Path) -> None:
    """It measured a network in which the other had to take part, and both waited for ever."""
    generate(tmp_path / "datasets/synth", n=8, test=1, width=64, height=48, workers=1)
    done = run_warm("--minutes", 0.2, "--devices", 2, "--device", "cpu", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs/latest/plan.toml").exists()
    assert done.stdout.count("report.html") == 1


def test_one_validation_image_and_idle_layers_keep_no_process_waiting(tmp_path: Path) -> None:
    """The second process has nothing to validate; the encoder has layers that never get a gradient."""
    generate(tmp_path / "datasets/synth", n=8, test=1, width=64, height=48, workers=1)
    done = run_warm(*TRAIN[2:], "--devices", 2, "--encoder", "efficientnet-b0", "--film", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "7 training and 1 validation image\n" in done.stderr
    assert done.stderr.count("\nrunning statistics counted anew, over ") == 1
    assert (tmp_path / "runs/latest/progress.mp4").exists()


def test_a_loss_that_is_no_number_in_another_process_stops_this_one_too(tmp_path: Path) -> None:
    trainer = Trainer.__new__(Trainer)
    trainer.run, trainer.config, trainer.state = tmp_path, Config(), TrainingState()
    trainer.fabric = SimpleNamespace(world_size=2, all_reduce=lambda value, reduce_op: value / 2)  # the other's is 0
    with pytest.raises(SegError, match="the loss became nan"):
        trainer._need_finite([torch.tensor(1.0)])


def test_a_batch_that_cannot_be_shared_is_told(dataset: Dataset, tmp_path: Path) -> None:
    done = run_warm(*TRAIN, "--batch", 7, "--devices", 2, cwd=tmp_path)
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


@pytest.mark.parametrize("encoder", ["resnet18", "tu-tf_efficientnet_lite0"])
def test_synced_normalisation_of_one_process_is_the_usual_one(encoder: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = build_network(Config(encoder=encoder), 3)
    other = synced(copy.deepcopy(network), torch.device("cpu"))
    norms = [type(module) for module in other.modules() if isinstance(module, nn.BatchNorm2d)]
    assert set(norms) == {SyncedBatchNorm2d}
    image = torch.randn(2, 3, 64, 64)
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path / 'store'}", rank=0, world_size=1)
    try:
        for mode in (True, False):
            usual, ours = network.train(mode)(image), other.train(mode)(image)
            torch.testing.assert_close(ours, usual, rtol=1e-3, atol=1e-3)
    finally:
        distributed.destroy_process_group()
