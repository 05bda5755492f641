"""What seg-prep annotate finds by entry points: the model of a run, and what trains one beside the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from train.cli.torch_needed import need_torch

if TYPE_CHECKING:
    from train.planning.trainer import RunTrainer
    from train.serve.proposer import RunProposer


def open_proposer(run: Path, note: Callable[[str], None]) -> RunProposer:
    """Open the model of a run, as train.serve.proposer does; SegError without PyTorch, whose import takes seconds."""
    need_torch()
    from train.serve import proposer

    return proposer.open_run(run, note)


def open_trainer() -> RunTrainer:
    """What trains runs; SegError without PyTorch, which is not imported yet."""
    need_torch()
    from train.planning.trainer import RunTrainer

    return RunTrainer()
