"""Where a network runs and in which precision."""

import logging

import torch
from lightning_fabric import Fabric

from prep.errors import SegError


def make_fabric(device: str = "auto") -> Fabric:
    """One device: an NVIDIA GPU if there is one, else the CPU; bfloat16 autocast where it is computed in hardware.

    Raises SegError if the device named is not there.
    """
    accelerator = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    if accelerator == "cuda" and not torch.cuda.is_available():
        raise SegError("--device cuda: PyTorch sees no NVIDIA GPU here; use --device cpu, or leave it out")
    if accelerator == "mps" and not torch.backends.mps.is_available():
        raise SegError("--device mps: PyTorch sees no Apple GPU here; use --device cpu, or leave it out")
    precision = "bf16-mixed" if has_bfloat16(accelerator) else "32-true"
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # our own first line tells device and precision
    return Fabric(accelerator=accelerator, devices=1, precision=precision)


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
