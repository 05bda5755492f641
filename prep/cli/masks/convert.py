"""seg-prep masks convert."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prep.cli.console import acts_on, end_with_left_out, finish, first_lines, progress, table
from prep.cli.options import (
    AnyPath,
    Existing,
    bands_option,
    cluster_option,
    first_id_option,
    json_option,
    match_option,
    max_failed_option,
    overwrite_option,
    range_option,
    reader_option,
    seed_option,
    variable_option,
    workers_option,
)
from prep.cli.storage.fetching import fetched
from prep.core.words import counted

if TYPE_CHECKING:
    from prep.converting.masks import Conversion
    from prep.core.classes import Color

_SOURCE = Existing(urls=True)


def parse_colors(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, Color], ...]:
    """Read NAME=#rrggbb as (name, colour); wrong text is a usage error."""
    from prep.core.classes import parse_color
    from prep.core.errors import SegError

    colors = []
    for value in values:
        name, equals, color = value.rpartition("=")
        try:
            colors.append((name, parse_color(color)))
        except SegError as error:
            raise click.BadParameter(str(error)) from error
        if not (equals and name):
            raise click.BadParameter(f"{value!r} is not NAME=#rrggbb")
    return tuple(colors)


_SHOWN = 20
_TOLD_OTHERWISE = ("root", "classes", "dataset", "pixels", "raw_pixels", "problems")
"""Of a conversion, in --json."""


@click.command()
@click.argument("source", required=False, type=_SOURCE)
@click.option(
    "-o",
    "--output",
    type=AnyPath(path_type=Path, file_okay=False),
    callback=acts_on,
    metavar="DATASET",
    show_default="the dataset here",
    help="Dataset folder to make or to add to.",
)
@click.option(
    "--images",
    "photos",
    type=_SOURCE,
    metavar="FOLDER",
    show_default="the dataset's images, or the photos that the labels name or lie beside",
    help="Photos to bring in with the masks, upright and in full size.",
)
@click.option(
    "--classes",
    "classes_file",
    type=Existing(dir_okay=False, urls=True),
    metavar="FILE",
    show_default="the labels' own, the dataset's, or the one beside the labels",
    help="Class map: classes.json, lines name,#rrggbb[,id], name,id or names, labelmap.txt, data.yaml, labels.mat, ...",
)
@click.option(
    "--color",
    "colors",
    multiple=True,
    callback=parse_colors,
    metavar="NAME=#rrggbb",
    help="Another colour for a class of the class map; NAME ignore adds an ignored colour.",
)
@first_id_option
@match_option
@reader_option
@variable_option
@click.option("--in-order", is_flag=True, help="Pair the first image with the first mask and so on, by their numbers.")
@click.option(
    "--unlabelled",
    "--unlabeled",
    "unlabelled",
    metavar="NAME",
    show_default="background for LabelMe and COCO, else ignore",
    help="What MATLAB's id 0 (never labelled), or what lies in no region, becomes: ignore, or the class of this name.",
)
@click.option("--stretch", is_flag=True, help="Force masks of another shape than their photo onto it.")
@click.option(
    "--unknown",
    type=click.Choice(["error", "ignore", "nearest", "background"]),
    default="error",
    help="What becomes of values that are no class.",
)
@range_option
@bands_option
@click.option(
    "--without-mask",
    metavar="NAME",
    help="Class that images without a mask show all over, as in sets of faults; else they are refused.",
)
@click.option("--skip-unpaired", is_flag=True, help="Leave out images without mask and masks without image.")
@max_failed_option
@seed_option
@workers_option
@overwrite_option
@json_option
@cluster_option
def convert(
    source: Path | str | None,
    output: Path | None,
    photos: Path | str | None,
    classes_file: Path | str | None,
    match: tuple[str, str] | None,
    max_failed: int | None,
    seed: int,
    workers: int | None,
    overwrite: bool,
    as_json: bool,
    **options: Any,  # noqa: ANN401  # the fields of ConvertOptions
) -> None:
    """Convert the labels in SOURCE (by default the dataset's labels/) and pair them with their images.

    SOURCE is a folder of masks, also with their photos in it (images/ and masks/, or x.jpg and x_mask.png: they are
    told apart, paired and divided by their names), MATLAB's gTruth.mat or the folder that holds it, .mat
    matrices, or what a tool exports: CVAT, Pascal VOC, COCO, LabelMe, YOLO, Supervisely, VIA, run lengths in CSV,
    ImageJ's ROIs and others that 'seg-prep masks inspect --formats' lists; also a zip file of these. A mask that was
    drawn on another size of its photo, or on the photo before EXIF turns it, is brought onto the image. A label that
    cannot be read is left out and listed at the end; the exit code is 1 then. Nothing here is random: the seed is only
    recorded.

    Regions in JSON files are painted one over the other: LabelMe's in the order of the file, COCO's in the order of
    their ids. What lies in none of them is background, which becomes class 0 if no class has that name; regions
    named ignore, _ignore_ or __ignore__ become 255. Without --classes, the classes of LabelMe are in the order of a
    class map beside the files (classes.txt), else of their names; those of COCO in the order of their ids.

    Example:

    \b
        seg-prep masks convert labels/ -o datasets/campus --images photos/ --classes classes.txt
        seg-prep masks convert masks/ -o datasets/shapes --images images/ \\
            --classes classes.txt --match 'Img_{}' 'Mask_{}'
        seg-prep masks convert gTruth.mat -o datasets/cracks
        seg-prep masks convert export.zip -o datasets/rocks --images photos/
        seg-prep masks convert annotations.json -o datasets/leaves --images photos/
        seg-prep masks convert s3://bucket/labels -o datasets/leaves --images s3://bucket/photos
    """
    from prep.converting.masks import convert_masks
    from prep.converting.options import ConvertOptions
    from prep.dataset.dataset import find_dataset

    root = output or find_dataset(None)
    with fetched((source, photos, classes_file)) as (labels, images, classes), progress("Converting") as advance:
        result = convert_masks(
            root,
            labels,
            photos=images,
            classes_file=classes,
            options=ConvertOptions(patterns=match, **options),
            max_failed=max_failed,
            workers=workers,
            overwrite=overwrite,
            progress=advance,
        )
    finish(root, _data(root, result), _text(root, result))
    end_with_left_out(result.problems)


