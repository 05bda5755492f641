"""seg-train fit."""

import time
from pathlib import Path
from typing import Any

import click

from prep.cli.console import end_with_left_out, finish, note, progress
from prep.cli.options import WholeNumber, json_option
from prep.core.jsonio import or_null
from train.cli.fold_results import tell_folds
from train.cli.options import device_option
from train.cli.settings import SectionedCommand, recipe_option, setting_options
from train.cli.torch_needed import need_packages, need_torch
from train.cli.training_data import find_training_data, refuse_packed, training_data_argument
from train.runs.run_files import LATEST, RUNS


@click.command(cls=SectionedCommand)
@training_data_argument
@recipe_option
@setting_options
@click.option(
    "--resume",
    is_flag=False,
    flag_value=f"{RUNS}/{LATEST}",
    metavar="[RUN]",
    help="Go on with a run that was interrupted: the latest, or the one named.",
)
@click.option(
    "--folds",
    type=WholeNumber(min=2),
    metavar="K",
    help="Cross-validation: deal train and val out to K parts, and train a model for each, which has not learned it; "
    "--minutes are those of all together.",
)
@device_option
@click.option(
    "--devices",
    type=WholeNumber(min=1),
    default=1,
    metavar="NUMBER",
    help="Processes on this machine, each on a GPU of its own; torchrun sets it too.",
)
@click.option("--nodes", type=WholeNumber(min=1), default=1, metavar="NUMBER", help="Machines; torchrun sets it too.")
@json_option
def fit(
    dataset: Path | str | None,
    recipe: str | None,
    resume: str | None,
    folds: int | None,
    device: str,
    devices: int,
    nodes: int,
    as_json: bool,
    **settings: Any,  # noqa: ANN401
) -> None:
    """Train a network on the patches of DATASET, or on random crops of its images, and score the test images.

    DATASET may be a packed one (s3://bucket/name, or its folder): its training images are read from the shards.
    Without --recipe and --epochs, what no option says is planned from the dataset, the machine and the time
    ('seg-train plan' shows it); with either, it is as the recipe or the defaults say.

    Example:

    \b
        seg-train fit datasets/synth --epochs 12
        seg-train datasets/campus --recipe campus --batch 4
        seg-train --resume
        seg-train datasets/campus --folds 5 --minutes 60
        seg-train s3://bucket/campus --epochs 20
    """
    began = time.monotonic()  # of --minutes, before seconds of import
    need_packages()
    from train.config.config import need_validation
    from train.config.recipes import find_recipe
    from train.runs.run_files import LAST
    from train.runs.runs import find_run

    if resume is None:  # what is typed wrong is told before seconds of import
        config = find_recipe(recipe or "default").config(settings)
        if folds is not None:
            need_validation(settings)
            refuse_packed(dataset, folds)
        root = find_training_data(dataset)
    else:
        _refuse(["recipe", "folds", *settings])
        run = find_run(Path(resume), note, LAST, or_folds=True)
        moved = None if dataset is None else find_training_data(dataset)

    need_torch()
    from train.fitting.fit import fit as fit_dataset
    from train.fitting.fit import resume as resume_run
    from train.folding.cross_validation import cross_validate, resume_folds
    from train.planning.planner import planner
    from train.runs.device import Hardware
    from train.runs.fold_record import is_cross_validation

    place = Hardware(device, devices, nodes)
    if resume is None:
        minutes = settings["minutes"] and settings["minutes"] / (folds or 1)
        chooses = None
        if recipe is None and settings["epochs"] is None:
            chooses = planner({**settings, "minutes": minutes}, note)
        if folds is not None:
            tell_folds(cross_validate(root, config, folds, place, progress, note, began, chooses))
            return
        result = fit_dataset(root, config, place, progress, note, began, chooses)
    else:
        if is_cross_validation(run):
            tell_folds(resume_folds(run, moved, place, progress, note, began))
            return
        result = resume_run(run, moved, place, progress, note, began)
    if result is None:  # the first process tells the result
        return
    scores = result.scores.scores if result.scores else None
    mean_iou = None if scores is None else or_null(scores.mean_iou)
    score_text = f"test mean IoU {scores.mean_iou:.4f}, pixel accuracy {scores.pixel_accuracy:.4f}\n" if scores else ""
    steps = "".join(f"\nnext    {step}" for step in result.next_steps)
    finish(
        result.folder,
        {
            "run": result.folder,
            "report": result.report,
            "test_mean_iou": mean_iou,
            "next_steps": list(result.next_steps),
            "problems": list(result.problems),
        },
        f"{score_text}run     {result.folder}\nreport  {result.report}{steps}",
    )
    end_with_left_out(result.problems)


def _refuse(names: list[str]) -> None:
    """A resumed training keeps its settings; a usage error names the option that would be ignored."""
    context = click.get_current_context()
    for name in names:
        if context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} does not go with --resume: a run keeps its settings")
