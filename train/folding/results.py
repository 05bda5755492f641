"""What a cross-validation found: all images pooled, a table of its folds, the mean of its models on test, a report."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prep.core.failures import Failures
from prep.core.progress import Bar, Say
from prep.core.words import counted
from prep.dataset.damaged import NoneReadable
from prep.dataset.dataset import Dataset
from prep.dataset.transaction import Transaction
from train.fitting.training import Run
from train.folding.fold_report import write_fold_report
from train.folding.fold_table import FoldTable, fold_table, write_fold_table
from train.folding.pooling import pooled, read_counts
from train.runs.checkpoint import load_model
from train.runs.device import find_accelerator
from train.runs.fold_record import fold_runs
from train.runs.members import find_members
from train.runs.run_files import CONFUSION, MODEL
from train.scoring.confusion_chart import draw_confusion
from train.scoring.intervals import uncertainty_of
from train.scoring.score import score_run
from train.scoring.score_files import Metrics, metrics_of, write_metrics, write_per_image
from train.scoring.split_scores import NO_TEST_IMAGE


@dataclass(frozen=True, kw_only=True)
class CrossValidation(Run):
    """What a cross-validation left: its scores are those of all images, each by the model that has not learned it.

    metrics: the same with their intervals.  table: the scores of each fold.
    on_test: of the mean of all models on the test images, if there are any, compared with the best single one.
    """

    metrics: Metrics
    table: FoldTable
    on_test: Metrics | None


def finish(
    run: Path, dataset: Dataset, table: Mapping[str, str], device: str, bar: Bar, say: Say
) -> CrossValidation:  # fmt: skip
    """Score all folds together, and the mean of their models on the test images, and write what people look at.

    table: fold of each sample, by stem.
    """
    runs = fold_runs(run)
    folds = [read_counts(each, dataset, {stem for stem, own in table.items() if own == each.name}) for each in runs]
    together = pooled(folds)
    predictor, _ = load_model(runs[0] / MODEL, find_accelerator(device))
    found = metrics_of(together, uncertainty_of(together), dataset, predictor.windows)
    scores = fold_table(folds, found)
    with Transaction(run, "folds", {"scores": found.to_json(), "folds": scores.to_json()}) as change:
        new = change.path(CONFUSION).parent
        write_per_image(new, together, dataset.classes)
        draw_confusion(new / CONFUSION, together.confusion, dataset.classes)
        write_metrics(new, found)
        write_fold_table(new, scores)
        change.commit(overwrite=True)
    if note := found.absent_note:
        say(note)
    on_test, place, problems = None, None, tuple[str, ...]()
    if dataset.of_split("test"):
        place, on_test, problems = _scored(run, dataset, device, bar, say)
    steps = _steps(run, len(runs))
    report = write_fold_report(run, found, scores, place, on_test, steps)
    return CrossValidation(
        run, report, together, steps, metrics=found, table=scores, on_test=on_test, problems=problems
    )


def _scored(
    run: Path, dataset: Dataset, device: str, bar: Bar, say: Say
) -> tuple[Path | None, Metrics | None, tuple[str, ...]]:
    """Where the scores of the test images that can be read are, those, and what is wrong with the others."""
    failures = Failures()
    try:
        place, found = score_run(find_members([run], say), dataset.root, "test", None, device, bar, failures=failures)
    except NoneReadable as error:
        say(NO_TEST_IMAGE)
        return None, None, error.problems
    if note := found.left_out_note:
        say(note)
    return place, found, tuple(failures.problems)


def _steps(folder: Path, number: int) -> tuple[str, ...]:
    models, run = counted(number, "model"), shlex.quote(str(folder))
    return (
        f"label photos by the mean of the {models}: seg-train predict PHOTOS -o predictions --run {run}",
        f"look for wrong labels, each with a model that has not learned it: seg-train audit {run}",
    )
