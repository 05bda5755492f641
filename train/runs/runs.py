"""Run folders: make one, find one."""

from datetime import datetime
from pathlib import Path

from prep.core.errors import SegError
from prep.core.files import make_folder, part_of
from train.runs.run_files import CONFIG, LAST, MODEL

RUNS = Path("runs")
LATEST = "latest"


def new_run(dataset: Path) -> Path:
    """Make runs/<dataset>-<date>-<time>."""
    name = f"{dataset.resolve().name}-{datetime.now().astimezone():%Y-%m-%d-%H%M%S}"
    make_folder(RUNS)
    run, number = RUNS / name, 1
    while not _made(run):
        number += 1
        run = RUNS / f"{name}-{number}"
    return run


def mark_latest(run: Path) -> None:
    """Let runs/latest point to a run."""
    link = part_of(RUNS / LATEST)
    try:
        link.symlink_to(run.name, target_is_directory=True)
        link.replace(RUNS / LATEST)
    except OSError:  # Windows without developer mode has no links; find_run then takes the newest by name
        link.unlink(missing_ok=True)


def find_run(argument: Path | None, needed: str = MODEL) -> Path:
    """The named run, or the newest one under ./runs, that holds the file `needed`; SegError if there is none."""
    if argument is not None:
        run = argument.parent if argument.name in (MODEL, LAST) else argument
        if not (run / needed).exists():
            raise SegError(f"{run}: not a run with a {needed}; 'seg-train' makes one under {RUNS}/")
        return run
    runs = [path.parent for path in RUNS.glob(f"*/{needed}") if path.parent.name != LATEST]
    if not runs:
        raise SegError(f"no run under ./{RUNS}; train one with 'seg-train', or name one as RUN")
    return max(runs, key=lambda run: ((run / needed).stat().st_mtime, run.name))


def find_interrupted(argument: Path | None) -> Path:
    """The run to go on with: the named one, or the one under ./runs that was last at work.

    Raises SegError if it did not finish its first epoch: an older run is never taken in its place.
    """
    if argument is not None:
        return find_run(argument, LAST)
    at_work = {path.parent.name: path for name in (CONFIG, LAST) for path in RUNS.glob(f"*/{name}")}
    at_work.pop(LATEST, None)
    if not at_work:
        return find_run(None, LAST)
    newest = max(at_work.values(), key=lambda path: (path.stat().st_mtime, path.parent.name))
    if newest.name != LAST:
        raise SegError(
            f"{newest.parent}: was interrupted before its first epoch was over, so there is nothing to go on with; "
            "start it again, or name an older run with --resume RUN"
        )
    return newest.parent


def _made(run: Path) -> bool:
    """Make the folder; False if another training just did."""
    try:
        run.mkdir()
    except FileExistsError:
        return False
    return True
