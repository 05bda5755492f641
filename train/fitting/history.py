"""What each epoch gave: rows of history.csv and of TensorBoard, how far a training is, and what to warn of."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.core.tables import write_columns
from train.config.config import Best
from train.fitting.timing.look import Look
from train.runs.run_files import EVENTS, HISTORY
from train.scoring.absent import absent_note
from train.scoring.metrics import Confusion, scores_of

Log = Callable[[str], None]

_WORSE_FOR = 5
_WORSE_BY = 1.1


@dataclass(frozen=True)
class EpochScores:
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
    train: EpochScores
    val_loss: float | None = None
    val: EpochScores | None = None

    def to_plain(self) -> dict[str, Any]:
        """Plain data, for checkpoints."""
        return {**vars(self), "train": vars(self.train), "val": vars(self.val) if self.val else None}

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Self:
        """Read what to_plain gave."""
        return cls(
            **{
                **data,
                "train": EpochScores(**data["train"]),
                "val": EpochScores(**data["val"]) if data["val"] else None,
            }
        )

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

    def merit(self, best: Best) -> float:
        """What the best model has most of; -inf for a figure that is not defined."""
        if self.val is None or self.val_loss is None:
            return -math.inf
        figure = {"iou": self.val.mean_iou, "dice": self.val.mean_dice, "loss": -self.val_loss}[best]
        return -math.inf if math.isnan(figure) else figure

    def line(self, where: str, known: Self | None, seconds_left: float) -> str:
        """A line of the log.

        where: which epoch of how many it is.  known: the last one that was validated, perhaps this one.
        """
        validated = ""
        if known is not None and known.val is not None:
            age = "" if known is self else f" (of epoch {known.epoch})"
            validated = f"val loss {known.val_loss:.4f} | val mIoU {known.val.mean_iou:.4f}{age} | "
        return (
            f"epoch {where} | loss {self.loss:.4f} | {validated}lr {self.lr:.1e} | {self.seconds:.1f} s | "
            f"eta {seconds_left / 60:.1f} min"
        )


@dataclass
class TrainingState:
    """What changes from epoch to epoch; last.pt holds it together with weights and optimizer.

    opening, overlap, look, recount: with a time budget, the seconds used when training began, how much windows overlap,
    what of the validation images is looked at, and over how many batches running statistics are counted anew; 0 is as
    many as usual.  is_over: no time is left.
    """

    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    validated_epoch: int = 0
    best: float = -math.inf
    best_epoch: int = 0
    pieces: int = 1
    opening: float = 0.0
    overlap: float = 0.0
    look: Look | None = None
    recount: int = 0
    is_over: bool = False
    warned: list[str] = field(default_factory=list)
    history: list[Epoch] = field(default_factory=list)

    def to_plain(self) -> dict[str, Any]:
        """Plain data, for last.pt."""
        look = vars(self.look) if self.look else {}
        return {**vars(self), "look": look, "history": [row.to_plain() for row in self.history]}

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> "TrainingState":
        """Read what to_plain gave."""
        look = Look(**data["look"]) if data.get("look") else None
        return cls(**{**data, "look": look, "history": [Epoch.from_plain(row) for row in data["history"]]})

    @property
    def last_validated(self) -> Epoch | None:
        """The last epoch with validation."""
        return next((row for row in reversed(self.history) if row.val is not None), None)

    @property
    def _validated(self) -> str:
        """Of what the confusion is."""
        return "the validation masks" if self.look is None else self.look.of_masks

    def new_warnings(self, confusion: Confusion, classes: ClassMap) -> list[str]:
        """What looks wrong after a validation, each kind of it once in a training."""
        found = {
            "one class": one_class_only(confusion, classes),
            "overfitting": overfitting(self.history),
            "absent class": absent_note(confusion, classes.names, self._validated),
        }
        new = {kind: text for kind, text in found.items() if text is not None and kind not in self.warned}
        self.warned += new
        return list(new.values())


def one_class_only(confusion: Confusion, classes: ClassMap) -> str | None:
    """A warning if the model gives every validation pixel the same class while there are more in the masks."""
    predicted, present = confusion.sum(axis=0), confusion.sum(axis=1)
    if np.count_nonzero(predicted) != 1 or np.count_nonzero(present) < 2:
        return None
    return (
        f"warning: the model labels every validation pixel as {classes.names[int(predicted.argmax())]}; if that stays "
        "so, try --class-weights, --loss ce+dice or a lower --lr, and look at the masks with 'seg-prep report'"
    )


def overfitting(history: Sequence[Epoch]) -> str | None:
    """A warning if the validation loss has been rising for several validations while the training loss fell."""
    rows = [row for row in history if row.val_loss is not None and not math.isnan(row.val_loss)]
    losses = [row.val_loss for row in rows if row.val_loss is not None]
    if len(losses) <= _WORSE_FOR:
        return None
    best = int(np.argmin(losses))
    if len(losses) - 1 - best < _WORSE_FOR or losses[-1] < _WORSE_BY * losses[best] or rows[-1].loss >= rows[best].loss:
        return None
    return (
        f"warning: since epoch {rows[best].epoch} validation gets worse (loss {losses[best]:.4f} -> {losses[-1]:.4f}) "
        "while training gets better: the model learns the training images by heart. More images, --rotate, --scale, "
        "--brightness, --contrast, --weights imagenet or a lower --patience help"
    )


def write_history(run: Path, history: list[Epoch], classes: ClassMap) -> None:
    """Write history.csv atomically: one row an epoch; what is not known or not defined is empty."""
    rows = [row.cells(classes) for row in history]
    write_columns(run / HISTORY, list(rows[0]) if rows else [], (list(row.values()) for row in rows))


def need_tensorboard() -> None:
    """Raise SegError unless TensorBoard is installed."""
    if find_spec("tensorboard") is None:
        raise SegError("--tensorboard: type pip install 'seg-prep[tensorboard]' first")


def write_events(run: Path, row: Epoch, classes: ClassMap) -> None:
    """Add one epoch to the events in RUN/tensorboard; an epoch that is trained again takes the place of the first."""
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(run / EVENTS), purge_step=row.epoch) as writer:
        for name, value in row.cells(classes).items():
            if isinstance(value, float) and name != "seconds":
                writer.add_scalar(name.replace("_", "/", 1), value, row.epoch)
