"""seg-train score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prep.cli.console import end_with_left_out, finish, note, progress, table
from prep.cli.options import AnyPath, cluster_option_of, json_option, max_failed_option
from prep.core.words import counted, shown_score
from train.cli.options import device_option, runs_and_dataset, scale_option, window_options
from train.cli.torch_needed import need_torch
from train.windows.scale import Scale

if TYPE_CHECKING:
    from train.scoring.comparing.compare import Candidate, Difference
    from train.scoring.score_files import ClassMetrics, Metrics


@click.command()
@runs_and_dataset
@click.option("--split", type=click.Choice(["train", "val", "test", "all"]), default="test", help="What to score.")
@click.option(
    "-o",
    "--output",
    type=AnyPath(path_type=Path, file_okay=False),
    metavar="FOLDER",
    show_default="the run for its own test split, else RUN/score-DATASET-SPLIT with what else was asked",
    help="Where to write.",
)
@click.option(
    "--compare",
    "other",
    type=AnyPath(path_type=Path),
    metavar="RUN2",
    help="Another run: is RUN better on these images, or is it chance?",
)
@click.option(
    "--protocol",
    type=click.Choice(["whole", "patches"]),
    default="whole",
    help="patches: also score patches as published student projects do, to compare figures with theirs.",
)
@scale_option
@window_options
@device_option
@max_failed_option
@cluster_option_of(lambda given: [given["dataset"] or Path()])
@json_option
def score(
    runs: tuple[Path, ...],
    dataset: Path | None,
    split: str,
    output: Path | None,
    other: Path | None,
    protocol: str,
    scale: Scale,
    device: str,
    max_failed: int | None,
    as_json: bool,
    **windows: Any,  # noqa: ANN401
) -> None:
    """Score a run (the latest by default) on whole images of the dataset it was trained on, or of DATASET.

    Of several runs, or a cross-validation, the mean of their models is scored, and compared with the best of them.
    Images with a damaged file are left out and listed, and the exit code is 1 then.

    Example:

    \b
        seg-train score
        seg-train score runs/latest datasets/synth --split val
        seg-train score runs/new --compare runs/old
        seg-train score runs/a runs/b -o scores
        seg-train score --tta d4
    """
    need_torch()
    from prep.core.failures import Failures
    from train.reporting.report import renew_run_report
    from train.runs.members import find_members
    from train.runs.run_files import METRICS
    from train.scoring.score import score_run

    chosen, rival = find_members(runs, note), None if other is None else find_members([other], note)
    patches, failures = protocol == "patches", Failures(max_failed)
    folder, found = score_run(
        chosen, dataset, split, output, device, progress, other=rival, patches=patches, windows=windows,
        scale=scale, note=note, failures=failures,
    )  # fmt: skip
    renew_run_report(folder)
    text = "\n\n".join([_scores(found), *_comparison(found), *_protocols(found), str(folder / METRICS)])
    finish(folder, {**found.to_json(), "folder": folder, "problems": failures.problems}, text)
    end_with_left_out(failures.problems)


def _scores(found: Metrics) -> str:
    """The scores of each class with their intervals, and the means."""
    columns = {"iou": "IoU", "dice": "Dice", "boundary_iou": "boundary IoU"}
    plain = ("precision", "recall", "accuracy")
    rows = [[row.name, *(_cell(row, key) for key in (*columns, *plain))] for row in found.classes]
    rows.append(["mean", *(_cell(found, f"mean_{key}") for key in columns), "", "", ""])
    return "\n".join(
        [
            table(["class", *columns.values(), *plain], rows),
            f"pixel accuracy {_cell(found, 'pixel_accuracy')}, mean of the images' own mean IoU "
            f"{shown_score(found.mean_of_images_iou)}, {counted(found.images, 'image')} of {found.split}",
            found.intervals.words,
            *filter(None, [found.left_out_note, found.absent_note, found.relabelled]),
        ]
    )


def _comparison(found: Metrics) -> list[str]:
    if found.comparison is None:
        return []
    rows = [
        [row.name, shown_score(row.ours), shown_score(row.theirs), _difference(row), row.verdict]
        for row in found.comparison.differences
    ]
    lines = table(["difference", "this run", "other run", "this - other", ""], rows)
    among = found.comparison.among
    best = f", the best of these by itself ({_alone(among)})," if among else ""
    return [f"Compared with {found.comparison.other}{best} on the same images (paired bootstrap):\n{lines}"]


def _alone(among: Sequence[Candidate]) -> str:
    return ", ".join(f"{each.name} {shown_score(each.mean_iou)}" for each in among)


def _protocols(found: Metrics) -> list[str]:
    if not found.protocols:
        return []
    rows = [
        [row.protocol, row.split, f"{row.number:,} {row.units}", shown_score(row.mean_iou)] for row in found.protocols
    ]
    return [
        f"Mean IoU by protocol (docs/scores.md says what each measures; the first is the score):\n"
        f"{table(['protocol', 'split', 'of', 'mean IoU'], rows)}"
    ]


def _cell(row: ClassMetrics | Metrics, key: str) -> str:
    """A score with its interval, as 0.812 [0.743, 0.871]."""
    interval = getattr(row, f"{key}_interval", None)
    ends = f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else ""
    return shown_score(getattr(row, key)) + ends


def _difference(row: Difference) -> str:
    if math.isnan(row.ours - row.theirs):
        return "-"
    ends = "" if math.isnan(row.low) else f" [{row.low:+.4f}, {row.high:+.4f}]"
    return f"{row.ours - row.theirs:+.4f}{ends}"
