"""What a GPU computes is what a CPU computes. Skipped where there is none; `make gpu` runs these."""

from pathlib import Path

import numpy as np
import pytest
import torch

from prep.core.progress import no_bar
from prep.dataset.dataset import Dataset
from tests.support import random_image
from train.config.config import Config
from train.data.data import training_store
from train.fitting.fit import fit
from train.runs.checkpoint import load_model
from train.runs.device import Hardware, find_accelerator

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch sees no NVIDIA GPU here"),
]
TINY = Config(arch="unet", width=8, depth=2, size=32, epochs=2)


def test_labels_of_a_model_are_those_of_a_cpu(tiny_run: Path) -> None:
    image = random_image(0, 200, 300)
    masks = [load_model(tiny_run / "model.pt", find_accelerator(device, "32"))[0](image) for device in ("cuda", "cpu")]
    assert np.mean(masks[0] != masks[1]) < 0.001


def test_batches_are_those_of_a_cpu(dataset: Dataset) -> None:
    store = training_store(dataset, TINY)
    pairs = [
        next(each.batches(4, torch.Generator().manual_seed(1))) for each in (store, store.to(torch.device("cuda")))
    ]
    (images, masks), (images_there, masks_there) = pairs
    assert images_there.device.type == "cuda"
    assert (images.int() - images_there.cpu().int()).abs().max() <= 1
    assert (masks != masks_there.cpu()).float().mean() < 0.01


def test_a_training_makes_a_model_that_a_cpu_opens(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    run = fit(dataset.root, TINY, Hardware("cuda"), no_bar, said.append)
    assert run is not None
    assert run.scores is not None
    assert any("cuda" in line for line in said)
    image = random_image(1, 80, 64)
    assert load_model(run.folder / "model.pt", find_accelerator("cpu"))[0](image).shape == (80, 64)
