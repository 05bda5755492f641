"""A U-Net whose decoder looks far: parallel atrous convolutions in each of its blocks."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS = (1024, 512, 256, 64)
"""Channels of the decoder's blocks, from the lowest resolution up."""

RATES = ((1, 1), (3, 6), (3, 12), (3, 18))
"""Kernel size and dilation of the parallel convolutions, https://arxiv.org/abs/1706.05587."""


class AtrousUNet(nn.Module):
    """(B, 3, H, W) normalised image -> (B, classes, H, W) logits, for sides divisible by 32.

    encoder: name in segmentation-models-pytorch, with features at 1/2, 1/4, 1/8, 1/16 and 1/32 of the resolution.
    Raises ValueError for encoders without all of them.
    """

    def __init__(self, encoder: str, classes: int, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        from segmentation_models_pytorch.encoders import get_encoder

        self.encoder = get_encoder(encoder, in_channels=3, depth=5, weights=None)
        channels = self.encoder.out_channels  # of 1/1, 1/2, ... 1/32; some encoders have none at 1/1 and 1/2
        if len(channels) != 6 or 0 in channels[1:]:
            raise ValueError("the encoder needs features at 1/2 to 1/32 of the resolution")
        before, blocks = channels[-1], []
        for skip, after in zip(reversed(channels[1:-1]), widths, strict=True):
            blocks.append(AtrousBlock(before + skip, after))
            before = after
        self.decoder = nn.ModuleList(blocks)
        self.head = nn.Conv2d(before, classes, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        *skips, features = self.encoder(x)[1:]
        for block in self.decoder:
            skip = skips.pop()
            features = F.interpolate(features, size=skip.shape[-2:], mode="bilinear", align_corners=False)
            features = block(torch.cat([features, skip], dim=1))
        logits: Tensor = self.head(features)
        return F.interpolate(logits, size=x.shape[-2:], mode="bilinear", align_corners=False)


class AtrousBlock(nn.Module):
    """(B, before, H, W) -> (B, after, H, W): a quarter of the channels from each of RATES, then mixed."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [
                nn.Sequential(
                    nn.Conv2d(before, after // 4, kernel, padding=rate * (kernel // 2), dilation=rate, bias=False),
                    nn.BatchNorm2d(after // 4),
                    nn.ReLU(inplace=True),
                )
                for kernel, rate in RATES
            ]
        )
        self.mix = nn.Sequential(nn.Conv2d(after, after, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True))

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same size."""
        mixed: Tensor = self.mix(torch.cat([branch(x) for branch in self.branches], dim=1))
        return mixed
