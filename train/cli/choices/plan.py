"""seg-train plan."""

from pathlib import Path
from typing import Any

import click

from prep.cli.console import emit, progress
from prep.cli.options import dataset_argument, json_option, overwrite_option
from train.cli.options import device_option
from train.cli.settings import SectionedCommand, setting_options
from train.cli.torch_needed import need_torch


@click.command(cls=SectionedCommand)
@dataset_argument
@setting_options
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="A .toml file: write it as a recipe."
)
@overwrite_option
@device_option
@json_option
def plan(
    dataset: Path | None,
    output: Path | None,
    overwrite: bool,
    device: str,
    as_json: bool,
    **settings: Any,  # noqa: ANN401
) -> None:
    """Show the settings that 'seg-train DATASET' would choose, each with its reason, without training.

    Example:

    \b
        seg-train plan datasets/campus --minutes 30
        seg-train plan datasets/campus --minutes 30 -o mine.toml
        seg-train datasets/campus --recipe mine.toml
    """
    need_torch()
    from prep.dataset.dataset import find_dataset
    from train.planning.planner import plan_dataset

    found = plan_dataset(find_dataset(dataset), settings, device, progress, output, overwrite=overwrite)
    emit(found.to_plain(), "\n".join(found.lines()))
