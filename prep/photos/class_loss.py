"""What classes lose when masks become smaller: thin and small regions fall between the pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prep.core.words import counted

_TOO_LITTLE = 0.5
"""A class that keeps less than this share of the pixels one would expect is told."""


@dataclass(frozen=True)
class ClassLoss:
    """One class before and after resizing, in pixels of all masks.

    expected: pixels if every mask kept its shares.  samples: masks that held the class.
    vanished: of these, how many lost it altogether.  halved: how many more lost over half of what was expected.
    """

    name: str
    before: int
    after: int
    expected: float
    samples: int
    vanished: int
    halved: int

    @property
    def kept(self) -> float:
        """Pixels after resizing by expected pixels; 1 for a class without any."""
        return self.after / self.expected if self.expected else 1.0

    @property
    def is_lost(self) -> bool:
        """Whether someone who trains on it should know."""
        return self.kept < _TOO_LITTLE or self.vanished > 0 or self.halved > 0

    def describe(self) -> str:
        """One line with the numbers."""
        return (
            f"{self.name}: keeps {self.kept:.0%} of the pixels to expect ({self.before:,} -> {self.after:,}); "
            f"of {counted(self.samples, 'sample')} with it, {self.vanished} lose it altogether "
            f"and {self.halved} more than half"
        )


def class_losses(
    names: Sequence[str], before: NDArray[np.int64], after: NDArray[np.int64], shares: NDArray[np.float64]
) -> tuple[ClassLoss, ...]:
    """Compare masks before and after resizing.

    before, after: (samples, 256) pixels by mask value.  shares: (samples,) new by old number of pixels of a mask.
    """
    expected = before * shares[:, None]
    vanished = (before > 0) & (after == 0)
    halved = (after < expected * _TOO_LITTLE) & ~vanished
    return tuple(
        ClassLoss(
            name=name,
            before=int(before[:, index].sum()),
            after=int(after[:, index].sum()),
            expected=float(expected[:, index].sum()),
            samples=int((before[:, index] > 0).sum()),
            vanished=int(vanished[:, index].sum()),
            halved=int(halved[:, index].sum()),
        )
        for index, name in enumerate(names)
    )
