"""Where a network runs, in which precision, and in how many processes."""

import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from prep.core.errors import SegError
from train.config.config import Precision
from train.runs.apple import is_right
from train.windows.accelerator import Accelerator

if TYPE_CHECKING:
    from lightning_fabric import Fabric


@dataclass(frozen=True)
class Hardware:
    """Where a training runs: the device, and how many processes on how many machines; see make_fabric."""

    device: str = "auto"
    devices: int = 1
    nodes: int = 1

    def typed(self, *, folds: bool = False) -> str:
        """Its options, each after a space; folds: of a cross-validation, which is one process."""
        given = {"device": self.device, "devices": self.devices, "nodes": self.nodes}
        chosen = {name: value for name, value in given.items() if value not in ("auto", 1)}
        return "".join(f" --{name} {value}" for name, value in chosen.items() if name == "device" or not folds)


def find_accelerator(device: str = "auto", precision: Precision = "auto") -> Accelerator:
    """An NVIDIA GPU if there is one, else a Mac's if it computes rightly, else the CPU.

    In bfloat16 where that is computed in hardware. Raises SegError if the device named is not there.
    """
    name = _device_name(device)
    place = torch.device(name) if name == "cpu" else torch.device(name, 0)
    return Accelerator(place, _precision(name, precision) == "bf16")


def make_fabric(device: str = "auto", devices: int = 1, nodes: int = 1, precision: Precision = "auto") -> "Fabric":
    """The same for a training, in one process or in several.

    devices: processes on this machine, each with a GPU of its own where there are GPUs.  nodes: machines.
    Under torchrun both are as torchrun says. Raises SegError if the devices named are not there.
    """
    from lightning_fabric import Fabric  # 160 MB and seconds that only a training needs

    name = _device_name(device)
    if under_torchrun():
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        nodes = int(os.environ["WORLD_SIZE"]) // devices
    if name == "cuda" and devices > torch.cuda.device_count():
        raise SegError(f"--devices {devices}: PyTorch sees {torch.cuda.device_count()} NVIDIA GPUs here")
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # our own first line tells device and precision
    return Fabric(
        accelerator=name,
        devices=devices,
        num_nodes=nodes,
        strategy="ddp" if devices * nodes > 1 else "auto",
        precision="bf16-mixed" if _precision(name, precision) == "bf16" else "32-true",
    )


def without_others(fabric: "Fabric") -> "Fabric":
    """Device and precision of one process of a training, for what it does alone: of others it would wait for them."""
    from lightning_fabric import Fabric
    from lightning_fabric.strategies import SingleDeviceStrategy

    return Fabric(strategy=SingleDeviceStrategy(fabric.device), precision=fabric._precision.precision)


def accelerator_of(fabric: "Fabric") -> Accelerator:
    """Where one process of a training computes."""
    return Accelerator(fabric.device, fabric._precision.precision == "bf16-mixed")


def under_torchrun() -> bool:
    """Whether torchrun began this process, and others with it."""
    return torch.distributed.is_available() and torch.distributed.is_torchelastic_launched()


def _device_name(device: str) -> str:
    """cpu, cuda or mps; SegError if it is not there."""
    name = _best() if device == "auto" else device
    if name == "cuda" and not torch.cuda.is_available():
        raise SegError("--device cuda: PyTorch sees no NVIDIA GPU here; use --device cpu, or leave it out")
    if name == "mps" and not torch.backends.mps.is_available():
        raise SegError("--device mps: PyTorch sees no Apple GPU here; use --device cpu, or leave it out")
    return name


def _best() -> str:
    """The GPU that there is, one of a Mac only where it computes what the CPU computes."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() and is_right(torch.device("mps", 0)) else "cpu"


def _precision(device: str, precision: Precision) -> Precision:
    """bf16 or 32."""
    if precision != "auto":
        return precision
    return "bf16" if has_bfloat16(device) else "32"


def has_bfloat16(accelerator: str) -> bool:
    """Whether the device multiplies bfloat16 in hardware (on CPUs: AMX or AVX512-BF16), so that autocast pays."""
    if accelerator == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if accelerator != "cpu":
        return False
    if hasattr(torch.cpu, "get_capabilities"):  # public since torch 2.12
        found = torch.cpu.get_capabilities()
        return bool(found.get("amx_bf16") or found.get("avx512_bf16"))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
