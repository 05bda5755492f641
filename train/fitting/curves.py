"""Picture of the learning curves of a run."""

from pathlib import Path

import numpy as np

from prep.core.classes import ClassMap
from train.fitting.history import Epoch
from train.runs.figures import new_figure, write_figure

_MAX_LEGEND = 12


def draw_curves(path: Path, history: list[Epoch], classes: ClassMap) -> None:
    """Draw over the epochs: losses and learning rate, and the IoU of training and validation."""
    figure = new_figure(10, 3.6)
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
    write_figure(path, figure)
