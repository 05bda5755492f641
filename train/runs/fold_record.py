"""folds.json: what a cross-validation is, and the runs of its folds."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from operator import attrgetter
from pathlib import Path

from prep.core.files import write_text
from prep.core.jsonio import read_record
from prep.core.tables import read_table, write_table
from prep.dataset.index import SPLITS, Sample
from train.runs.run_files import FOLD_TABLE, RUN_FOLDS

_REMEDY = "restore it from a copy, or train again with 'seg-train --folds'"


@dataclass(frozen=True)
class FoldRecord:
    """folds: their number.  split_hash, files_hash: of the dataset, and of the images and masks that were dealt out.

    minutes: of the whole command; None where only epochs count.  seconds: used so far, by what is over.
    """

    folds: int
    split_hash: str
    files_hash: str
    minutes: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class FoldRow:
    """A row of folds.csv: a sample, what it is kept together with, and the run that does not learn it."""

    stem: str
    group: str
    fold: str


def write_fold_record(run: Path, record: FoldRecord) -> None:
    """Write folds.json, whole or not at all."""
    write_text(run / RUN_FOLDS, json.dumps(asdict(record), indent=2) + "\n")


def read_fold_record(run: Path) -> FoldRecord:
    """Read folds.json; SegError if it is damaged."""
    return read_record(run / RUN_FOLDS, FoldRecord, remedy=_REMEDY)


def fold_runs(run: Path) -> list[Path]:
    """The folders of the folds of a cross-validation, whether they are there yet or not."""
    return [run / f"fold{number}" for number in range(1, read_fold_record(run).folds + 1)]


def is_cross_validation(run: Path) -> bool:
    """Whether a run folder holds a run for each fold."""
    return (run / RUN_FOLDS).exists()


def folded(run: Path) -> Path | None:
    """The cross-validation that a run is a fold of; None if it is a run of its own."""
    parent = run.resolve().parent
    return parent if is_cross_validation(parent) else None


def run_name(run: Path) -> str:
    """The name of a run for people; of a fold with that of its cross-validation, as others have a fold1, too."""
    parent = folded(run)
    return f"{parent.name}/{run.resolve().name}" if parent else run.resolve().name


def learned_split(run: Path, split_hash: str) -> str:
    """The hash of the split whose test images a run does not know.

    split_hash: of the model, which for a fold is that of the fold.
    """
    parent = folded(run)
    return read_fold_record(parent).split_hash if parent else split_hash


def write_folds_of_run(run: Path, rows: Iterable[FoldRow]) -> None:
    """Write folds.csv, sorted by stem."""
    write_table(run / FOLD_TABLE, FoldRow, sorted(rows, key=attrgetter("stem")))


def read_fold_table(run: Path) -> dict[str, str]:
    """The name of the fold that each sample is in, by stem; SegError if the file is damaged."""
    return {row.stem: row.fold for row in read_table(run / FOLD_TABLE, FoldRow, unique="stem", remedy=_REMEDY)}


def learned_by(run: Path, samples: Iterable[Sample]) -> set[str]:
    """The stems of those of these samples that a run learned: all of train, or what was dealt out to other folds."""
    parent = folded(run)
    if parent is None:
        return {sample.stem for sample in samples if sample.split == SPLITS[0]}
    table, own = read_fold_table(parent), run.resolve().name
    return {sample.stem for sample in samples if table.get(sample.stem, own) != own}
