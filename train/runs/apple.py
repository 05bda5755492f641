"""Whether the GPU of a Mac computes what the CPU computes: its kernels have been wrong in some versions of PyTorch."""

import functools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.networks.lite_unet import LiteUNet
from train.networks.unet import UNet

_CLASSES, _SIDE, _BATCH = 3, 64, 2

_MOST_APART = 0.02
"""Norm of the difference, as a share: float32 sums in another order differ by a thousandth of this."""


@functools.cache
def is_right(device: torch.device) -> bool:
    """Whether one step of our two networks, forwards and backwards, comes out as on the CPU; about a second, once.

    What a device cannot compute at all is not right either.
    """
    try:
        return all(_is_close(step(network, device), step(network, torch.device("cpu"))) for network in _networks())
    except (RuntimeError, NotImplementedError, TypeError):  # a kernel that is missing, or a type that it does not take
        return False


def step(network: nn.Module, device: torch.device) -> list[Tensor]:
    """Logits (B, C, H, W) and the gradient (P,) of a small training step in float32, on the CPU."""
    random = torch.Generator().manual_seed(0)
    images = torch.randn(_BATCH, 3, _SIDE, _SIDE, generator=random).to(device)
    masks = torch.randint(_CLASSES, (_BATCH, _SIDE, _SIDE), generator=random).to(device)
    network = network.to(device).train()
    network.zero_grad()
    logits = network(images)
    torch.autograd.backward(F.cross_entropy(logits, masks))
    gradients = [weights.grad.flatten() for weights in network.parameters() if weights.grad is not None]
    return [logits.detach().cpu(), torch.cat(gradients).cpu()]


def _networks() -> list[nn.Module]:
    """With random weights that are the same each time; the state of torch's random numbers stays as it is."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return [UNet(_CLASSES, 8, 3), LiteUNet(_CLASSES, (64, 32, 32, 16, 16))]


def _is_close(found: list[Tensor], expected: list[Tensor]) -> bool:
    return all(
        bool((one - other).norm() <= _MOST_APART * other.norm()) for one, other in zip(found, expected, strict=True)
    )
