"""Test-time averaging: class probabilities that do not depend on how the camera was held."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

TTA = Literal["d4"]
TTAS: tuple[TTA, ...] = get_args(TTA)


@dataclass(frozen=True)
class D4:
    """Mean probabilities over the eight symmetries of a square: four quarter turns, each also mirrored.

    Windows are turned, never the whole image: memory stays that of one batch. Takes eight times as long.
    probabilities: (B, S, S, 3) uint8 windows -> (B, C, S, S) float32.
    """

    probabilities: Callable[[Tensor], Tensor]

    def __call__(self, windows: Tensor) -> Tensor:
        """(B, S, S, 3) uint8 -> (B, C, S, S) float32."""
        total = self._seen(windows, 0, mirrored=False).clone()
        for turns, mirrored in ((1, False), (2, False), (3, False), (0, True), (1, True), (2, True), (3, True)):
            total += self._seen(windows, turns, mirrored=mirrored)
        return total.div_(8)

    def _seen(self, windows: Tensor, turns: int, *, mirrored: bool) -> Tensor:
        """Probabilities of the windows mirrored, then turned; turned and mirrored back."""
        seen = windows.flip(2) if mirrored else windows  # (B, S, S, 3): rows, columns
        found = self.probabilities(torch.rot90(seen, turns, (1, 2)).contiguous())
        found = torch.rot90(found, -turns, (2, 3))  # (B, C, S, S)
        return found.flip(3) if mirrored else found
