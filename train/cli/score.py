"""seg-train score."""

from pathlib import Path

import click

from prep.cli.console import finish, progress, table
from prep.cli.options import dataset_argument, json_option
from train.cli.options import device_option
from train.cli.torch_needed import need_torch


@click.command()
@click.argument("run", required=False, type=click.Path(path_type=Path))
@dataset_argument
@click.option("--split", type=click.Choice(["train", "val", "test", "all"]), default="test", help="What to score.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    show_default="the run for its own test split, else RUN/score-DATASET-SPLIT",
    help="Where to write.",
)
@device_option
@json_option
def score(run: Path | None, dataset: Path | None, split: str, output: Path | None, device: str, as_json: bool) -> None:
    """Score a run (the latest by default) on whole images of the dataset it was trained on, or of DATASET.

    Example:

    \b
        seg-train score
        seg-train score runs/latest datasets/synth --split val
    """
    need_torch()
    from train.checkpoint import CONFIG
    from train.report import write_report
    from train.runs import find_run
    from train.score import METRICS, metrics, score_run

    folder, evaluation, opened, predictor = score_run(find_run(run), dataset, split, output, device, progress)
    if (folder / CONFIG).exists():
        write_report(folder)
    scores = evaluation.scores
    columns = (scores.iou, scores.dice, scores.precision, scores.recall, scores.accuracy)
    rows = [[name, *(f"{column[i]:.4f}" for column in columns)] for i, name in enumerate(opened.classes.names)]
    finish(
        folder,
        {**metrics(evaluation, opened, predictor), "folder": folder},
        f"{table(['class', 'IoU', 'Dice', 'precision', 'recall', 'accuracy'], rows)}\n"
        f"mean IoU {scores.mean_iou:.4f} (mean of the images' {evaluation.mean_of_images:.4f}), "
        f"pixel accuracy {scores.pixel_accuracy:.4f}, {len(evaluation.images)} images of {split}\n"
        f"{folder / METRICS}",
    )
