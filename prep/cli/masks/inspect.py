"""seg-prep masks inspect."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from prep.cli.console import emit, progress, table
from prep.cli.options import (
    AnyPath,
    Existing,
    first_id_option,
    json_option,
    match_option,
    overwrite_option,
    reader_option,
    seed_option,
    variable_option,
    workers_option,
)
from prep.cli.storage.fetching import fetched
from prep.core.words import counted, without_secrets

if TYPE_CHECKING:
    from prep.converting.inspection import Inspection

_SHOWN = 30


def parse_sheet(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    """Read a path that ends in .png; another ending is a usage error."""
    if value is not None and value.suffix.lower() != ".png":
        raise click.BadParameter(f"{value} does not end in .png")
    return value


def list_formats(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """List the label formats and end."""
    if value:
        from prep.labels.registry import formats

        rows = [[each.name, each.title, each.requires, "written, too" if each.writes else ""] for each in formats()]
        click.echo(table(["FORMAT", "LABELS", "NEEDS", "BY EXPORT"], rows, left=range(4)))
        ctx.exit()


@click.command()
@click.option(
    "--formats",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=list_formats,
    help="List the label formats that are read or recognised, and end.",
)
@click.argument("source", type=Existing(urls=True))
@click.option(
    "--images",
    "photos",
    type=Existing(file_okay=False, urls=True),
    metavar="FOLDER",
    show_default="the photos that the labels name or lie beside",
    help="Photos to compare sizes and orientation with.",
)
@click.option(
    "--classes",
    "classes_file",
    type=Existing(dir_okay=False, urls=True),
    metavar="FILE",
    show_default="the labels' own, or the one beside them",
    help="Class map that names the values.",
)
@first_id_option
@match_option
@reader_option
@variable_option
@click.option(
    "--write",
    "target",
    type=AnyPath(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write what was found as a class map to edit: a list, or JSON if the name ends in .json.",
)
@click.option(
    "--sheet",
    type=AnyPath(path_type=Path, dir_okay=False),
    callback=parse_sheet,
    metavar="FILE.png",
    help="Write a picture of what the photos show where each value lies, to recognise water, road, ...",
)
@seed_option
@workers_option
@overwrite_option
@json_option
@click.pass_context
def inspect(
    context: click.Context,
    source: Path | str,
    photos: Path | str | None,
    classes_file: Path | str | None,
    first_id: int | None,
    match: tuple[str, str] | None,
    reader: str | None,
    variable: str,
    target: Path | None,
    sheet: Path | None,
    seed: int,
    workers: int | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Show every value in raw labels, with its pixels, files and name, and what is odd about the files.

    Reads whatever 'seg-prep masks convert' reads, and changes nothing; the exit code is 1 if a label cannot be read.
    Nothing here is random. Where photos are known, the column "photo" is their mean colour where the value lies, in the
    few photos that hold most of it; --sheet shows crops of them, bright where the value lies and dimmed elsewhere.

    Example:

    \b
        seg-prep masks inspect labels/
        seg-prep masks inspect labels/ --images photos/ --write classes.txt
        seg-prep masks inspect labels/ --images photos/ --sheet values.png
        seg-prep masks inspect s3://bucket/labels
    """
    from prep.converting.inspection import inspect_labels, write_results

    places = (source, photos, classes_file)
    with fetched(places, keep=True) as (labels, images, classes), progress("Reading") as advance:
        assert labels is not None, "click asks for it"
        found = inspect_labels(
            labels,
            photos=images,
            classes_file=classes,
            reader=reader,
            variable=variable,
            first_id=first_id,
            patterns=match,
            workers=workers,
            progress=advance,
        )
    write_results(found, target, sheet, overwrite=overwrite)
    written = ""
    if target is not None:
        number = counted(len(found.classes), "class", "classes")
        written = f"\n{number} -> {target}; edit the names, then add --classes {target}"
    if sheet is not None:
        written += f"\nwhat lies under each value -> {sheet}"
    emit(
        {
            "source": source if isinstance(source, Path) else without_secrets(source),
            "from": found.reader,
            "labels": found.labels,
            "values": [vars(value) for value in found.values],
            "remarks": list(found.remarks),
            "problems": list(found.problems),
        },
        _text(found) + written,
    )
    if found.problems:
        context.exit(1)


def _text(found: "Inspection") -> str:
    first = [value for value in found.values if not value.is_noise][:_SHOWN]
    photo = ["photo"] if found.appearances else []
    rows = [
        [v.value, f"{v.pixels:,}", f"{v.share:.2%}", str(v.files), *([v.photo or "-"] if photo else []), v.name or "-"]
        for v in first
    ]
    more = len(found.values) - len(first)
    lines = [table(["value", "pixels", "share", "files", *photo, "name"], rows)]
    lines += [f"... and {counted(more, 'more value')} (--json lists all)"] if more else []
    lines += [f"* {remark}" for remark in found.remarks]
    return "\n".join([*lines, f"{counted(found.labels, 'label')}, read as {found.reader}"])
