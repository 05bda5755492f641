"""seg-train fit."""

import math
from pathlib import Path
from typing import Any

import click

from prep.cli.console import finish, note, progress
from prep.cli.options import dataset_argument, json_option
from train.cli.options import device_option
from train.cli.settings import SectionedCommand, setting_options
from train.cli.torch_needed import need_torch


@click.command(cls=SectionedCommand)
@dataset_argument
@click.option(
    "--recipe",
    default="default",
    metavar="NAME|FILE",
    help="Settings to begin with; options change single ones. 'seg-train recipes' lists them.",
)
@setting_options
@click.option(
    "--seed", type=click.IntRange(min=0), metavar="NUMBER", show_default="0", help="Seed of every random choice."
)
@click.option(
    "--resume",
    is_flag=False,
    flag_value="latest",
    metavar="[RUN]",
    help="Go on with a run that was interrupted: the latest, or the one named.",
)
@device_option
@json_option
def fit(
    dataset: Path | None,
    recipe: str,
    resume: str | None,
    device: str,
    as_json: bool,
    **settings: Any,  # noqa: ANN401
) -> None:
    """Train a network on the patches of DATASET, or on random crops of its images, and score the test images.

    Example:

    \b
        seg-train fit datasets/synth --epochs 12
        seg-train datasets/campus --recipe campus --batch 4
        seg-train --resume
    """
    need_torch()
    from prep.dataset import find_dataset
    from train.checkpoint import LAST
    from train.fit import fit as fit_dataset
    from train.fit import resume as resume_run
    from train.recipes import find_recipe
    from train.runs import find_run

    given = {name: value for name, value in settings.items() if value is not None}
    if resume is None:
        config = find_recipe(recipe).config(given)
        result = fit_dataset(find_dataset(dataset), config, device, progress, note)
    else:
        _refuse(["recipe", *given])
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


def _refuse(names: list[str]) -> None:
    """A resumed training keeps its settings; a usage error names the option that would be ignored."""
    context = click.get_current_context()
    for name in names:
        if context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} does not go with --resume: a run keeps its settings")
