"""Picture of a confusion matrix."""

from pathlib import Path

import numpy as np

from prep.core.classes import ClassMap
from train.runs.figures import new_figure, write_figure
from train.scoring.metrics import Confusion

_MAX_CELLS = 25


def draw_confusion(path: Path, confusion: Confusion, classes: ClassMap) -> None:
    """Draw the confusion matrix as shares of each true class; the row of a class that does not occur stays empty."""
    from matplotlib.colors import PowerNorm

    number = len(classes)
    pixels = confusion.sum(axis=1, keepdims=True)
    shares = np.where(pixels > 0, confusion / np.maximum(pixels, 1), np.nan)
    cells = min(number, _MAX_CELLS)
    figure = new_figure(2.2 + 0.6 * cells, 1.8 + 0.5 * cells)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", norm=PowerNorm(0.5, 0, 1))  # a confusion of a few per cent is visible, too
    axes.set(xlabel="predicted", ylabel="true", xticks=range(number), yticks=range(number))
    axes.set_xticklabels(classes.names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticklabels(classes.names)
    for row, column in np.argwhere(confusion > 0) if number <= _MAX_CELLS else ():  # more would be too small to read
        share = shares[row, column]
        tone = "white" if share > 0.35 else "black"
        axes.text(column, row, f"{share:.1%}", ha="center", va="center", color=tone, fontsize=8)
    write_figure(path, figure)
