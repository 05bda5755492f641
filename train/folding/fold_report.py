"""report.html of a cross-validation: the table of its folds, the pooled scores, the mean of its models on test."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from prep.core.files import write_text
from prep.core.words import counted
from prep.dataset.transaction import writing
from train.folding.fold_table import FoldTable
from train.reporting.report import inline
from train.runs.fold_record import fold_runs
from train.runs.run_files import CONFUSION, RUN_REPORT
from train.runs.run_settings import read_settings
from train.scoring.score_files import Metrics


def write_fold_report(
    run: Path, metrics: Metrics, table: FoldTable, place: Path | None, on_test: Metrics | None, steps: Sequence[str]
) -> Path:
    """Write report.html, one self-contained page that leads to those of the folds.

    metrics: of all images pooled.  place, on_test: where the scores of the test images are, and those.
    steps: what to do next.
    """
    page = _template().render(
        counted=counted,
        name=run.resolve().name,
        config=read_settings(run),
        folds=[fold.name for fold in fold_runs(run)],
        metrics=metrics,
        table=table,
        place=None if place is None else place.name,
        on_test=on_test,
        confusion=inline(run / CONFUSION),
        steps=steps,
    )
    with writing(run):
        write_text(run / RUN_REPORT, page)
    return run / RUN_REPORT


@cache
def _template() -> Template:
    """Compiled once in a process."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("folds.html.j2")
