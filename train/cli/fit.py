"""seg-train fit."""

import math
from pathlib import Path
from typing import Any

import click

from prep.cli.console import finish, note, progress
from prep.cli.options import dataset_argument, json_option, seed_option
from train.cli.options import device_option
from train.cli.torch_needed import need_torch

_POSITIVE = click.IntRange(min=1)


@click.command()
@dataset_argument
@click.option("--epochs", type=_POSITIVE, default=12, metavar="NUMBER", help="Times that every patch is shown.")
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    metavar="NUMBER",
    help="Time budget: anneal and stop by then.",
)
@click.option("--width", type=_POSITIVE, default=16, metavar="CHANNELS", help="Channels of the U-Net's first level.")
@click.option("--batch", type=click.IntRange(min=2), default=16, metavar="NUMBER", help="Patches in one step.")
@click.option(
    "--lr",
    type=click.FloatRange(min=0, min_open=True),
    metavar="RATE",
    show_default="0.003 for adamw, 0.05 for sgd",
    help="Highest learning rate.",
)
@click.option(
    "--optimizer",
    type=click.Choice(["adamw", "sgd"]),
    default="adamw",
    help="AdamW with one cycle, or SGD with momentum and a lower rate late in training.",
)
@click.option("--class-weights", is_flag=True, help="Weight the loss by the class weights of stats.json.")
@click.option(
    "--patience",
    type=click.IntRange(min=0),
    default=20,
    metavar="EPOCHS",
    help="Stop after so many epochs without a better validation score; 0 never stops.",
)
@click.option(
    "--size",
    type=click.IntRange(min=16),
    metavar="PIXELS",
    show_default="the patches there are, else 96",
    help="Side of a patch.",
)
@click.option(
    "--crops",
    type=_POSITIVE,
    default=20,
    metavar="NUMBER",
    help="Random crops of each image in an epoch, where there are no patches.",
)
@click.option(
    "--window",
    type=click.IntRange(min=16),
    metavar="PIXELS",
    show_default="twice the patch",
    help="Side of a window while predicting whole images.",
)
@click.option(
    "--resume",
    is_flag=False,
    flag_value="latest",
    metavar="[RUN]",
    help="Go on with a run that was interrupted: the latest, or the one named.",
)
@seed_option
@device_option
@json_option
def fit(dataset: Path | None, resume: str | None, device: str, as_json: bool, **settings: Any) -> None:  # noqa: ANN401
    """Train a U-Net on the patches of DATASET, or on random crops of its images, and score the test images.

    Example:

    \b
        seg-train fit datasets/synth --epochs 12
        seg-train --resume
    """
    need_torch()
    from prep.dataset import find_dataset
    from train.checkpoint import LAST
    from train.config import Config
    from train.fit import fit as fit_dataset
    from train.fit import resume as resume_run
    from train.runs import find_run

    if resume is None:
        result = fit_dataset(find_dataset(dataset), Config(**settings), device, progress, note)
    else:
        _refuse_settings(settings)
        run = find_run(None if resume == "latest" else Path(resume), LAST)
        result = resume_run(run, dataset, device, progress, note)
    scores = result.evaluation.scores if result.evaluation else None
    mean_iou = None if scores is None or math.isnan(scores.mean_iou) else scores.mean_iou
    score_text = f"test mean IoU {scores.mean_iou:.4f}, pixel accuracy {scores.pixel_accuracy:.4f}\n" if scores else ""
    finish(
        result.run,
        {"run": result.run, "report": result.report, "test_mean_iou": mean_iou},
        f"{score_text}run     {result.run}\nreport  {result.report}",
    )


def _refuse_settings(settings: dict[str, Any]) -> None:
    """A resumed training keeps its settings; a usage error names the option that would be ignored."""
    context = click.get_current_context()
    for name in settings:
        if context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} does not go with --resume: a run keeps its settings")
