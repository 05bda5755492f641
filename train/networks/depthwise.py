"""Depthwise convolutions whose gradients a CPU computes slowly, computed another way that gives the same."""

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeGuard

import torch
import torch.nn.functional as F
from torch import Tensor, nn

COLUMNS, PRECISE = "columns", "float32"
"""Ways to compute gradients. COLUMNS: of a kernel wider than three columns, three of them at a time; oneDNN has no fast
code for wider ones. PRECISE: of the input of a strided layer in float32; oneDNN has no fast code for bfloat16 there."""

_FAST_COLUMNS = 3

_WORTH = 0.7
"""A way has to take less than this share of the time of the plain layer."""

_TRIES = 3

_ROUNDING = {torch.float32: 1e-5, torch.bfloat16: 2e-2}
"""Largest difference to the plain layer, as a share of its largest value: sums are rounded in another order."""

_CHANNELS, _BATCH = 64, 4

_Gradients = tuple[Tensor | None, Tensor | None]


def faster_gradients(network: nn.Module, ways: Sequence[str]) -> nn.Module:
    """Compute the gradients of a network's depthwise convolutions in these ways; weights and their names stay.

    What the network says of an image stays the same to the bit.
    """
    for name, child in network.named_children():
        if ways and _is_slow(child):
            setattr(network, name, DepthwiseConv2d(child, ways))
        else:
            faster_gradients(child, ways)
    return network


def ways_of(network: nn.Module) -> tuple[str, ...]:
    """The ways in which a network computes gradients of depthwise convolutions; none where all are plain."""
    return next((layer.ways for layer in network.modules() if isinstance(layer, DepthwiseConv2d)), ())


def choose_ways(network: nn.Module, dtype: torch.dtype) -> tuple[str, ...]:
    """The ways that pay on this CPU, by a measurement of a tenth of a second; none where no layer is slow.

    dtype: in which the network computes.
    """
    if not any(_is_slow(layer) for layer in network.modules()):
        return ()
    trials = {COLUMNS: (5, 1, 32)}  # kernel, stride, side
    if dtype != torch.float32:
        trials[PRECISE] = (3, 2, 64)
    return tuple(way for way, shape in trials.items() if _pays(way, *shape, dtype))


class DepthwiseConv2d(nn.Conv2d):
    """A depthwise convolution with the weights of another, whose gradients are computed in the ways given."""

    def __init__(self, other: nn.Conv2d, ways: Sequence[str]) -> None:
        super().__init__(
            other.in_channels, other.out_channels, _pair(other.kernel_size), _pair(other.stride),
            groups=other.groups, bias=False, device="meta",
        )  # fmt: skip
        self.padding = other.padding
        self.weight, self.bias = other.weight, other.bias
        self.pads_itself = _pads_itself(other)
        self.ways = tuple(ways)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H', W')."""
        if self.pads_itself:
            x = F.pad(x, _same_padding(x, self.kernel_size, self.stride))
        stride, padding = _pair(self.stride), (0, 0) if self.pads_itself else _pair(self.padding)
        if not torch.is_grad_enabled():
            return F.conv2d(x, self.weight, self.bias, stride, padding, 1, self.groups)
        weight = self.weight
        if torch.is_autocast_enabled(x.device.type):
            dtype = torch.get_autocast_dtype(x.device.type)
            x, weight = x.to(dtype), weight.to(dtype)
        result: Tensor = _Depthwise.apply(x, weight, stride, padding, self.ways)
        return result if self.bias is None else result + self.bias.to(result.dtype)[:, None, None]


class _Depthwise(torch.autograd.Function):
    """The convolution itself, and its gradients in the ways given."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        x: Tensor, weight: Tensor, stride: tuple[int, int], padding: tuple[int, int], ways: tuple[str, ...],
    ) -> Tensor:  # fmt: skip
        ctx.save_for_backward(x, weight)
        ctx.how = stride, padding, ways
        return F.conv2d(x, weight, None, stride, padding, 1, len(weight))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(
        ctx: Any,  # noqa: ANN401
        gradient: Tensor,
    ) -> tuple[Tensor | None, Tensor | None, None, None, None]:
        x, weight = ctx.saved_tensors
        stride, padding, ways = ctx.how
        wanted = ctx.needs_input_grad[:2]
        of_input = wanted[0] and PRECISE in ways and max(stride) > 1 and x.dtype != torch.float32
        of_weight = wanted[1] and COLUMNS in ways and weight.shape[3] > _FAST_COLUMNS
        rest = wanted[0] and not of_input, wanted[1] and not of_weight
        x_gradient, weight_gradient = _plain(gradient, x, weight, stride, padding, rest)
        if of_input:
            x_gradient = _precise_input(gradient, x, weight, stride, padding)
        if of_weight:
            weight_gradient = _weight_by_columns(gradient, x, weight, stride, padding)
        return x_gradient, weight_gradient, None, None, None


