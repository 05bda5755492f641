"""seg-prep masks inspect."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from prep.cli.console import emit, progress, table
from prep.cli.options import (
    first_id_option,
    json_option,
    match_option,
    overwrite_option,
    reader_option,
    seed_option,
    variable_option,
    workers_option,
)

if TYPE_CHECKING:
    from prep.inspection import Inspection

_SHOWN = 30


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--images",
    "photos",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="FOLDER",
    show_default="the photos that the labels name or lie beside",
    help="Photos to compare sizes and orientation with.",
)
@click.option(
    "--classes",
    "classes_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
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
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write what was found as a class map to edit: a list, or JSON if the name ends in .json.",
)
@seed_option
@workers_option
@overwrite_option
@json_option
def inspect(
    source: Path,
    photos: Path | None,
    classes_file: Path | None,
    first_id: int | None,
    match: tuple[str, str],
    reader: str | None,
    variable: str,
    target: Path | None,
    seed: int,
    workers: int | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Show every value in raw labels, with its pixels, files and name, and what is odd about the files.

    Reads whatever 'seg-prep masks convert' reads, and changes nothing. Nothing here is random.

    Example:

    \b
        seg-prep masks inspect labels/
        seg-prep masks inspect labels/ --images photos/ --write classes.txt
    """
    from prep.errors import SegError
    from prep.inspection import inspect_labels

    if target is not None and target.exists() and not overwrite:
        raise SegError(f"{target}: exists already; add --overwrite to replace it")
    with progress("Reading") as advance:
        found = inspect_labels(
            source,
            photos=photos,
            classes_file=classes_file,
            reader=reader,
            variable=variable,
            first_id=first_id,
            patterns=match,
            workers=workers,
            progress=advance,
        )
    written = ""
    if target is not None:
        _write(target, found)
        written = f"\n{len(found.classes)} classes -> {target}; edit the names, then add --classes {target}"
    emit(
        {
            "source": source,
            "from": found.reader,
            "labels": found.labels,
            "values": [vars(value) for value in found.values],
            "remarks": list(found.remarks),
        },
        _text(found) + written,
    )


def _text(found: "Inspection") -> str:
    shown = [value for value in found.values if not value.is_noise][:_SHOWN]
    rows = [[v.value, f"{v.pixels:,}", f"{v.share:.2%}", str(v.files), v.name or "-"] for v in shown]
    more = len(found.values) - len(shown)
    lines = [table(["value", "pixels", "share", "files", "name"], rows)]
    if more:
        lines.append(f"... and {more:,} more values (--json lists all)")
    lines += [f"* {remark}" for remark in found.remarks]
    return "\n".join([*lines, f"{found.labels} labels, read as {found.reader}"])


def _write(target: Path, found: "Inspection") -> None:
    from prep.classes import format_list, write_classes
    from prep.files import write_text

    if target.suffix.lower() == ".json":
        write_classes(target, found.classes)
    else:
        write_text(target, format_list(found.classes) + "\n")
