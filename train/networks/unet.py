"""The plain U-Net, https://arxiv.org/abs/1505.04597, with batch normalisation and padded convolutions."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class UNet(nn.Module):
    """(B, 3, H, W) normalised image -> (B, classes, H, W) logits, for any H and W of at least 2**depth.

    width: channels of the first level; level i has width * 2**i, the lowest as many as the one above it.
    """

    def __init__(self, classes: int, width: int = 16, depth: int = 4) -> None:
        super().__init__()
        channels = [width * 2**level for level in range(depth)]
        lowest = channels[-1]
        self.down = nn.ModuleList(
            [_double_conv(before, after) for before, after in zip([3, *channels], [*channels, lowest], strict=True)]
        )
        self.up = nn.ModuleList()
        before = lowest
        for level in reversed(range(depth)):
            after = channels[max(level - 1, 0)]
            self.up.append(_double_conv(before + channels[level], after))
            before = after
        self.head = nn.Conv2d(width, classes, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        skips: list[Tensor] = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else F.max_pool2d(x, 2))  # (B, width * 2**level, H / 2**level, W / 2**level)
            skips.append(x)
        skips.pop()
        for block in self.up:
            skip = skips.pop()
            x = F.interpolate(x, size=skip.shape[-2:], mode="bilinear", align_corners=False)
            x = block(torch.cat([x, skip], dim=1))
        logits: Tensor = self.head(x)
        return logits


def _double_conv(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
        nn.Conv2d(after, after, 3, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    )
