"""The model of a run for seg-prep annotate, which finds this by the entry point group seg_prep.proposers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from train.cli.torch_needed import need_torch

if TYPE_CHECKING:
    from train.serve.proposer import RunProposer


def open_proposer(run: Path, note: Callable[[str], None]) -> RunProposer:
    """Open the model of a run, as train.serve.proposer does; SegError without PyTorch, whose import takes seconds."""
    need_torch()
    from train.serve import proposer

    return proposer.open_run(run, note)