def _counts(result: Conversion) -> list[tuple[str, int, int]]:
    """Name, raw pixels and pixels of each class, and of what is ignored."""
    names = [*result.classes.names, "ignore"]
    at = [*range(len(names) - 1), 255]
    return [(name, int(result.raw_pixels[i]), int(result.pixels[i])) for name, i in zip(names, at, strict=True)]


def _text(root: Path, result: Conversion) -> str:
    counts = _counts(result)
    total = max(1, sum(after for _, _, after in counts))
    rows = [[name, f"{before:,}", f"{after:,}", f"{after / total:.2%}"] for name, before, after in counts]
    lines = [table(["class", "pixels in labels", "in masks", "share"], rows), *result.notes]
    lines += first_lines(
        [f"{value}: {counted(count, 'pixel')} became {name}" for value, count, name in result.replaced], _SHOWN
    )
    for text, names in (
        ("left out for want of a partner", result.unpaired),
        ("listed but not there", result.missing),
        ("masks without their photo (bring it in with --images)", result.without_image),
    ):
        if names:
            lines += [f"{text}: {len(names)}", *first_lines([f"  {name}" for name in names], _SHOWN)]
    if result.turned:
        lines.append(f"turned as EXIF turns the photo: {counted(result.turned, 'mask')}")
    if result.resized:
        lines.append(f"brought to the size of the image by nearest neighbour: {counted(result.resized, 'mask')}")
    return "\n".join([*lines, f"{counted(result.converted, 'mask')} -> {root}"])


def _data(root: Path, result: Conversion) -> dict[str, object]:
    return {
        "dataset": root,
        "pixels": {name: after for name, _, after in _counts(result)},
        "pixels_in_labels": {name: before for name, before, _ in _counts(result)},
        "left_out": list(result.problems),
        **{name: value for name, value in vars(result).items() if name not in _TOLD_OTHERWISE},
    }
