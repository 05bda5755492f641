"""Picture of the learning curves of a run."""

from pathlib import Path

import numpy as np

from prep.core.classes import ClassMap
from train.fitting.history import Epoch
from train.runs.figures import new_figure, write_figure

_MAX_LEGEND = 12

_DECADE = 10
"""Losses that differ by less are easier to read on a linear axis: a logarithmic one would have no round number."""


def draw_curves(path: Path, history: list[Epoch], classes: ClassMap) -> None:
    """Draw over the epochs: losses and learning rate, and the IoU of training and validation."""
    figure = new_figure(10, 3.6)
    left, right = figure.subplots(1, 2)
    epochs = [row.epoch for row in history]
    alone = "." if len(epochs) == 1 else None  # a line through one point is not seen
    scored = [row for row in history if row.val is not None]
    val_epochs = [row.epoch for row in scored]
    left.plot(epochs, [row.loss for row in history], color="black", marker=".", label="training loss")
    left.plot(val_epochs, [row.val_loss for row in scored], color="tab:blue", marker=".", label="validation loss")
    losses = [*(row.loss for row in history), *(row.val_loss for row in scored if row.val_loss is not None)]
    is_wide = 0 < _DECADE * min(losses) < max(losses)
    left.set(xlabel="epoch", ylabel="loss", yscale="log" if is_wide else "linear")
    rate = left.twinx()
    rate.plot(epochs, [row.lr for row in history],
              color="tab:orange", linestyle=":", marker=alone, label="learning rate")  # fmt: skip
    rate.set(ylabel="learning rate", ylim=(0, 1.1 * max(row.lr for row in history) or 1))
    left.legend(handles=[*left.get_lines(), *rate.get_lines()], frameon=False)
    for index, name in enumerate(classes.names):
        color = np.array(classes.colors[index]) / 255
        right.plot(val_epochs, [row.val.iou[index] for row in scored if row.val],
                   color=color, linewidth=1, marker=".", label=name)  # fmt: skip
    right.plot(val_epochs, [row.val.mean_iou for row in scored if row.val],
               color="black", linewidth=2, linestyle="--", marker=alone, label="mean")  # fmt: skip
    right.plot(epochs, [row.train.mean_iou for row in history],
               color="grey", linewidth=1, linestyle=":", marker=alone, label="mean, training patches")  # fmt: skip
    right.set(xlabel="epoch", ylabel="IoU of validation images", ylim=(0, 1))
    if len(classes) <= _MAX_LEGEND:
        right.legend(frameon=False, fontsize=8)
    for axes in (left, right):
        axes.set_xlim(min(epochs) - 0.5, max(epochs) + 0.5)
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    write_figure(path, figure)
