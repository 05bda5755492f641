"""Masks as lines of digits."""

from pathlib import Path

from tests.support import masks_of


def rows(root: Path, stem: str = "a") -> list[str]:
    """The mask as digits, ignored pixels as a point."""
    return ["".join("." if value == 255 else str(value) for value in row) for row in masks_of(root)[stem].tolist()]
