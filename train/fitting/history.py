"""What each epoch gave, as rows of history.csv."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from prep.core.classes import ClassMap
from prep.core.tables import write_columns
from train.runs.run_files import HISTORY
from train.scoring.metrics import Confusion, scores_of


@dataclass(frozen=True)
class Part:
    """Scores of the training patches, or of the whole validation images, in one epoch; nan where not defined."""

    mean_iou: float
    mean_dice: float
    accuracy: float
    iou: list[float]
    dice: list[float]

    @classmethod
    def of(cls, confusion: Confusion) -> Self:
        """Compute them from the confusion matrix."""
        scores = scores_of(confusion)
        return cls(
            scores.mean_iou, scores.mean_dice, scores.pixel_accuracy, scores.iou.tolist(), scores.dice.tolist()
        )  # fmt: skip

    def cells(self, prefix: str, classes: ClassMap) -> dict[str, float]:
        """Columns and values."""
        iou = {f"{prefix}_iou_{name}": value for name, value in zip(classes.names, self.iou, strict=True)}
        dice = {f"{prefix}_dice_{name}": value for name, value in zip(classes.names, self.dice, strict=True)}
        means = {"mean_iou": self.mean_iou, "mean_dice": self.mean_dice, "accuracy": self.accuracy}
        return {**{f"{prefix}_{name}": value for name, value in means.items()}, **iou, **dice}


@dataclass(frozen=True)
class Epoch:
    """One row of history.csv; an epoch without validation has neither val_loss nor val."""

    epoch: int
    step: int
    lr: float
    loss: float
    seconds: float
    train: Part
    val_loss: float | None = None
    val: Part | None = None

    def to_plain(self) -> dict[str, Any]:
        """Plain data, for checkpoints."""
        return {**vars(self), "train": vars(self.train), "val": vars(self.val) if self.val else None}

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Self:
        """Read what to_plain gave."""
        return cls(**{**data, "train": Part(**data["train"]), "val": Part(**data["val"]) if data["val"] else None})

    def cells(self, classes: ClassMap) -> dict[str, float | None]:
        """Columns and values of the row."""
        no_values = dict.fromkeys(self.train.cells("val", classes))
        return {
            "epoch": self.epoch,
            "step": self.step,
            "lr": self.lr,
            "loss": self.loss,
            "seconds": round(self.seconds, 3),
            "val_loss": self.val_loss,
            **(self.val.cells("val", classes) if self.val else no_values),
            **self.train.cells("train", classes),
        }


def write_history(run: Path, history: list[Epoch], classes: ClassMap) -> None:
    """Write history.csv atomically: one row an epoch; what is not known or not defined is empty."""
    rows = [row.cells(classes) for row in history]
    write_columns(run / HISTORY, list(rows[0]) if rows else [], (list(row.values()) for row in rows))
