"""seg-prep stats."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from prep.cli.console import end_with_left_out, finish, naming_left_out, note, open_alone, progress, table
from prep.cli.options import (
    cluster_option,
    dataset_argument,
    json_option,
    max_failed_option,
    overwrite_option,
    seed_option,
    workers_option,
)
from prep.core.words import counted

if TYPE_CHECKING:
    from prep.dataset.stats import Stats


@click.command()
@dataset_argument
@click.option("--split", type=click.Choice(["train", "val", "test", "all"]), default="train", help="What to count.")
@seed_option
@workers_option
@max_failed_option
@overwrite_option
@json_option
@cluster_option
def stats(
    dataset: Path | None,
    split: str,
    seed: int,
    workers: int | None,
    max_failed: int | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Count pixels exactly: mean and std of the images, frequency and loss weights of each class.

    The three weights make up for rare classes: by median frequency (training uses this one), by inverse frequency,
    and by the effective number of pixels. A dataset without masks needs no split: all its images are counted.
    Samples with a damaged file are left out and listed, and the exit code is 1 then.

    Example:

    \b
        seg-prep stats datasets/campus
        seg-prep stats datasets/campus --split all
    """
    from prep.core.failures import Failures
    from prep.dataset.stats import compute_stats, has_masks, save_stats
    from prep.splitting.split import ensure_split

    opened, failures = open_alone(dataset), Failures(max_failed)
    if has_masks(opened):
        with naming_left_out(failures):
            opened = ensure_split(opened, seed, note, failures)
    with progress("Counting") as advance, naming_left_out(failures):
        result = compute_stats(opened, split, workers, advance, failures)
    save_stats(opened, result, overwrite=overwrite)
    if not has_masks(opened):
        note(f"No masks yet: counted {'' if result.left_out else 'all '}{counted(result.images, 'image')}.")
    finish(opened.root, {**result.to_json(), "problems": failures.problems}, _as_text(result, opened.root))
    end_with_left_out(failures.problems)


def _as_text(result: "Stats", root: Path) -> str:
    header = ["class", "pixels", "images", "frequency", "weight", "inverse", "effective"]
    rows = [
        [c.name, f"{c.pixels:,}", str(c.images), f"{c.frequency:.4f}"]
        + [f"{weight:.3f}" for weight in (c.weight, c.inverse_weight, c.effective_weight)]
        for c in result.classes
    ]
    moments = "mean {:.4f} {:.4f} {:.4f}, std {:.4f} {:.4f} {:.4f}".format(*result.mean, *result.std)
    return (f"{table(header, rows)}\n" if rows else "") + (
        f"{counted(result.images, 'image')} of {result.split} in {root}, {counted(result.pixels, 'pixel')}, "
        f"{result.ignored_pixels:,} ignored; {moments}"
    )
