"""Run folders: make one, find one."""

import os
from datetime import datetime
from pathlib import Path

from prep.errors import SegError
from prep.files import make_folder
from train.checkpoint import LAST, MODEL

RUNS = Path("runs")
LATEST = "latest"


def new_run(dataset: Path) -> Path:
    """Make runs/<dataset>-<date>-<time> and let runs/latest point to it."""
    name = f"{dataset.resolve().name}-{datetime.now().astimezone():%Y-%m-%d-%H%M%S}"
    run = RUNS / name
    number = 2
    while run.exists():
        run = RUNS / f"{name}-{number}"
        number += 1
    make_folder(run)
    link = RUNS / f".{LATEST}.{os.getpid()}"
    try:
        link.symlink_to(run.name, target_is_directory=True)
        link.replace(RUNS / LATEST)
    except OSError:  # Windows without developer mode has no links; find_run then takes the newest by name
        link.unlink(missing_ok=True)
    return run


def find_run(argument: Path | None) -> Path:
    """The named run, or the newest one under ./runs; SegError if there is none with a model."""
    if argument is not None:
        run = argument.parent if argument.name in (MODEL, LAST) else argument
        if not (run / MODEL).exists() and not (run / LAST).exists():
            raise SegError(f"{run}: not a run (no {MODEL} in it); 'seg-train' makes one under {RUNS}/")
        return run
    link = RUNS / LATEST
    if link.exists():
        return RUNS / link.resolve().name
    runs = [path.parent for path in RUNS.glob(f"*/{LAST}")]
    if not runs:
        raise SegError(f"no run under ./{RUNS}; train one with 'seg-train', or name one as RUN")
    return max(runs, key=lambda run: (run / LAST).stat().st_mtime)
