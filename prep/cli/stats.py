"""seg-prep stats."""

from pathlib import Path

import click

from prep.cli.console import finish, note, progress, table
from prep.cli.options import dataset_argument, json_option, overwrite_option, seed_option, workers_option


@click.command()
@dataset_argument
@click.option("--split", type=click.Choice(["train", "val", "test", "all"]), default="train", help="What to count.")
@seed_option
@workers_option
@overwrite_option
@json_option
def stats(dataset: Path | None, split: str, seed: int, workers: int | None, overwrite: bool, as_json: bool) -> None:
    """Count pixels exactly: mean and std of the images, frequency and loss weight of each class.

    Example:

    \b
        seg-prep stats datasets/campus
    """
    from prep.dataset import Dataset, find_dataset
    from prep.split import ensure_split
    from prep.stats import compute_stats, save_stats

    opened = ensure_split(Dataset.open(find_dataset(dataset)), seed, note)
    with progress("Counting") as advance:
        result = compute_stats(opened, split, workers, advance)
    save_stats(opened, result, overwrite=overwrite)
    rows = [[c.name, f"{c.pixels:,}", str(c.images), f"{c.frequency:.4f}", f"{c.weight:.3f}"] for c in result.classes]
    moments = "mean {:.4f} {:.4f} {:.4f}, std {:.4f} {:.4f} {:.4f}".format(*result.mean, *result.std)
    finish(
        opened.root,
        result.to_json(),
        f"{table(['class', 'pixels', 'images', 'frequency', 'weight'], rows)}\n"
        f"{result.images} images of {split}, {result.pixels:,} pixels, {result.ignored_pixels:,} ignored; {moments}",
    )
