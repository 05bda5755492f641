"""What each epoch gave, as history.csv and curves.png."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from prep.classes import ClassMap
from prep.files import write_text
from train.metrics import Scores

HISTORY = "history.csv"


@dataclass(frozen=True)
class Epoch:
    """One row of history.csv; the validation fields are None in an epoch without validation."""

    epoch: int
    step: int
    lr: float
    loss: float
    seconds: float
    val_mean_iou: float | None
    val_accuracy: float | None
    val_iou: list[float]

    @classmethod
    def of(cls, epoch: int, step: int, lr: float, loss: float, seconds: float, scores: Scores | None) -> Self:
        """Build the row of an epoch from its validation scores, if it had any."""
        if scores is None:
            return cls(epoch, step, lr, loss, seconds, None, None, [])
        return cls(epoch, step, lr, loss, seconds, scores.mean_iou, scores.pixel_accuracy, scores.iou.tolist())


def write_history(run: Path, history: list[Epoch], classes: ClassMap) -> None:
    """Write history.csv atomically: one row an epoch, the IoU of each class in a column of its own."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    names = [f"val_iou_{name}" for name in classes.names]
    writer.writerow(["epoch", "step", "lr", "loss", "seconds", "val_mean_iou", "val_accuracy", *names])
    for row in history:
        iou: list[float | str] = [*row.val_iou] or [""] * len(names)
        writer.writerow([row.epoch, row.step, row.lr, row.loss, round(row.seconds, 3),
                         _cell(row.val_mean_iou), _cell(row.val_accuracy), *iou])  # fmt: skip
    write_text(run / HISTORY, text.getvalue())


def _cell(value: float | None) -> float | str:
    return "" if value is None else value
