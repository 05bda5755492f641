"""Pictures of a run: learning curves and the confusion matrix."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from prep.core.classes import ClassMap
from prep.core.files import write_bytes
from train.fitting.history import Epoch
from train.scoring.metrics import Confusion

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CURVES, CONFUSION = "curves.png", "confusion.png"
_MAX_CELLS = 25
_MAX_LEGEND = 12


def draw_curves(path: Path, history: list[Epoch], classes: ClassMap) -> None:
    """Draw over the epochs: losses and learning rate, and the IoU of training and validation."""
    figure = _figure(10, 3.6)
    left, right = figure.subplots(1, 2)
    epochs = [row.epoch for row in history]
    scored = [row for row in history if row.val is not None]
    val_epochs = [row.epoch for row in scored]
    left.plot(epochs, [row.loss for row in history], color="black", marker=".", label="training loss")
    left.plot(val_epochs, [row.val_loss for row in scored], color="tab:blue", marker=".", label="validation loss")
    left.set(xlabel="epoch", ylabel="loss", yscale="log" if min(row.loss for row in history) > 0 else "linear")
    rate = left.twinx()
    rate.plot(epochs, [row.lr for row in history], color="tab:orange", linestyle=":", label="learning rate")
    rate.set_ylabel("learning rate")
    left.legend(handles=[*left.get_lines(), *rate.get_lines()], frameon=False)
    for index, name in enumerate(classes.names):
        color = np.array(classes.colors[index]) / 255
        right.plot(val_epochs, [row.val.iou[index] for row in scored if row.val],
                   color=color, linewidth=1, marker=".", label=name)  # fmt: skip
    right.plot(val_epochs, [row.val.mean_iou for row in scored if row.val],
               color="black", linewidth=2, linestyle="--", label="mean")  # fmt: skip
    right.plot(epochs, [row.train.mean_iou for row in history],
               color="grey", linewidth=1, linestyle=":", label="mean, training patches")  # fmt: skip
    right.set(xlabel="epoch", ylabel="IoU of validation images", ylim=(0, 1))
    if len(classes) <= _MAX_LEGEND:
        right.legend(frameon=False, fontsize=8)
    for axes in (left, right):
        axes.xaxis.get_major_locator().set_params(integer=True)
    _write(path, figure)


def draw_confusion(path: Path, confusion: Confusion, classes: ClassMap) -> None:
    """Draw the confusion matrix as shares of each true class; the row of a class that does not occur stays empty."""
    from matplotlib.colors import PowerNorm

    number = len(classes)
    pixels = confusion.sum(axis=1, keepdims=True)
    shares = np.where(pixels > 0, confusion / np.maximum(pixels, 1), np.nan)
    cells = min(number, _MAX_CELLS)
    figure = _figure(2.2 + 0.6 * cells, 1.8 + 0.5 * cells)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", norm=PowerNorm(0.5, 0, 1))  # a confusion of a few per cent is visible, too
    axes.set(xlabel="predicted", ylabel="true", xticks=range(number), yticks=range(number))
    axes.set_xticklabels(classes.names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticklabels(classes.names)
    for row, column in np.argwhere(confusion > 0) if number <= _MAX_CELLS else ():  # more would be too small to read
        share = shares[row, column]
        tone = "white" if share > 0.35 else "black"
        axes.text(column, row, f"{share:.1%}", ha="center", va="center", color=tone, fontsize=8)
    _write(path, figure)


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure  # a second of import, only when something is drawn; needs no display

    return Figure(figsize=(width, height), dpi=110, layout="constrained")


def _write(path: Path, figure: "Figure") -> None:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    write_bytes(path, buffer.getbuffer())
