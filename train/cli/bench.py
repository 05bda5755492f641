"""seg-train bench."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prep.cli.console import emit, note, progress
from prep.cli.options import WholeNumber, json_option
from prep.core.words import counted
from train.cli.options import device_option
from train.cli.settings import SectionedCommand, recipe_option, setting_options
from train.cli.torch_needed import need_torch
from train.cli.training_data import find_training_data, training_data_argument

if TYPE_CHECKING:
    from train.fitting.bench import Speed


@click.command(cls=SectionedCommand)
@training_data_argument
@recipe_option
@setting_options
@click.option("--steps", type=WholeNumber(min=1), default=30, metavar="NUMBER", help="Steps to measure of each kind.")
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

    The arithmetic of the network (multiplications and additions of its convolutions and matrix products, as it is
    written) is told as a share of what a large matrix product does here in the same precision, for the whole step of a
    training and for the labelling of a photo of 12 megapixels.

    Example:

    \b
        seg-train bench datasets/synth --width 32
        seg-train bench --recipe aerial --weights none
    """
    need_torch()
    from prep.dataset.stats import ensure_stats
    from prep.dataset.transaction import settle
    from prep.packing.streamed import open_dataset
    from prep.splitting.split import ensure_split
    from train.config.recipes import find_recipe
    from train.data.data import training_store
    from train.data.image_scale import image_scale
    from train.data.image_size import reduced, seen_sizes
    from train.fitting.bench import measure
    from train.runs.device import accelerator_of, make_fabric
    from train.windows.predictor import Normalizer
    from train.windows.scale import Rescaling

    config = find_recipe(recipe or "default").config(settings)
    found = find_training_data(dataset)
    settle(found)
    opened = ensure_split(open_dataset(found), config.seed, note)
    fabric = make_fabric(device, precision=config.precision)
    with progress("Counting") as advance:
        stats, _ = ensure_stats(opened, advance)
    with progress("Loading") as advance:
        store = training_store(opened, config, advance)
    with progress("Measuring") as advance:
        speed = measure(
            config, store, Normalizer(stats.mean, stats.std), opened.classes, fabric, steps, note, advance,
            Rescaling(image_scale(opened, seen_sizes(reduced(opened, config.image_size)))),
        )  # fmt: skip
    plain, precision = plain_speed(speed), "bfloat16" if accelerator_of(fabric).bfloat16 else "float32"
    lines = speed_lines(
        speed,
        f"batches of {counted(config.batch, 'patch', 'patches')} of {store.size} px on {fabric.device}",
        precision,
    )
    emit({"device": str(fabric.device), "precision": precision, **plain}, "\n".join(lines))


def plain_speed(speed: "Speed") -> dict[str, Any]:
    """Plain data for programs."""
    found, labelling = speed.arithmetic, speed.arithmetic.labelling
    training = found.training(speed.whole)
    return {
        "images_per_second": speed.whole, "null_model": speed.null_model, "null_loader": speed.null_loader,
        "shares": speed.shares, "matrix_gflops": found.matrix / 1e9, "gflop_an_image": found.an_image / 1e9,
        "training_gflops": training / 1e9, "training_share": training / found.matrix,
        "labelling_seconds": labelling.seconds, "labelled_at": list(labelling.size),
        "labelling_gflops": found.label / 1e9, "labelling_share": found.label / found.matrix,
    }  # fmt: skip


def speed_lines(speed: "Speed", how: str, precision: str) -> list[str]:
    """The same for people."""
    found, (width, height) = plain_speed(speed), speed.arithmetic.labelling.size
    rates = [
        ("matrix product", found["matrix_gflops"], 1.0, f"the fastest of several, {precision}"),
        ("training", found["training_gflops"], found["training_share"],
         f"{found['gflop_an_image']:.3g} GFLOP an image, forward and backward"),
        ("labelling", found["labelling_gflops"], found["labelling_share"],
         f"12 megapixels in {found['labelling_seconds']:.2f} s, labelled at {width:,} x {height:,} px"),
    ]  # fmt: skip
    return [
        f"training      {speed.whole:10.1f} images/s, {how}",
        f"null model    {speed.null_model:10.1f} images/s: what patches and augmentation alone could give",
        f"null loader   {speed.null_loader:10.1f} images/s: what the network alone could give",
        "time of a step",
        *(f"  {name:<12}{share:6.1%}" for name, share in speed.shares.items()),
        "arithmetic       GFLOP/s   share",
        *(f"  {name:<14}{rate:8.1f}  {share:6.1%}   {words}" for name, rate, share, words in rates),
    ]
