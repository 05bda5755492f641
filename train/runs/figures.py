"""Figures of matplotlib as PNG files, without a display."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from prep.core.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(width: float, height: float) -> "Figure":
    """An empty figure; sides in inches of 110 pixels."""
    from matplotlib.figure import Figure  # a second of import, only when something is drawn; needs no display

    return Figure(figsize=(width, height), dpi=110, layout="constrained")


def write_figure(path: Path, figure: "Figure") -> None:
    """Write a figure as PNG, whole or not at all."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    write_bytes(path, buffer.getbuffer())
