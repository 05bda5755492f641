"""Measures training steps on patches of 96 px in batches of 16, reading included.

Plain way: the classic U-Net of 17.3 million weights (64 to 1024 channels, bilinear upsampling) in float32, fed by a
DataLoader with two processes that reads PNG patches, as in the published shapes project. Ours first as `seg-train`
does it by default (a U-Net of 0.84 million weights), then with as many channels as the classic one, which shows what
the loop alone gives.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from prep.dataset.dataset import Dataset
from prep.dataset.stats import compute_stats
from prep.patching.patches import cut_patches
from synth.dataset import generate
from tests.bench.sidebyside import Comparison, require
from train.config.config import Config
from train.data.data import training_store
from train.fitting.loop import Trainer
from train.runs.device import make_fabric

BATCH = 16
CLASSES = 3
CLASSIC_WEIGHTS_MILLIONS = 17.3


def comparisons(folder: Path) -> Iterator[Comparison]:
    """Steps a second with the default network, and with one as wide as the classic."""
    dataset = generate(folder / "synth", n=40, test=0)
    cut_patches(dataset, size=96, per_image=20)
    png = folder / "png"
    pngs = generate(png, n=10, test=0)
    cut_patches(pngs, size=96, per_image=20, patch_format="png")
    classic = ClassicLoop(png / "patches" / "size96")
    weights = sum(weight.numel() for weight in classic.network.parameters()) / 1e6
    require(abs(weights - CLASSIC_WEIGHTS_MILLIONS) < 0.1, f"the classic network has {weights} M weights")
    for name, width, steps in (("training, default network", 16, 6), ("training, classic width", 64, 2)):
        ours = OurLoop(dataset, folder / f"run-{width}", width)
        yield Comparison(
            job=f"{name}, steps of {BATCH}",
            # Steps differ, so each way reports the seconds of one step.
            ours=lambda ours=ours, steps=steps: ours.seconds_a_step(steps),  # type: ignore[misc]
            plain={"classic U-Net, float32, DataLoader": lambda: classic.seconds_a_step(2)},
            reports="s",
            rounds=5,
        )


class OurLoop:
    """The steps of seg-train's own loop."""

    def __init__(self, dataset: Dataset, run: Path, width: int) -> None:
        run.mkdir()
        config = Config(width=width)
        store = training_store(dataset, config)
        stats = compute_stats(dataset)
        self.trainer = Trainer(run, dataset, store, stats, config, make_fabric("cpu"), lambda line: None)
        self.batches = self._endless()

    def seconds_a_step(self, steps: int) -> float:
        """Seconds of one step, the mean of several."""
        return _seconds(self._step, steps)

    def _endless(self) -> Iterator[tuple[Tensor, Tensor]]:
        generator = torch.Generator().manual_seed(0)
        while True:
            yield from self.trainer.store.batches(BATCH, generator)

    def _step(self) -> None:
        trainer = self.trainer
        images, masks = next(self.batches)
        trainer.stepper([(trainer.normalize(images), masks)])


class ClassicLoop:
    """The loop as published: float32, PNG files, loader processes."""

    def __init__(self, folder: Path) -> None:
        self.network = ClassicUNet()
        self.optimizer = torch.optim.SGD(self.network.parameters(), 0.01, momentum=0.9)
        self.loader = DataLoader(PngPatches(folder), BATCH, shuffle=True, num_workers=2, persistent_workers=True)
        self.batches = self._endless()

    def seconds_a_step(self, steps: int) -> float:
        """Seconds of one step, the mean of several."""
        return _seconds(self._step, steps)

    def _endless(self) -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            yield from self.loader

    def _step(self) -> None:
        images, masks = next(self.batches)
        loss = F.cross_entropy(self.network(images), masks)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


class PngPatches(TorchDataset[tuple[Tensor, Tensor]]):
    """images/p0.png and masks/p0.png and so on."""

    def __init__(self, folder: Path) -> None:
        self.images = sorted((folder / "images").iterdir())

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, item: int) -> tuple[Tensor, Tensor]:
        image = np.asarray(Image.open(self.images[item]), np.float32) / 255
        mask = np.asarray(Image.open(self.images[item].parent.parent / "masks" / self.images[item].name), np.int64)
        return torch.from_numpy(image.transpose(2, 0, 1).copy()), torch.from_numpy(mask.copy())


class ClassicUNet(nn.Module):
    """(B, 3, H, W) -> (B, 3, H, W); 64, 128, 256, 512, 512 channels down, and up again."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            [_convs(3, 64, 64), *(_convs(a, b, b) for a, b in ((64, 128), (128, 256), (256, 512), (512, 512)))]
        )
        self.up = nn.ModuleList([_convs(a, a // 2, b) for a, b in ((1024, 256), (512, 128), (256, 64), (128, 64))])
        self.head = nn.Conv2d(64, CLASSES, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        skips = []
        for level, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if level else x)
            skips.append(x)
        for block, skip in zip(self.up, reversed(skips[:-1]), strict=True):
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
            x = block(torch.cat([skip, x], dim=1))
        logits: Tensor = self.head(x)
        return logits


def _convs(before: int, between: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, between, 3, padding=1, bias=False), nn.BatchNorm2d(between), nn.ReLU(inplace=True),
        nn.Conv2d(between, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True),
    )  # fmt: skip


def _seconds(step: Callable[[], None], steps: int) -> float:
    began = time.perf_counter()
    for _ in range(steps):
        step()
    return (time.perf_counter() - began) / steps
