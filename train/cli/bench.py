"""seg-train bench."""

from pathlib import Path
from typing import Any

import click

from prep.cli.console import emit, note, progress
from prep.cli.options import json_option
from train.cli.options import device_option
from train.cli.settings import SectionedCommand, recipe_option, setting_options
from train.cli.torch_needed import need_torch
from train.cli.training_data import find_training_data, training_data_argument


@click.command(cls=SectionedCommand)
@training_data_argument
@recipe_option
@setting_options
@click.option(
    "--steps", type=click.IntRange(min=1), default=30, metavar="NUMBER", help="Steps to measure of each kind."
)
@device_option
@json_option
def bench(
    dataset: Path | str | None,
    recipe: str | None,
    steps: int,
    device: str,
    as_json: bool,
    **settings: Any,  # noqa: ANN401
) -> None:
    """Measure how fast a training on DATASET would be, and where its time goes, without training.

    Example:

    \b
        seg-train bench datasets/synth --width 32
        seg-train bench --recipe aerial --weights none
    """
    need_torch()
    from prep.dataset.stats import ensure_stats
    from prep.packing.streamed import open_dataset
    from train.config.recipes import find_recipe
    from train.data.data import training_store
    from train.fitting.bench import measure
    from train.runs.device import make_fabric
    from train.windows.predictor import Normalizer

    config = find_recipe(recipe or "default").config(settings)
    opened = open_dataset(find_training_data(dataset))
    fabric = make_fabric(device, precision=config.precision)
    with progress("Counting") as advance:
        stats, _ = ensure_stats(opened, advance)
    with progress("Loading") as advance:
        store = training_store(opened, config, advance)
    with progress("Measuring") as advance:
        speed = measure(
            config, store, Normalizer(stats.mean, stats.std), len(opened.classes), fabric, steps, note, advance
        )  # fmt: skip
    phases = "\n".join(f"  {name:<12}{share:6.1%}" for name, share in speed.shares.items())
    emit(
        {"device": str(fabric.device), "images_per_second": speed.whole, "null_model": speed.null_model,
         "null_loader": speed.null_loader, "shares": speed.shares},
        f"training      {speed.whole:10.1f} images/s, batches of {config.batch} patches of {store.size} px "
        f"on {fabric.device}\n"
        f"null model    {speed.null_model:10.1f} images/s: what patches and augmentation alone could give\n"
        f"null loader   {speed.null_loader:10.1f} images/s: what the network alone could give\n"
        f"time of a step\n{phases}",
    )  # fmt: skip
