"""Where `auto` computes: on the GPU of a Mac only if it computes what the CPU does."""

import pytest
import torch
from torch import Tensor, nn

from train.runs import apple
from train.runs.device import find_accelerator

CPU, MAC = torch.device("cpu"), torch.device("mps", 0)


@pytest.fixture(autouse=True)
def mac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: True)
    apple.is_right.cache_clear()


def on_the_mac(monkeypatch: pytest.MonkeyPatch, logits_off: float, gradient_off: float) -> None:
    """Steps on the GPU come out as on the CPU, but for such a share of noise."""
    plain = apple.step

    def step(network: nn.Module, device: torch.device) -> list[Tensor]:
        logits, gradient = plain(network, CPU)
        if device == CPU:
            return [logits, gradient]
        random = torch.Generator().manual_seed(1)
        return [
            values + off * values.norm() * torch.randn(values.shape, generator=random) / values.numel() ** 0.5
            for values, off in ((logits, logits_off), (gradient, gradient_off))
        ]

    monkeypatch.setattr(apple, "step", step)


@pytest.mark.parametrize(
    ("logits_off", "gradient_off", "place"),
    [(0, 0, MAC), (1e-4, 1e-3, MAC), (0.1, 0, CPU), (0, 0.1, CPU), (float("nan"), 0, CPU), (0, float("nan"), CPU)],
)
def test_auto_takes_the_gpu_of_a_mac_that_computes_rightly(
    monkeypatch: pytest.MonkeyPatch, logits_off: float, gradient_off: float, place: torch.device
) -> None:
    on_the_mac(monkeypatch, logits_off, gradient_off)
    assert find_accelerator("auto", "32").device == place
    assert find_accelerator("mps", "32").device == MAC  # who names it gets it


def test_a_gpu_that_lacks_a_kernel_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def step(network: nn.Module, device: torch.device) -> list[Tensor]:
        raise NotImplementedError("The operator 'aten::upsample_bicubic2d' is not implemented for the MPS device")

    monkeypatch.setattr(apple, "step", step)
    assert find_accelerator("auto", "32").device == CPU


def test_the_check_is_of_whole_steps_and_leaves_random_numbers_alone() -> None:
    before = torch.random.get_rng_state()
    assert apple.is_right(CPU)
    assert torch.equal(torch.random.get_rng_state(), before)
    for network in apple._networks():
        logits, gradient = apple.step(network, CPU)
        assert logits.shape == (2, 3, 64, 64)
        assert gradient.numel() == sum(weights.numel() for weights in network.parameters())
        assert gradient.norm() > 0.1
