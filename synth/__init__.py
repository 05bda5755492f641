"""Synthetic images of lines and ellipses."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth.face import generate
else:
    from seg_prep import lazy

    __getattr__, __dir__ = lazy(__name__, {"synth.face": ["generate"]})

__all__ = ["generate"]
