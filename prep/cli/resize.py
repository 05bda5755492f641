"""seg-prep resize."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from prep.cli.console import end_with_left_out, finish, note, progress, table
from prep.cli.options import (
    AnyNumber,
    Existing,
    WholeNumber,
    bands_option,
    cluster_option,
    json_option,
    max_failed_option,
    new_dataset_option,
    overwrite_option,
    range_option,
    seed_option,
    workers_option,
)
from prep.cli.storage.fetching import fetched
from prep.core.words import counted

if TYPE_CHECKING:
    from prep.images.bands import Bands
    from prep.photos.ranges import Span
    from prep.photos.resize import Resized


@click.command()
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True, type=Existing(urls=True))
@new_dataset_option
@click.option("--size", required=True, metavar="PIXELS", help="Pixels, for exact and letterbox also WIDTHxHEIGHT.")
@click.option(
    "--fit",
    type=click.Choice(["long", "short", "exact", "letterbox"]),
    default="long",
    help="What gets this size: the longer side, the shorter side, both (distorts), or a black frame around.",
)
@click.option("--enlarge", is_flag=True, help="Let small photos grow; otherwise they keep their size.")
@click.option(
    "--format",
    "image_format",
    type=click.Choice(["jpg", "png"]),
    show_default="jpg; png for photos that were stored without loss",
    help="File format of the images.",
)
@click.option(
    "--quality", type=WholeNumber(1, 100), metavar="NUMBER", show_default="95", help="Quality of JPEG images."
)
@click.option("--keep-metadata", is_flag=True, help="Carry EXIF over: camera, time, and the place (GPS).")
@click.option(
    "--max-megapixels",
    type=AnyNumber(min=0, min_open=True),
    default=200,
    metavar="NUMBER",
    help="Leave out larger photos, before they fill the memory.",
)
@range_option
@bands_option
@max_failed_option
@seed_option
@workers_option
@overwrite_option
@json_option
@cluster_option
def resize(
    sources: tuple[Path | str, ...],
    output: Path,
    size: str,
    fit: Literal["long", "short", "exact", "letterbox"],
    enlarge: bool,
    span: "Span | None",
    bands: "Bands | None",
    max_failed: int | None,
    seed: int,
    workers: int | None,
    overwrite: bool,
    as_json: bool,
    **options: Any,  # noqa: ANN401  # the fields of ImageOptions
) -> None:
    """Resize photos (folders, files, .txt lists, URLs) into a dataset: upright, sRGB, without metadata.

    If SOURCE is a dataset, its masks, classes, groups and splits go along, and how these were made; what classes lose
    is told. A photo that cannot be read is left out and listed at the end; the exit code is 1 then. Nothing here is
    random: the seed is only recorded.

    Example:

    \b
        seg-prep resize photos/ -o datasets/campus --size 1024
        seg-prep resize photos/ -o datasets/campus --size 640x480 --fit letterbox --format png
        seg-prep resize datasets/campus -o datasets/campus-small --size 256
        seg-prep resize s3://bucket/photos -o datasets/campus --size 1024
    """
    from prep.core.errors import SegError
    from prep.dataset.dataset import is_dataset
    from prep.images.sizing import parse_target
    from prep.photos.image_file import ImageOptions
    from prep.photos.resize import resize_photos
    from prep.photos.resize_dataset import refuse_rendering, resize_dataset

    try:
        target = parse_target(size, fit, enlarge=enlarge)
    except SegError as error:
        raise click.BadParameter(str(error), param_hint="--size") from error
    how = ImageOptions(target, **options)
    with fetched(sources) as found, progress("Resizing") as advance:
        photos = [path for path in found if path is not None]
        if len(photos) == 1 and is_dataset(photos[0]):
            refuse_rendering(photos[0], span, bands)
            result = resize_dataset(
                photos[0], output, how, max_failed=max_failed, workers=workers, overwrite=overwrite, progress=advance
            )
        else:
            result = resize_photos(
                photos,
                output,
                how,
                span=span,
                bands=bands,
                max_failed=max_failed,
                workers=workers,
                overwrite=overwrite,
                progress=advance,
            )
    _report(result)


def _report(result: "Resized") -> None:
    """Print what was made and what classes lost, then what was left out; exit code 1 if anything was."""
    root, number = result.dataset.root, len(result.samples)
    done = "" if result.changed else " (all there already)"
    classes = {each.name: asdict(each) for each in result.classes}
    finish(
        root,
        {
            "dataset": root,
            "images": number,
            "changed": result.changed,
            "classes": classes,
            "left_out": list(result.problems),
            "notes": list(result.notes),
        },
        "\n".join([*_class_table(result), *result.notes, f"{counted(number, 'image')} -> {root}{done}"]),
    )
    lost = [each for each in result.classes if each.is_lost]
    if lost:
        note("Warning: small regions are lost; a larger --size keeps more of them.")
    for each in lost:
        note(f"  {each.describe()}")
    end_with_left_out(result.problems)


def _class_table(result: "Resized") -> list[str]:
    if not result.classes:
        return []
    rows = [[each.name, f"{each.before:,}", f"{each.after:,}", f"{each.kept:.0%}"] for each in result.classes]
    return [table(["class", "pixels before", "after", "of those to expect"], rows)]
