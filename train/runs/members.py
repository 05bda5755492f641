"""The runs that a model is made of: one, the folds of a cross-validation, or several, by the mean of their models."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from prep.core.errors import SegError
from prep.core.words import list_some, verb
from train.runs.checkpoint import ModelCard, load_model
from train.runs.fold_record import fold_runs, is_cross_validation, read_fold_table, run_name
from train.runs.run_files import FOLD_COUNTS, MODEL
from train.runs.runs import find_run
from train.windows.accelerator import Accelerator
from train.windows.mean_model import Member, mean_predictor
from train.windows.predictor import Predictor
from train.windows.scale import Scale


@dataclass(frozen=True)
class Members:
    """runs: folders of runs, at least one.  home: where what is made of them stands; None for several runs."""

    runs: tuple[Path, ...]
    home: Path | None

    @property
    def is_single(self) -> bool:
        """Whether it is one run alone."""
        return len(self.runs) == 1

    @property
    def is_folded(self) -> bool:
        """Whether it is a whole cross-validation."""
        return self.home is not None and is_cross_validation(self.home)

    @property
    def name(self) -> str:
        """For people."""
        if self.home is not None:
            return run_name(self.home)
        return f"mean of {len(self.runs)} runs: {list_some([run_name(run) for run in self.runs])}"

    def folder(self, output: Path | None) -> Path:
        """Where to write: `output`, else what is their home; SegError if they have none."""
        if output is not None:
            return output
        if self.home is None:
            raise SegError(f"{len(self.runs)} runs have no folder in common; name one to write into with -o")
        return self.home


def find_members(arguments: Sequence[Path], note: Callable[[str], None]) -> Members:
    """The runs that are meant, a cross-validation being all its folds; the latest if none is named, as of find_run.

    Raises SegError if one is named twice, or if folds of one have no model yet.
    """
    found = [find_run(argument, note, or_folds=True) for argument in arguments or (None,)]
    runs = tuple(run for each in found for run in _runs_of(each))
    places = [run.resolve() for run in runs]
    for number, place in enumerate(places):
        if place in places[:number]:
            raise SegError(f"{runs[number]}: is named twice, and would count twice in the mean; name each run once")
    return Members(runs, found[0] if len(found) == 1 else None)


def _runs_of(run: Path) -> list[Path]:
    """A run, or the runs of a cross-validation."""
    if not is_cross_validation(run):
        return [run]
    folds = fold_runs(run)
    missing = [fold.name for fold in folds if not (fold / FOLD_COUNTS).exists()]
    if missing:
        raise SegError(
            f"{run}: {list_some(missing)} {verb(len(missing), 'is', 'are')} not trained to the end: it is at work, or "
            f"was interrupted and goes on with 'seg-train --resume {run}'"
        )
    return folds


def load_members(
    members: Members, accelerator: Accelerator, scale: Scale = "auto"
) -> tuple[Predictor, list[ModelCard]]:
    """The mean of the models of these runs, all of them in memory, and what each says of itself.

    Raises SegError as load_model and mean_predictor do.
    """
    loaded = [load_model(run / MODEL, accelerator) for run in members.runs]
    named = [Member(run_name(run), predictor) for run, (predictor, _) in zip(members.runs, loaded, strict=True)]
    return mean_predictor(named, scale), [card for _, card in loaded]


def unlearned_by(members: Members, accelerator: Accelerator, scale: Scale = "auto") -> dict[str, Predictor]:
    """For each sample that a cross-validation dealt out, by stem, the model of the fold that has not learned it."""
    assert members.home is not None
    of_fold = {run.name: load_model(run / MODEL, accelerator)[0].at_scale(scale) for run in members.runs}
    return {stem: of_fold[fold] for stem, fold in read_fold_table(members.home).items()}
