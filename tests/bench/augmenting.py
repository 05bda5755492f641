"""Measures what random changes of patches cost beside a training step: python -m tests.bench.augmenting.

Processor seconds of one thread, so that other work on the machine does not count. Batches of 16 patches of 96 px from
images of 512 px; the step is that of the default network in float32.
"""

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from train.config.config import Config
from train.data.albumentation import load_transform
from train.data.data import PixelStore
from train.fitting.losses import build_loss
from train.networks.unet import UNet

BATCH, SIZE, IMAGES, SIDE, CLASSES = 16, 96, 40, 512, 5

PIPELINE = [
    {"__class_fullname__": "HorizontalFlip", "p": 0.5},
    {"__class_fullname__": "Affine", "rotate": [-30, 30], "p": 1.0},
    {"__class_fullname__": "RandomBrightnessContrast", "p": 0.5},
    {"__class_fullname__": "GaussianBlur", "p": 0.5},
]


def main() -> None:
    """Print a line of each augmentation: milliseconds a batch, images a second, share of a step with it."""
    torch.set_num_threads(1)
    step = seconds(_training_step(), 3)
    print(f"training step {step * 1e3:.0f} ms")
    everything = Config(rotate=30, scale=(0.8, 1.25), brightness=0.2, contrast=0.2, blur=1.5, noise=0.05)
    ways = {
        "flips": Config(),
        "quarter turns": Config(quarter_turns=True),
        "rotate 30": Config(rotate=30),
        "rotate 30, scale 0.8..1.25": Config(rotate=30, scale=(0.8, 1.25)),
        "brightness, contrast 0.2": Config(brightness=0.2, contrast=0.2),
        "blur 1.5": Config(blur=1.5),
        "noise 0.05": Config(noise=0.05),
        "all of these": everything,
    }
    store = _store()
    for name, config in ways.items():
        _report(name, replace(store, config=config), step)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "augment.json"
        path.write_text(json.dumps({"transform": {"__class_fullname__": "Compose", "transforms": PIPELINE}}))
        _report("albumentations, 4 transforms", replace(store, transform=load_transform(path)), step)


def seconds(work: Callable[[], object], rounds: int) -> float:
    """The least processor time of some rounds, after one that does not count."""
    work()
    times = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def _report(name: str, store: PixelStore, step: float) -> None:
    generator = torch.Generator().manual_seed(0)
    cost = seconds(lambda: list(store.batches(BATCH, generator)), 3) / store.steps(BATCH)
    print(f"{name:30} {cost * 1e3:6.1f} ms {BATCH / cost:7.0f} images/s {cost / (cost + step):6.1%}")


def _training_step() -> Callable[[], None]:
    network = UNet(CLASSES).to(memory_format=torch.channels_last)
    loss = build_loss("ce")
    images = torch.randn(BATCH, 3, SIZE, SIZE).to(memory_format=torch.channels_last)
    masks = torch.randint(0, CLASSES, (BATCH, SIZE, SIZE)).to(torch.uint8)
    optimizer = torch.optim.AdamW(network.parameters())

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        loss(network(images), masks).backward()
        optimizer.step()

    return step


def _store() -> PixelStore:
    generator = torch.Generator().manual_seed(0)
    area, sides = SIDE * SIDE, torch.full((IMAGES,), SIDE)
    pixels = torch.randint(0, 256, (IMAGES * area, 3), generator=generator).to(torch.uint8)
    labels = torch.randint(0, CLASSES, (IMAGES * area,), generator=generator).to(torch.uint8)
    return PixelStore(pixels, labels, torch.arange(IMAGES) * area, sides, sides, SIZE, 4, True)


if __name__ == "__main__":
    main()
