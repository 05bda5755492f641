"""Run folders: make one, find one, and the dataset that it was trained on."""

import shlex
from collections.abc import Callable
from datetime import datetime
from difflib import get_close_matches
from os.path import realpath
from pathlib import Path

from prep.core.errors import SegError
from prep.core.files import explained, make_folder, part_of, remove_parts, write_text
from prep.dataset.dataset import Dataset
from train.config.config import IMAGENET_WEIGHTS, NONE
from train.runs.run_files import CONFIG, LAST, LATEST, MODEL, RUN_FOLDS, RUNS
from train.runs.run_settings import read_settings


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
    """Let runs/latest lead to a run: as a link, or where there are none (Windows) as a file that holds its name."""
    remove_parts(RUNS, deep=False)  # of trainings that were killed here
    link = part_of(RUNS / LATEST)
    try:
        link.symlink_to(run.name, target_is_directory=True)
        link.replace(RUNS / LATEST)
    except FileNotFoundError:  # a training that begins in this moment took it for such a part, and is the latest
        return
    except OSError:
        link.unlink(missing_ok=True)
        write_text(RUNS / LATEST, run.name)


def find_run(
    argument: Path | None, note: Callable[[str], None], needed: str = MODEL, *, or_folds: bool = False
) -> Path:
    """The run that is meant, which holds the file `needed`.

    or_folds: it may be a cross-validation as well, which holds a run for each fold.

    argument: a run, or its model.pt or last.pt; None, or "latest" where nothing has that name, is where runs/latest
    leads to, and `note` is told where that is. No other run is ever taken in its place.
    Raises SegError if there is no such run, or if it lacks the file.
    """
    if argument is None or argument == RUNS / LATEST or (argument == Path(LATEST) and not argument.exists()):
        run = _latest()
        if not _holds(run, needed, or_folds=or_folds):
            raise SegError(
                f"{run}: the latest run has no {needed}: it was interrupted before its first epoch was over, or is not "
                f"there yet; train again with 'seg-train', or name another run{_for_example(needed)}"
            )
        note(f"latest run: {run}")
        return run
    run = argument.parent if argument.name in (MODEL, LAST) else argument
    if run.is_file():
        raise _no_folder(run)
    if not _holds(run, needed, or_folds=or_folds):
        raise SegError(f"{run}: not a run with a {needed}{_meant(run)}; 'seg-train' makes one under {RUNS}/")
    return run


def named_weights(weights: str, say: Callable[[str], None]) -> str:
    """What the weights that a training begins with are by name: the model.pt of a run, also of "latest", which is told.

    Raises SegError as find_run.
    """
    if weights == LATEST or (weights not in (NONE, *IMAGENET_WEIGHTS) and Path(weights).is_dir()):
        return str(find_run(Path(weights), say) / MODEL)
    return weights


def _holds(run: Path, needed: str, *, or_folds: bool) -> bool:
    """Whether a run holds the file; SegError if it is a cross-validation and that will not do."""
    if not (run / RUN_FOLDS).exists() or (run / needed).exists():
        return (run / needed).exists()
    if not or_folds:
        raise SegError(
            f"{run}: is a cross-validation, which holds a run for each fold; name one of them, for example {run}/fold1"
        )
    return True


def own_dataset(run: Path) -> Path | None:
    """Where the dataset was that a run was trained on; None if the run does not say."""
    named = read_settings(run)["dataset_path"] if (run / CONFIG).exists() else None
    return Path(named) if named else None


def dataset_to_resume(run: Path, named: Path | None) -> Path:
    """The dataset that is named, else the one of the run; SegError if that is not there any more."""
    own = Path(read_settings(run)["dataset_path"])
    if named is None and not own.is_dir():
        raise SegError(
            f"{run}: its dataset {own} is not there; if it was moved, type 'seg-train PLACE --resume "
            f"{shlex.quote(str(run))}' with where it is now"
        )
    return named or own


def open_dataset_of(run: Path, dataset: Path | None) -> tuple[Dataset, bool]:
    """Open the dataset named, else the one of the run; also whether it is the run's own.

    Raises SegError if none is named and the run does not say which it was trained on.
    """
    own = own_dataset(run)
    chosen = dataset or own
    if chosen is None:
        raise SegError(f"{run}: does not say which dataset it was trained on in {CONFIG}; name one as DATASET")
    opened = Dataset.open(chosen)
    return opened, own is not None and opened.root.resolve() == own.resolve()


def _latest() -> Path:
    """Where runs/latest leads to; SegError if it is not there, or leads nowhere."""
    link = RUNS / LATEST
    if not link.exists() and not link.is_symlink():
        if example := _for_example(MODEL):
            raise SegError(f"{link}: is not there; name the run that you mean{example}")
        raise SegError(f"no run under ./{RUNS}; train one with 'seg-train', or name one as RUN")
    run = RUNS / link.read_text("utf-8", "replace").strip() if link.is_file() else Path(realpath(link))
    if not run.is_dir():
        raise SegError(
            f"{link}: leads to {run.name}, which is not there; name the run that you mean{_for_example(MODEL)}"
        )
    return RUNS / run.name if run.parent == RUNS.resolve() else run


def _for_example(needed: str) -> str:
    names = sorted(path.parent.name for path in RUNS.glob(f"*/{needed}") if path.parent.name != LATEST)
    return f", for example {RUNS / names[-1]}" if names else ""


def _meant(run: Path) -> str:
    """The run whose name is most like that of one that is not there."""
    names = [LATEST, *(path.parent.name for path in RUNS.glob(f"*/{MODEL}"))]
    near = [] if run.exists() else get_close_matches(run.name, names, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _no_folder(file: Path) -> SegError:
    """A file was named in the place of a run: an exported model, most likely, which may lie in its run."""
    which = f": {file.parent}" if (file.parent / MODEL).exists() else f", which holds a {MODEL}"
    return SegError(
        f"{file}: a file, and no run; name the folder of the run{which}. Of exported models only .onnx files are read, "
        "and only where photos are labelled (predict, serve, annotate, train.load, train.predict)"
    )


def _made(run: Path) -> bool:
    """Make the folder; False if another training just did."""
    with explained(run):
        try:
            run.mkdir()
        except FileExistsError:
            return False
    return True