def _plain(
    gradient: Tensor, x: Tensor, weight: Tensor, stride: tuple[int, int], padding: tuple[int, int],
    wanted: tuple[bool, bool],
) -> _Gradients:  # fmt: skip
    """Gradients of input and weight as torch computes them, those that are wanted."""
    if not any(wanted):
        return None, None
    x_gradient, weight_gradient, _ = torch.ops.aten.convolution_backward(
        gradient, x, weight, None, stride, padding, (1, 1), False, (0, 0), len(weight), (*wanted, False)
    )
    return x_gradient, weight_gradient


def _precise_input(
    gradient: Tensor, x: Tensor, weight: Tensor, stride: tuple[int, int], padding: tuple[int, int]
) -> Tensor:
    like = torch.empty_like(x, dtype=torch.float32)  # only its shape is looked at
    found, _ = _plain(gradient.float(), like, weight.float(), stride, padding, (True, False))
    assert found is not None
    return found.to(x.dtype)


def _weight_by_columns(
    gradient: Tensor, x: Tensor, weight: Tensor, stride: tuple[int, int], padding: tuple[int, int]
) -> Tensor:
    parts, left = [], padding[1]
    for columns in weight.tensor_split(math.ceil(weight.shape[3] / _FAST_COLUMNS), dim=3):
        seen = (gradient.shape[3] - 1) * stride[1] + columns.shape[3]  # columns of the input
        moved = F.pad(x, (left, seen - left - x.shape[3]))
        _, part = _plain(gradient, moved, columns, stride, (padding[0], 0), (False, True))
        assert part is not None
        parts.append(part)
        left -= columns.shape[3]
    return torch.cat(parts, dim=3)


def _is_slow(layer: nn.Module) -> TypeGuard[nn.Conv2d]:
    """Whether torch computes gradients of a layer slowly on CPUs, and this file knows another way."""
    # No other kinds: what they do besides, such as padding of their own, would be lost.
    if not isinstance(layer, nn.Conv2d) or not (type(layer) is nn.Conv2d or _pads_itself(layer)):
        return False
    is_depthwise = 1 < layer.in_channels == layer.groups == layer.out_channels
    is_usual = layer.dilation == (1, 1) and layer.padding_mode == "zeros" and not isinstance(layer.padding, str)
    return is_depthwise and is_usual and (max(layer.stride) > 1 or layer.kernel_size[1] > _FAST_COLUMNS)


def _pads_itself(layer: nn.Conv2d) -> bool:
    """Whether it is timm's layer with TensorFlow's padding, which depends on the image: more behind than before."""
    return type(layer).__name__ == "Conv2dSame" and type(layer).__module__.startswith("timm.")


def _pair(values: Any) -> tuple[int, int]:  # noqa: ANN401
    height, width = values
    return int(height), int(width)


def _same_padding(x: Tensor, kernel: tuple[int, ...], stride: tuple[int, ...]) -> list[int]:
    """Left, right, top, bottom: so much that ceil(side / stride) windows begin."""
    found = []
    for side, length, step in zip(reversed(x.shape[-2:]), reversed(kernel), reversed(stride), strict=True):
        total = max((-(-side // step) - 1) * step + length - side, 0)
        found += [total // 2, total - total // 2]
    return found


def _pays(way: str, kernel: int, stride: int, side: int, dtype: torch.dtype) -> bool:
    """Whether this way gives the gradients of the plain layer, rounding apart, in clearly less time."""
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator).to(dtype).to(memory_format=torch.channels_last)

    x, weight = drawn(_BATCH, _CHANNELS, side, side), drawn(_CHANNELS, 1, kernel, kernel)
    gradient = drawn(_BATCH, _CHANNELS, side // stride, side // stride)
    how = gradient, x, weight, (stride, stride), (kernel // 2, kernel // 2)
    compute = _weight_by_columns if way == COLUMNS else _precise_input
    plain = partial(_plain, wanted=(way == PRECISE, way == COLUMNS))
    found, expected = compute(*how).float(), next(each for each in plain(*how) if each is not None).float()
    if (found - expected).abs().max() > _ROUNDING[dtype] * expected.abs().max():
        return False
    return _least_seconds(compute, how) < _WORTH * _least_seconds(plain, how)


def _least_seconds(compute: Callable[..., object], how: tuple[Any, ...]) -> float:
    found = []
    for _ in range(_TRIES):
        began = time.perf_counter()
        compute(*how)
        found.append(time.perf_counter() - began)
    return min(found)
