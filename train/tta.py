"""Test-time averaging: class probabilities that do not depend on how the camera was held."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

Probabilities = Callable[[Tensor], Tensor]
"""(B, S, S, 3) uint8 windows -> (B, C, S, S) float32 class probabilities."""

TTA = Literal["d4"]
TTAS: tuple[TTA, ...] = get_args(TTA)


@dataclass(frozen=True)
class D4:
    """Mean probabilities over the eight symmetries of a square: four quarter turns, each also mirrored.

    Windows are turned, never the whole image: memory stays that of one batch. Takes eight times as long.
    """

    probabilities: Probabilities

    def __call__(self, windows: Tensor) -> Tensor:
        """(B, S, S, 3) uint8 -> (B, C, S, S) float32."""
        total: Tensor | None = None
        for mirrored in (False, True):
            seen = windows.flip(2) if mirrored else windows
            for turns in range(4):
                found = torch.rot90(self.probabilities(torch.rot90(seen, turns, (1, 2)).contiguous()), -turns, (2, 3))
                found = found.flip(3) if mirrored else found
                total = found.clone() if total is None else total.add_(found)
        assert total is not None
        return total.div_(8)


def averaged(probabilities: Probabilities, tta: TTA | None) -> Probabilities:
    """The probabilities themselves, or their mean over the symmetries named."""
    return probabilities if tta is None else D4(probabilities)
