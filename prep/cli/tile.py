"""seg-prep tile."""

from pathlib import Path
from typing import Any, Literal

import click

from prep.cli.console import end_with_left_out, finish, progress
from prep.cli.options import (
    Existing,
    WholeNumber,
    bands_option,
    json_option,
    max_failed_option,
    new_dataset_option,
    overwrite_option,
    range_option,
    seed_option,
    workers_option,
)
from prep.core.words import counted


@click.command()
@click.argument("rasters", metavar="RASTER...", nargs=-1, required=True, type=Existing())
@new_dataset_option
@click.option(
    "--size",
    type=WholeNumber(min=1),
    default=1024,
    metavar="PIXELS",
    help="Longest side of a sample; without --overlap a raster is divided into equal parts.",
)
@click.option(
    "--overlap",
    type=WholeNumber(min=0),
    default=0,
    metavar="PIXELS",
    help="What neighbours share at least; they must not be in two splits then.",
)
@click.option(
    "--labels",
    type=Existing(),
    metavar="FILE|FOLDER",
    help="Polygons (GeoPackage, GeoJSON, Shapefile), or GeoTIFFs of class numbers named as the rasters.",
)
@click.option(
    "--attribute",
    metavar="NAME",
    show_default="class; of several layers their names",
    help="Attribute of the polygons that says their class.",
)
@click.option(
    "--classes",
    "classes_file",
    type=Existing(dir_okay=False),
    metavar="FILE",
    show_default="the dataset's, else the classes of the polygons",
    help="classes.json, or a list with one name,#rrggbb a line; a third value is the class's number.",
)
@click.option(
    "--unlabelled",
    "--unlabeled",
    "unlabelled",
    metavar="NAME",
    show_default="ignore",
    help="What lies in no polygon becomes: ignore, or the class of this name.",
)
@click.option(
    "--area",
    type=Existing(dir_okay=False),
    metavar="FILE",
    help="Polygons of the area that was labelled; everything outside is ignored.",
)
@click.option(
    "--order",
    type=click.Choice(["file", "class", "size"]),
    default="file",
    help="Which of two polygons lies over the other: the later one in the file, the later class, the smaller one.",
)
@click.option(
    "--all-touched",
    is_flag=True,
    help="Label every pixel that a polygon touches, not only those with their middle in it.",
)
@range_option
@bands_option
@max_failed_option
@seed_option
@workers_option
@overwrite_option
@json_option
def tile(
    rasters: tuple[Path, ...],
    output: Path,
    labels: Path | None,
    classes_file: Path | None,
    attribute: str | None,
    unlabelled: str | None,
    area: Path | None,
    order: Literal["file", "class", "size"],
    all_touched: bool,
    seed: int,
    as_json: bool,
    **options: Any,  # noqa: ANN401  # arguments of cut_rasters
) -> None:
    """Cut GeoTIFFs of any size (files or folders), together with their labels, into samples that keep their place.

    index.csv says where each sample lies: east and north of its middle, the coordinate system, the steps of a pixel.
    Parts without data are dropped; single pixels without data are ignored (255) in masks. Polygons may be in any
    coordinate system. Of several bands --bands chooses the three that are seen. Needs the extra geo. Nothing here is
    random: the seed is only recorded.

    Example:

    \b
        seg-prep tile ortho.tif -o datasets/town --labels roofs.gpkg --attribute kind \\
            --unlabelled background
        seg-prep tile flights/ -o datasets/fields --size 512 --labels fields.shp --area mapped.gpkg
        seg-prep tile scene.tif -o datasets/cover --labels masks/ --classes classes.txt --bands 4,3,2
    """
    from prep.cutting.cut_rasters import cut_rasters
    from prep.cutting.labels import label_options

    how = label_options(
        labels, classes_file, area, attribute=attribute, unlabelled=unlabelled, order=order, all_touched=all_touched
    )
    with progress("Cutting") as advance:
        result = cut_rasters(rasters, output, labels=how, progress=advance, **options)
    root, number = result.dataset.root, len(result.samples)
    lines = list(result.notes)
    lines += [f"{counted(result.empty, 'part')} without data dropped"] if result.empty else []
    lines += [f"{counted(result.unlabelled, 'sample')} without labels"] if result.unlabelled else []
    lines.append(f"{counted(number, 'sample')} -> {root}{'' if result.changed else ' (all there already)'}")
    finish(
        root,
        {
            "dataset": root,
            "samples": number,
            "changed": result.changed,
            "without_data": result.empty,
            "without_labels": result.unlabelled,
            "left_out": list(result.problems),
            "notes": list(result.notes),
        },
        "\n".join(lines),
    )
    end_with_left_out(result.problems)
