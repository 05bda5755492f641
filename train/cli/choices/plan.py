"""seg-train plan."""

from pathlib import Path
from typing import Any

import click

from prep.cli.console import emit, note, progress
from prep.cli.options import AnyPath, json_option, overwrite_option
from train.cli.options import device_option
from train.cli.settings import SectionedCommand, setting_options
from train.cli.torch_needed import need_packages, need_torch
from train.cli.training_data import find_training_data, training_data_argument


@click.command(cls=SectionedCommand)
@training_data_argument
@setting_options
@click.option(
    "-o", "--output", type=AnyPath(path_type=Path), metavar="FILE", help="A .toml file: write it as a recipe."
)
@overwrite_option
@device_option
@json_option
def plan(
    dataset: Path | str | None,
    output: Path | None,
    overwrite: bool,
    device: str,
    as_json: bool,
    **settings: Any,  # noqa: ANN401
) -> None:
    """Show the settings that 'seg-train DATASET' would choose, each with its reason, without training.

    A dataset without a split or statistics gets them, as for a training.

    Example:

    \b
        seg-train plan datasets/campus --minutes 30
        seg-train plan datasets/campus --minutes 30 -o mine.toml
        seg-train datasets/campus --recipe mine.toml
    """
    need_packages()
    root = find_training_data(dataset)
    need_torch()
    from train.planning.planner import plan_dataset

    found = plan_dataset(root, settings, device, progress, note, output, overwrite=overwrite)
    emit(found.to_plain(), "\n".join(found.lines()))
