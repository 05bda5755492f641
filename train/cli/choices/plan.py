"""seg-train plan."""

from pathlib import Path
from typing import Any

import click

from prep.cli.console import emit, note, progress
from prep.cli.options import AnyPath, json_option, overwrite_option
from train.cli.options import device_option
from train.cli.settings import SectionedCommand, recipe_option, setting_options
from train.cli.torch_needed import need_packages, need_torch
from train.cli.training_data import find_training_data, training_data_argument


@click.command(cls=SectionedCommand)
@training_data_argument
@recipe_option
@setting_options
@click.option(
    "-o", "--output", type=AnyPath(path_type=Path), metavar="FILE", help="A .toml file: write it as a recipe."
)
@overwrite_option
@device_option
@json_option
def plan(
    dataset: Path | str | None,
    recipe: str | None,
    output: Path | None,
    overwrite: bool,
    device: str,
    as_json: bool,
    **settings: Any,  # noqa: ANN401
) -> None:
    """Show the settings that 'seg-train DATASET' would have with the same options, each with its reason; train nothing.

    Without --recipe and --epochs they are planned; with either, they are as the recipe or the defaults say. A dataset
    without a split or statistics gets them, as for a training.

    Example:

    \b
        seg-train plan datasets/campus --minutes 30
        seg-train plan datasets/campus --minutes 30 -o mine.toml
        seg-train datasets/campus --recipe mine.toml
        seg-train plan datasets/campus --recipe photos --minutes 30
    """
    need_packages()
    from train.config.recipes import DEFAULT, find_recipe

    is_planned = recipe is None and settings["epochs"] is None
    named = None if is_planned else find_recipe(recipe or DEFAULT.name)
    root = find_training_data(dataset)
    need_torch()
    from train.planning.planner import plan_dataset

    found = plan_dataset(root, settings, device, progress, note, output, overwrite=overwrite, recipe=named)
    emit(found.to_plain(), "\n".join(found.lines()))
