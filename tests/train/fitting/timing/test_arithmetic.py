"""How much arithmetic a network takes, counted by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from prep.core.classes import ClassMap
from train.fitting.timing import arithmetic
from train.fitting.timing.arithmetic import matrix_rate, measure_labelling, step_operations, window_operations
from train.windows.accelerator import Accelerator
from train.windows.predictor import Normalizer, Predictor, TorchModel
from train.windows.scale import ImageScale, Rescaling
from train.windows.window_settings import WindowSettings

CPU = torch.device("cpu")


def tiny() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2),
        nn.ConvTranspose2d(6, 5, 2, stride=2), nn.Conv2d(5, 2, 1),
    )  # fmt: skip


def test_operations_are_those_that_one_counts_by_hand() -> None:
    """A multiplication and an addition are two; no gradient goes to the image."""
    pixels, halved = 10 * 8, 5 * 4
    first, second = 2 * pixels * 4 * 27, 2 * halved * 6 * 2 * 9
    enlarging, last = 2 * halved * 6 * 5 * 4, 2 * pixels * 2 * 5
    forward = first + second + enlarging + last
    backward = first + 2 * (second + enlarging + last)  # of the weights, and of the input
    network = tiny()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    assert step_operations(network, torch.rand(3, 3, 10, 8)) == 3 * (forward + backward)
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert all(weight.grad is None for weight in network.parameters())
    square = 2 * 64 * 4 * 27 + 2 * 16 * 6 * 2 * 9 + 2 * 16 * 6 * 5 * 4 + 2 * 64 * 2 * 5
    assert window_operations(network, 8, CPU) == square


@pytest.mark.parametrize("bfloat16", [True, False])
def test_the_rate_is_that_of_the_fastest_product(bfloat16: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arithmetic, "_MATRIX_PX", {"cpu": 64})
    marks = iter([0.0, 9.0, 10.0, 10.5, 11.0, 11.25, 12.0, 13.0])  # the first one does not count
    monkeypatch.setattr(arithmetic, "now", lambda device: next(marks))
    seen = []
    multiply = torch.mm
    monkeypatch.setattr(torch, "mm", lambda a, b, out: seen.append((a.dtype, a.shape)) or multiply(a, b, out=out))
    assert matrix_rate(Accelerator(CPU, bfloat16)) == 2 * 64**3 / 0.25
    assert seen == [(torch.bfloat16 if bfloat16 else torch.float32, (64, 64))] * 4


@pytest.mark.parametrize(("long", "size"), [(160, (160, 120)), (None, (400, 300))])
def test_a_photo_is_labelled_at_the_size_of_the_training(
    long: int | None, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows of 64 with an overlap of a half: 4 x 3 of 160 x 120, 12 x 9 of 400 x 300."""
    monkeypatch.setattr(arithmetic, "PHOTO_PX", (400, 300))
    seen = []

    class Counting(nn.Conv2d):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen.append(len(x))
            return super().forward(x)

    network = Counting(3, 2, 1)
    model = TorchModel(network, Normalizer((0.5,) * 3, (0.2,) * 3), Accelerator(CPU, False))
    classes = ClassMap(("background", "line"), ((0, 0, 0), (255, 0, 0)))
    scale = Rescaling(long and ImageScale((long,) * 3, (long * 3 // 4,) * 3, (4 / 3, 4 / 3), photos=(400,) * 3))
    found = measure_labelling(Predictor(model, classes, WindowSettings(64, 0.5), CPU, scale=scale), network)
    assert found.size == size
    windows = int(np.prod([-(-(side - 64) // 32) + 1 for side in size]))
    assert sum(seen) == 1 + 1 + windows  # one to count, one to warm up
    assert found.operations == windows * 2 * 64**2 * 2 * 3
    assert found.seconds > 0
