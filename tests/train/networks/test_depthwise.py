"""Gradients of depthwise convolutions, computed in other ways."""

import copy
import json
from pathlib import Path

import pytest
import torch
from timm.layers import Conv2dSame  # type: ignore[attr-defined]
from torch import Tensor, nn

from train.config.config import Config
from train.fitting.initial import LITE, initial_network
from train.networks import depthwise
from train.networks.depthwise import COLUMNS, PRECISE, DepthwiseConv2d, choose_ways, faster_gradients, ways_of
from train.networks.networks import build_network
from train.runs.device import make_fabric

BOTH = (COLUMNS, PRECISE)


def _layer(kernel: int, stride: int, *, same: bool = False, bias: bool = False) -> nn.Conv2d:
    kind = Conv2dSame if same else nn.Conv2d
    torch.manual_seed(kernel + stride)
    layer: nn.Conv2d = kind(6, 6, kernel, stride, 0 if same else kernel // 2, groups=6, bias=bias)
    return layer


def _gradients(layer: nn.Module, image: Tensor, *, autocast: bool = False) -> list[Tensor]:
    """The output, and the gradients of input and weights for one gradient of the output."""
    image = image.clone().requires_grad_()
    layer.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        found = layer(image)
    generator = torch.Generator().manual_seed(1)
    found.backward(torch.randn(found.shape, generator=generator).to(found.dtype))
    gradients = [image.grad, *(weight.grad for weight in layer.parameters())]
    assert all(each is not None for each in gradients)
    return [found.detach(), *(each for each in gradients if each is not None)]


@pytest.mark.parametrize(("height", "width"), [(32, 32), (17, 24), (9, 7)])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [3, 4, 5, 7])
@pytest.mark.parametrize("form", ["usual", "same", "bias"])
def test_gradients_are_those_of_the_plain_layer(kernel: int, stride: int, form: str, height: int, width: int) -> None:
    plain = _layer(kernel, stride, same=form == "same", bias=form == "bias")
    other = DepthwiseConv2d(copy.deepcopy(plain), BOTH)
    image = torch.randn(2, 6, height, width).to(memory_format=torch.channels_last)
    assert list(other.state_dict()) == list(plain.state_dict())
    expected, found = _gradients(plain, image), _gradients(other, image)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5 * float(theirs.abs().max()))
    rounded, exact = _gradients(other, image, autocast=True), _gradients(plain.double(), image.double())
    for ours, truth in zip(rounded, exact, strict=True):  # nearer to the truth than bfloat16's eight bits make it
        torch.testing.assert_close(ours.double(), truth, rtol=0, atol=0.03 * float(truth.abs().max()))


class _PadsItsOwnWay(nn.Conv2d):
    """Such as the one of EfficientNet in segmentation-models-pytorch."""


def test_only_the_layers_that_are_slow_are_replaced() -> None:
    layers = [
        _layer(3, 1), nn.Conv2d(6, 6, 5, groups=6, dilation=2), nn.Conv2d(6, 12, 5, groups=6), nn.Conv2d(6, 6, 5),
        nn.Conv2d(6, 6, 5, groups=6, padding="same"), nn.Conv2d(6, 6, 5, groups=6, padding_mode="reflect"),
        _PadsItsOwnWay(6, 6, 5, 2, groups=6), nn.Conv2d(1, 1, 5), _layer(5, 1), _layer(3, 2), _layer(5, 2, same=True),
    ]  # fmt: skip
    network = faster_gradients(nn.Sequential(*layers), [COLUMNS])
    assert [type(layer) is DepthwiseConv2d for layer in network.children()] == [False] * 8 + [True] * 3
    assert all(ours.weight is theirs.weight for ours, theirs in zip(network.children(), layers, strict=True))
    assert ways_of(network) == (COLUMNS,)
    assert ways_of(faster_gradients(nn.Sequential(_layer(5, 1)), [])) == ()


def test_a_whole_network_says_the_same_and_learns_the_same() -> None:
    torch.manual_seed(0)
    plain = build_network(Config(encoder=LITE), 3).to(memory_format=torch.channels_last)
    for layer in plain.modules():
        if hasattr(layer, "drop_prob"):
            layer.drop_prob = 0.0  # else each draws other numbers
    other = faster_gradients(copy.deepcopy(plain), BOTH)
    assert sum(isinstance(layer, DepthwiseConv2d) for layer in other.modules()) == 11
    assert list(other.state_dict()) == list(plain.state_dict())
    image = torch.randn(2, 64, 64, 3).permute(0, 3, 1, 2)
    expected, found = _gradients(plain, image), _gradients(other, image)
    assert torch.equal(found[0], expected[0])
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours - theirs).norm() <= 1e-3 * theirs.norm() + 1e-6
    plain.load_state_dict(other.state_dict())
    with torch.inference_mode():
        assert torch.equal(other.eval()(image), plain.eval()(image))


def _set_seconds(monkeypatch: pytest.MonkeyPatch, columns: float, precise: float) -> None:
    """The clock of the measurement: what both ways take where the plain layer takes a second."""
    found = {depthwise._weight_by_columns: columns, depthwise._precise_input: precise}
    monkeypatch.setattr(depthwise, "_least_seconds", lambda compute, how: found.get(compute, 1.0))


def test_ways_are_chosen_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    network = nn.Sequential(_layer(5, 1))
    for columns, precise, wanted in ((0.5, 0.5, BOTH), (0.5, 0.8, (COLUMNS,)), (0.8, 0.5, (PRECISE,)), (2, 2, ())):
        _set_seconds(monkeypatch, columns, precise)
        assert choose_ways(network, torch.bfloat16) == wanted
        assert choose_ways(network, torch.float32) == tuple(way for way in wanted if way == COLUMNS)


def test_a_way_that_computes_something_else_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    network, real = nn.Sequential(_layer(5, 1)), depthwise._weight_by_columns
    monkeypatch.setattr(depthwise, "_weight_by_columns", lambda *how: real(*how) * 1.1)
    _set_seconds(monkeypatch, 0.1, 0.1)
    assert choose_ways(network, torch.bfloat16) == (PRECISE,)


def test_where_no_layer_is_slow_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(depthwise, "_pays")
    assert choose_ways(nn.Sequential(_layer(3, 1), nn.Conv2d(3, 6, 5)), torch.bfloat16) == ()


def test_a_run_that_goes_on_computes_as_it_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fabric, config = make_fabric("cpu"), Config(encoder=LITE)
    monkeypatch.setattr("train.fitting.initial.choose_ways", lambda *_: (PRECISE,))
    network, _ = initial_network(config, "abc", fabric, lambda line: None, None)
    assert ways_of(network) == (PRECISE,)
    for recorded, wanted in (({"gradient_ways": [COLUMNS]}, (COLUMNS,)), ({}, ())):
        (tmp_path / "config.json").write_text(json.dumps({"dataset_path": "x", **recorded}))
        network, _ = initial_network(config, "abc", fabric, lambda line: None, tmp_path)
        assert ways_of(network) == wanted
    network, _ = initial_network(Config(encoder=LITE, compile=True), "abc", fabric, lambda line: None, None)
    assert ways_of(network) == ()
