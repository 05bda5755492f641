"""seg-prep patches."""

from pathlib import Path
from typing import Literal

import click

from prep.cli.console import end_with_left_out, finish, naming_left_out, note, open_alone, progress
from prep.cli.options import (
    AnyNumber,
    WholeNumber,
    cluster_option,
    dataset_argument,
    json_option,
    max_failed_option,
    overwrite_option,
    seed_option,
    workers_option,
)
from prep.core.words import counted, verb


@click.command()
@dataset_argument
@click.option("--size", type=WholeNumber(min=16), default=96, metavar="PIXELS", help="Side of a patch.")
@click.option("--per-image", type=WholeNumber(min=1), default=20, metavar="NUMBER", help="Patches of one image.")
@click.option(
    "--foreground",
    type=AnyNumber(0, 1),
    default=0.5,
    metavar="SHARE",
    help="Share of the patches centred near a foreground pixel, rare classes first.",
)
@click.option("--flips/--no-flips", default=True, help="Count all four orientations of each patch.")
@click.option(
    "--format",
    "patch_format",
    type=click.Choice(["npy", "png"]),
    default="npy",
    help="Two arrays for seg-train, or folders of PNGs with every flip written out.",
)
@seed_option
@workers_option
@max_failed_option
@overwrite_option
@json_option
@cluster_option
def patches(
    dataset: Path | None,
    size: int,
    per_image: int,
    foreground: float,
    flips: bool,
    patch_format: Literal["npy", "png"],
    seed: int,
    workers: int | None,
    max_failed: int | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Cut random patches of the training and validation images; test images are never cut.

    Samples with a damaged file are left out and listed, and the exit code is 1 then.

    Example:

    \b
        seg-prep patches --size 96 --per-image 20
    """
    from prep.core.failures import Failures
    from prep.patching.patches import cut_patches
    from prep.splitting.split import ensure_split

    failures = Failures(max_failed)
    with naming_left_out(failures):
        opened = ensure_split(open_alone(dataset), seed, note, failures)
    with progress("Cutting") as advance, naming_left_out(failures):
        result = cut_patches(
            opened,
            size=size,
            per_image=per_image,
            foreground=foreground,
            flips=flips,
            patch_format=patch_format,
            seed=seed,
            workers=workers,
            overwrite=overwrite,
            progress=advance,
            failures=failures,
        )
    small = sum(min(sample.width, sample.height) < size for sample in opened.of_split("train", "val"))
    if small:
        note(
            f"{counted(small, 'image')} {verb(small, 'has', 'have')} a side below {counted(size, 'pixel')}; "
            "there the image is mirrored, and its mask ignored."
        )
    if result.unlabelled:
        note(
            f"{counted(result.unlabelled, 'mask')} {verb(result.unlabelled, 'holds', 'hold')} ignored pixels only: "
            "these patches teach nothing. Label the images with 'seg-prep annotate'."
        )
    images = result.crops // per_image
    orientations = f", {result.flipped:,} with flips" if flips else ""
    finish(
        opened.root,
        {
            "dataset": opened.root,
            "folder": result.folder,
            "images": images,
            "patches": result.crops,
            "with_flips": result.flipped,
            "problems": failures.problems,
        },
        f"{counted(result.crops, 'patch', 'patches')} of {size} x {size} from {counted(images, 'image')}"
        f"{orientations} -> {result.folder}",
    )
    end_with_left_out(failures.problems)
