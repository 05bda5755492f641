"""What the page asks of whoever trains networks, found by an entry point: nothing here imports them."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from prep.annotate.model.proposer import Proposer
from prep.core.errors import SegError

TRAINERS = "seg_prep.trainers"
"""Group of entry points: functions () -> Trainer, which raise SegError where packages are missing."""


@dataclass(frozen=True)
class TrainingProgress:
    """How far a training is.

    share: of its time, 0..1.  epoch: the last finished one, 0 before the first.  val_mean_iou: after it, 0..1; None
    while it is not known.
    """

    share: float = 0.0
    seconds_left: float | None = None
    epoch: int = 0
    val_mean_iou: float | None = None


class BackgroundTrainer(Protocol):
    """Trains a network on a dataset that is split, and opens what came of it."""

    def train(
        self, dataset: Path, minutes: float, before: Path | None, report: Callable[[TrainingProgress], None]
    ) -> Path:
        """Train for so many minutes and return the run, which lies below the working folder.

        before: a run with the same classes to begin with; None = anew.
        A training that was killed there goes on. SegError if it cannot be done.
        """
        ...

    def open_network(self, run: Path) -> Proposer:
        """What proposes masks by such a run, for photos of any size; SegError if it cannot be read."""
        ...


def open_trainer() -> BackgroundTrainer:
    """The entry point "run" of the group seg_prep.trainers; SegError if there is none, or if packages are missing."""
    for entry in entry_points(group=TRAINERS, name="run"):
        opened: BackgroundTrainer = entry.load()()
        return opened
    raise SegError(
        "--train-network needs seg-train, which this installation does not name; type: pip install 'seg-prep[train]' "
        "(in a checkout, once again: pip install -e '.[train]')"
    )
