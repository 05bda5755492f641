"""What looks into a training or a model, each in a process of its own: python -m tests.gpu.probes NAME DEVICE ..."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from prep.core.classes import ClassMap
from prep.core.progress import no_bar
from train.config.config import Config
from train.networks.networks import build_network
from train.networks.unet import UNet
from train.runs.device import find_accelerator
from train.windows.image_rows import ArrayRows
from train.windows.predictor import Normalizer, Predictor, TorchModel
from train.windows.window_settings import WindowSettings

_LITTLE_BYTES = 3 << 29
"""What a training may take of the GPU in `out_of_memory`: 1.5 GiB."""

CLASSES = ClassMap(("background", "line", "ellipse"), ((0, 0, 0), (255, 0, 0), (0, 255, 0)))


def out_of_memory(device: str, dataset: str, quick: str = "") -> dict[str, Any]:
    """Train with a batch that is far too large for the memory; what the training says of it."""
    if device == "cuda":
        whole = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(_LITTLE_BYTES / whole)
        config = Config(arch="unet", batch=512, size=128, crops=20, epochs=1)
    else:
        _leave_little_memory(4)
        config = Config(arch="unet", width=8, depth=2, batch=16, size=32, epochs=1)
    said = trained(dataset, config, device)
    pieces = [line for line in said if "goes on in" in line]
    return {"halved": bool(pieces), "said": pieces[-1] if pieces else said[-1]}


def _leave_little_memory(images: int) -> None:
    """A stand-in for a GPU without memory: more images than these do not fit."""
    real = UNet.forward

    def forward(network: UNet, pixels: torch.Tensor) -> torch.Tensor:
        if len(pixels) > images and torch.is_grad_enabled():
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return real(network, pixels)

    UNet.forward = forward  # type: ignore[method-assign]


def windows(device: str, megapixels: str) -> dict[str, Any]:
    """Label an image by windows; seconds, memory of the device, and the share of pixels that a CPU labels otherwise."""
    height = round((int(megapixels) * 1e6 / 1.25) ** 0.5)
    image = np.random.default_rng(0).integers(0, 256, (height, round(1.25 * height), 3), np.uint8)
    torch.manual_seed(0)
    network = build_network(Config(arch="unet"), len(CLASSES)).eval()
    here = _predictor(network, device)
    here(image[:512, :512])  # memory is allocated, algorithms are chosen
    began = time.perf_counter()
    labelled = sum(strip.size for _, strip in here.strips(ArrayRows(image)))
    seconds = time.perf_counter() - began
    assert labelled == image.shape[0] * image.shape[1]
    gib = torch.cuda.max_memory_allocated() / 2**30 if device == "cuda" else 0.0
    crop = image[:512, :512]
    labels = [_predictor(network, place, precise=True)(crop) for place in (device, "cpu")]
    differ = np.mean(labels[0] != labels[1])
    return {"megapixels": int(megapixels), "seconds": seconds, "gib": gib, "differ": float(differ)}


def _predictor(network: torch.nn.Module, device: str, *, precise: bool = False) -> Predictor:
    accelerator = find_accelerator(device, "32" if precise else "auto")
    model = TorchModel(network.to(accelerator.device), Normalizer((0.5,) * 3, (0.3,) * 3), accelerator)
    return Predictor(model, CLASSES, WindowSettings(256, 0.25), accelerator.device)


def resume(device: str, dataset: str) -> dict[str, Any]:
    """Train twice alike, and once with an interruption; the largest difference of a weight to the first."""
    config = Config(arch="unet", width=8, depth=2, size=32, epochs=4)
    weights = []
    for interrupted in (False, False, True):
        trained(dataset, config, device, interrupted=interrupted)
        run = Path("runs/latest").resolve()
        weights.append(torch.load(run / "model.pt", weights_only=True)["weights"])
        time.sleep(1.1)  # a run is named for the second that it began in
    first, again, resumed = weights
    return {
        name: max(float((first[key].double() - other[key].double()).abs().max()) for key in first)
        for name, other in (("again", again), ("resumed", resumed))
    }


def trained(dataset: str, config: Config, device: str, *, interrupted: bool = False) -> list[str]:
    """Train, once stopped in the third epoch and resumed if asked; what was said."""
    from train.fitting.fit import fit
    from train.fitting.fit import resume as go_on
    from train.runs.device import Hardware

    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if interrupted and line.startswith("epoch 3") and not any("resumed after" in each for each in said):
            raise KeyboardInterrupt

    try:
        fit(Path(dataset), config, Hardware(device), no_bar, say)
    except KeyboardInterrupt:
        go_on(Path("runs/latest").resolve(), None, Hardware(device), no_bar, say)
    if interrupted:
        assert any("resumed after epoch 2" in line for line in said), said
    return said


PROBES: dict[str, Callable[..., dict[str, Any]]] = {
    "out_of_memory": out_of_memory,
    "windows": windows,
    "resume": resume,
}

if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    name, *arguments = sys.argv[1:]
    print(json.dumps(PROBES[name](*arguments)))
