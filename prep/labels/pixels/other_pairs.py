"""Tables beside masks that pair them with other photos than their names do, and were not read as lists of pairs."""

import shlex
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from prep.core.errors import SegError
from prep.core.folder_names import names_labels
from prep.dataset.dataset_files import INDEX
from prep.labels.contents import Contents
from prep.labels.layouts.lists import may_be_tables, tables_of_images
from prep.labels.layouts.pair_tables import JSON, LISTS, SUFFIXES, Stems, by_stem, names_masks, pairs_in, rows_in
from prep.labels.pairs.namesakes import PathEnds
from prep.labels.rerooting import path_parts
from prep.labels.shapes.folders_said import as_compared

_FEW = 16


def refuse_other_pairs(source: Path, converted: Callable[[], Collection[tuple[Path, Path]]]) -> None:
    """SegError if a table in a folder, or beside one of labels, names photos and masks, and none of them is a pair.

    converted: the (photo, mask) that are going to be, asked for where there is such a table.
    """
    contents = Contents(source)
    beside = _beside(source) if source.is_dir() else []
    if not source.is_dir() or not (beside or any(file.path.name != INDEX for file in may_be_tables(contents))):
        return
    pairs = frozenset(converted())
    paths = {path for pair in pairs for path in pair}
    stems = by_stem(path.as_posix() for path in paths)
    by_name: dict[str, list[Path]] = {}
    for path in paths:
        by_name.setdefault(as_compared(path.name), []).append(path)
    ends = {name: PathEnds(named) for name, named in by_name.items()}
    photo_of = {mask: photo for photo, mask in pairs}
    tables = [file.path for file in tables_of_images(contents, stems)] + beside
    for table in tables:
        for row in rows_in(table, stems) if table.name != INDEX else ():  # of a dataset of ours
            said = {named for name in row.values() if (named := _file_of(name, ends))}
            masks = {path for path in said if path in photo_of}  # & would go through all keys for each row
            photos = said - masks
            if masks and photos and not any((photo, mask) in pairs for photo in photos for mask in masks):
                raise _other_pair(source, table, (min(photos), min(masks)), photo_of, stems)


def _beside(source: Path) -> list[Path]:
    """Tables beside a folder that holds labels, by its name."""
    around = source.absolute().parent if source.name in ("", "..") else source.parent
    own = names_labels(source.absolute().name)
    files = sorted(path for path in around.iterdir() if path.is_file()) if own else []
    texts = [path for path in files if path.suffix.lower() in LISTS]
    few = texts if len(texts) <= _FEW else []  # else each is of a photo
    return [*(path for path in files if path.suffix.lower() in (*SUFFIXES, JSON)), *few]


def _file_of(name: str, ends: Mapping[str, PathEnds]) -> Path | None:
    """The file whose path has the longest end in common with a name; None if that is not one alone."""
    parts = path_parts(name)
    named = ends.get(as_compared(parts[-1])) if parts else None
    closest = named.closest(parts) if named else ()
    return closest[0] if len(closest) == 1 else None


def _other_pair(
    source: Path, table: Path, pair: tuple[Path, Path], photo_of: Mapping[Path, Path], stems: Stems
) -> SegError:
    photo, mask = pair
    said = f"{table}: {mask.name} stands beside {photo.name} there, and would be the mask of {photo_of[mask].name}"
    place = source if table.is_relative_to(source) else table.parent
    if not pairs_in(table, stems) or not names_masks(table, stems):
        way = "keep two columns of names of images in it, called image and mask"
    elif place == source:
        way = "give the masks the names of their photos"
    else:
        way = f"name the folder that its paths begin in as SOURCE:\n  {shlex.quote(str(place))}"
    return SegError(
        f"{said}. Nothing was written; if names are right, move the table out of {place}; if the table is right, {way}"
    )
