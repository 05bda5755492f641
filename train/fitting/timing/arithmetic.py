"""How much arithmetic a network takes, and how much the machine does at most."""

import copy
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from prep.core.errors import SegError
from prep.images.imageio import ImageRGB
from train.windows.accelerator import Accelerator
from train.windows.predictor import Predictor
from train.windows.windows import count_windows

PHOTO_PX = 4000, 3000
"""Width and height of a photo of 12 megapixels."""

_MATRIX_PX = {"cpu": 2048, "cuda": 8192}
"""Side of the matrices that are multiplied: large enough for the device to be at its fastest."""

TensorShape = Sequence[int]

_SECONDS, _LEAST_TRIES = 0.5, 3


def step_operations(network: nn.Module, images: Tensor) -> int:
    """Floating-point operations of a forward and a backward pass of (B, 3, H, W), as the network is written.

    Those of convolutions and matrix products, of which a multiplication and an addition are two; whatever way a layer
    is computed in counts as the plain one. Needs a network without layers that compute themselves in another way.
    """
    copied = copy.deepcopy(network).train()  # whose statistics may change
    with FlopCounterMode(display=False, custom_mapping=_GRADIENTS) as counter:
        copied(images).float().sum().backward()
    return int(counter.get_total_flops())


def window_operations(network: nn.Module, window: int, device: torch.device) -> int:
    """The same of the forward pass of one window of `window` x `window` pixels."""
    images = torch.zeros(1, 3, window, window, device=device)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        copy.deepcopy(network).eval()(images)
    return int(counter.get_total_flops())


def matrix_side(device: torch.device) -> int:
    """Side of the matrices that matrix_rate multiplies, in numbers."""
    return _MATRIX_PX.get(device.type, 4096)


def matrix_rate(accelerator: Accelerator) -> float:
    """Operations a second of a large matrix product in the precision of the training; of several, the fastest."""
    device, side = accelerator.device, matrix_side(accelerator.device)
    dtype = torch.bfloat16 if accelerator.bfloat16 else torch.float32
    left, right = (torch.randn(side, side, device=device).to(dtype) for _ in "ab")
    result, spent = torch.empty(side, side, device=device, dtype=dtype), list[float]()
    while len(spent) <= _LEAST_TRIES or sum(spent) < _SECONDS:
        began = now(device)
        torch.mm(left, right, out=result)
        spent.append(now(device) - began)
    return 2 * side**3 / min(spent[1:])  # in the first one memory is allocated and ways are chosen


def _convolution_backward(
    grad_shape: TensorShape, x_shape: TensorShape, weight_shape: TensorShape, bias: object, stride: object,
    padding: object, dilation: object, transposed: bool, output_padding: object, groups: int, wanted: Sequence[bool],
    out_shape: object = None,
) -> int:  # fmt: skip
    """Operations of the gradients of a convolution: of the input, and of the weights, each as many as the forward pass.

    PyTorch's own formula counts those of the weights of grouped layers as many times as there are groups.
    """
    forward = 2 * math.prod(x_shape if transposed else grad_shape) * math.prod(weight_shape[1:])
    return forward * (int(wanted[0]) + int(wanted[1]))


_GRADIENTS = {torch.ops.aten.convolution_backward: _convolution_backward}


@dataclass(frozen=True)
class Labelling:
    """seconds: to label a photo of 12 megapixels, with bringing it to the size at which it is labelled, and back.

    size: that size, width and height.  operations: floating-point ones of the network.
    """

    seconds: float
    size: tuple[int, int]
    operations: int


def measure_labelling(predictor: Predictor, network: nn.Module) -> Labelling:
    """Label a photo of 12 megapixels as `predict` does; of one whose scale cannot be told, as with --scale fit."""
    width, height = PHOTO_PX
    try:
        down, across = predictor.scale.size(height, width)
    except SegError:
        predictor = predictor.at_scale("fit")
        down, across = predictor.scale.size(height, width)
    windows = predictor.windows
    one = window_operations(network, windows.window, predictor.device)
    predictor.model(torch.zeros(1, windows.window, windows.window, 3, dtype=torch.uint8))  # memory is allocated
    image = _photo(height, width)
    began = now(predictor.device)
    predictor(image)
    return Labelling(now(predictor.device) - began, (across, down), one * count_windows(down, across, windows))


def _photo(height: int, width: int) -> ImageRGB:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def now(device: torch.device) -> float:
    """Seconds, after all that the device has to do is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
    return time.perf_counter()
