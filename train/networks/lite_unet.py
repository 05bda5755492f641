"""The U-Net on EfficientNet-Lite0 out of torch's layers alone, for models that are loaded to label.

The same numbers, bit by bit, as the network of segmentation-models-pytorch and timm that was trained, with the names of
its weights. Those two bring torchvision and PyTorch's compiler along: memory and seconds that labelling never uses.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LITE0 = "tu-tf_efficientnet_lite0"

_STEM, _EPSILON = 32, 1e-3
_STAGES = (
    (1, 1, 16, 1, 3), (2, 6, 24, 2, 3), (2, 6, 40, 2, 5), (3, 6, 80, 2, 3), (3, 6, 112, 1, 5), (4, 6, 192, 2, 5),
    (1, 6, 320, 1, 3),
)  # fmt: skip
"""Blocks, expansion, channels, stride of the first and kernel, as EfficientNet has them (Tan and Le 2019)."""

_SEEN = (0, 1, 2, 4, 6)
"""Stages whose features the decoder takes: the last ones at 1/2, 1/4, 1/8, 1/16 and 1/32 of the image."""


class LiteUNet(nn.Module):
    """(B, 3, H, W) normalised image, sides divisible by 32 -> (B, classes, H, W) logits.

    channels: of the decoder's levels, from the coarsest on.
    """

    def __init__(self, classes: int, channels: Sequence[int]) -> None:
        super().__init__()
        self.encoder = nn.ModuleDict({"model": _Encoder()})
        skipped = [_STAGES[stage][2] for stage in reversed(_SEEN)]
        given = [skipped[0], *channels[:-1]]
        sizes = zip(given, [*skipped[1:], 0], channels, strict=True)
        self.decoder = nn.ModuleDict({"blocks": nn.ModuleList(_Level(low + skip, out) for low, skip, out in sizes)})
        self.segmentation_head = nn.Sequential(nn.Conv2d(channels[-1], classes, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """The logits."""
        *features, x = self.encoder["model"](x)
        for level in self.decoder["blocks"].children():
            x = level(x, features.pop() if features else None)
        logits: Tensor = self.segmentation_head(x)
        return logits


class _Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv_stem, self.bn1 = _convolution(3, _STEM, 3, 2), _norm(_STEM)
        self.blocks, channels = nn.Sequential(), _STEM
        for count, expansion, out, stride, kernel in _STAGES:
            more = [_Block(out, expansion, out, 1, kernel) for _ in range(count - 1)]
            self.blocks.append(nn.Sequential(_Block(channels, expansion, out, stride, kernel), *more))
            channels = out

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features of the stages that are seen, from the finest on."""
        x, features = _active(self.bn1(self.conv_stem(x))), []
        for number, stage in enumerate(self.blocks):
            x = stage(x)
            if number in _SEEN:
                features.append(x)
        return features


class _Block(nn.Module):
    """Each channel by itself between two convolutions of single pixels; the first block of all has only the second."""

    def __init__(self, channels: int, expansion: int, out: int, stride: int, kernel: int) -> None:
        super().__init__()
        inner = channels * expansion
        deep = _convolution(inner, inner, kernel, stride, groups=inner)
        if expansion == 1:
            layers = {"conv_dw": deep, "bn1": _norm(inner), "conv_pw": _convolution(inner, out), "bn2": _norm(out)}
        else:
            layers = {"conv_pw": _convolution(channels, inner), "bn1": _norm(inner), "conv_dw": deep}
            layers |= {"bn2": _norm(inner), "conv_pwl": _convolution(inner, out), "bn3": _norm(out)}
        for name, layer in layers.items():
            self.add_module(name, layer)
        self._adds = stride == 1 and channels == out and expansion > 1

    def forward(self, x: Tensor) -> Tensor:
        """Features of as many channels as the stage has."""
        given, layers = x, list(self.children())
        for convolution, norm in zip(layers[:-2:2], layers[1:-2:2], strict=True):
            x = _active(norm(convolution(x)))
        x = layers[-1](layers[-2](x))
        return x + given if self._adds else x


class _Level(nn.Module):
    """Twice as large, beside the features of the encoder."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = _decoding(channels, out), _decoding(out, out)

    def forward(self, x: Tensor, skip: Tensor | None) -> Tensor:
        """Features of this level."""
        x = F.interpolate(x, size=(2 * x.shape[-2], 2 * x.shape[-1]), mode="nearest")
        if skip is not None:
            x = torch.cat([x, skip], dim=1)
        decoded: Tensor = self.conv2(self.conv1(x))
        return decoded


class _Halving(nn.Conv2d):
    """Stride 2 as TensorFlow pads it, for even sides: one pixel more to the right and below."""

    def forward(self, x: Tensor) -> Tensor:
        """Features of half the size."""
        before, after = (self.kernel_size[0] - 2) // 2, (self.kernel_size[0] - 1) // 2
        x = F.pad(x, (before, after, before, after))
        return F.conv2d(x, self.weight, None, self.stride, 0, self.dilation, self.groups)


def _convolution(channels: int, out: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    if stride == 2:
        return _Halving(channels, out, kernel, stride, groups=groups, bias=False)
    return nn.Conv2d(channels, out, kernel, padding=kernel // 2, groups=groups, bias=False)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=_EPSILON)


def _active(x: Tensor) -> Tensor:
    return F.relu6(x, inplace=True)


def _decoding(channels: int, out: int) -> nn.Sequential:
    convolution = nn.Conv2d(channels, out, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(out), nn.ReLU(inplace=True))
