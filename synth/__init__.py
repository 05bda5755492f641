"""Synthetic images of lines and ellipses."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth.dataset import generate
else:
    from seg_prep import lazy

    __getattr__, __dir__ = lazy(__name__, {"synth.dataset": ["generate"]})

__all__ = ["generate"]
