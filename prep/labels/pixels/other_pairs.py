"""Tables beside masks that pair them with other photos than their names do, and were not read as lists of pairs."""

import re
import shlex
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.core.folder_names import names_labels
from prep.dataset.dataset_files import INDEX
from prep.images.finding import FoundFile
from prep.labels.contents import Contents
from prep.labels.layouts.lists import may_be_tables, notes_on_strange_masks, tables_of_images
from prep.labels.layouts.pair_tables import JSON, LISTS, SUFFIXES, begins_with_names, names_masks, pairs_in, rows_in
from prep.labels.pairs.namesakes import PathEnds
from prep.labels.rerooting import path_parts
from prep.labels.shapes.folders_said import as_compared
from prep.labels.tables.bare_names import Stems, as_number, by_stem

_FEW, _TWO = 16, 2
_HEAD = 1 << 12
_BETWEEN = re.compile(r"[,;|\t\ufeff\"']")


def notes_on_other_pairs(source: Path, converted: Callable[[], Iterable[tuple[Path, Path]]]) -> list[str]:
    """What to say of tables, in a folder or beside one of labels, that may pair photos and masks by bare numbers.

    converted: the (photo, mask) that are going to be, asked for where there is such a table.
    Raises SegError if a table names photos and masks in words, and none of them is a pair.
    """
    if not source.is_dir():
        return []
    contents, beside = Contents(source), [FoundFile(path, path.name) for path in _beside(source)]
    files = [file for file in (*may_be_tables(contents), *beside) if file.path.name != INDEX]  # of a dataset of ours
    if not files:
        return []
    pairs = frozenset(converted())
    _refuse(contents, [file.path for file in beside], pairs)
    strange = notes_on_strange_masks(_masks_said(beside, pairs), {mask.name.casefold() for _, mask in pairs})
    return strange + [
        note
        for file in files
        if file.suffix in (*LISTS, ".csv", ".tsv")
        and _numbers_in(contents.head(file).rpartition(b"\n")[0])
        and (numbers := _numbers_in(read_bytes(file.path)))
        and (note := _on_numbers(source, file.path, numbers, pairs))
    ]


def _masks_said(beside: Sequence[FoundFile], pairs: Collection[tuple[Path, Path]]) -> dict[str, list[str]]:
    """The masks that tables beside a folder of labels name, by the table; those below the folder are told with it."""
    stems = by_stem(path.as_posix() for pair in pairs for path in pair) if beside else {}
    said = {}
    for path in (file.path for file in beside if file.suffix in SUFFIXES and file.path.name != INDEX):
        with path.open("rb") as stream:
            is_table = begins_with_names(stream.read(_HEAD), stems) and names_masks(path, stems)
        rows = pairs_in(path, stems).values() if is_table else ()
        said[path.name] = [PurePosixPath(mask).name for split in rows for _, mask in split if mask]
    return said


def _refuse(contents: Contents, beside: Sequence[Path], pairs: Collection[tuple[Path, Path]]) -> None:
    paths = {path for pair in pairs for path in pair}
    stems = by_stem(path.as_posix() for path in paths)
    by_name: dict[str, list[Path]] = {}
    for path in paths:
        by_name.setdefault(as_compared(path.name), []).append(path)
    ends = {name: PathEnds(named) for name, named in by_name.items()}
    photo_of = {mask: photo for photo, mask in pairs}
    for table in [*(file.path for file in tables_of_images(contents, stems)), *beside]:
        for row in rows_in(table, stems) if table.name != INDEX else ():
            said = {named for name in row.values() if (named := _file_of(name, ends))}
            masks = {path for path in said if path in photo_of}  # & would go through all keys for each row
            photos = said - masks
            if masks and photos and not any((photo, mask) in pairs for photo in photos for mask in masks):
                raise _other_pair(contents.source, table, (min(photos), min(masks)), photo_of, stems)


def _numbers_in(content: bytes) -> list[tuple[str, str]]:
    """Two numbers a line, of which none is twice in its column; nothing if a line but the first says something else."""
    text = content.replace(b"\0", b"").decode("utf-8", "replace")  # in UTF-16, too
    lines = list(filter(None, map(str.split, _BETWEEN.sub(" ", text).splitlines())))
    rows = lines[not all(map(as_number, lines[0])) :] if lines else []
    if any(len(row) != _TWO or not all(map(as_number, row)) for row in rows):
        return []
    pairs = [(as_number(one), as_number(other)) for one, other in rows]
    return pairs if all(len({*column}) == len(pairs) for column in zip(*pairs, strict=True)) else []


def _on_numbers(
    source: Path, table: Path, numbers: Sequence[tuple[str, str]], pairs: Collection[tuple[Path, Path]]
) -> str:
    """A note, if all numbers are names of photos and masks that are converted, and some as other pairs."""
    photo_of = {as_number(mask.stem): as_number(photo.stem) for photo, mask in pairs}
    photos = {*photo_of.values()}
    other = next(((one, mask) for one, mask in numbers if photo_of.get(mask) != one), None)
    if other is None or any(one not in photos or mask not in photo_of for one, mask in numbers):
        return ""
    place, saved = source if table.is_relative_to(source) else table.parent, table.with_suffix(".csv")
    row = ",".join(other)
    return (
        f"{table}: says {row.replace(',', ' ')} where {photo_of[other[1]]} is the photo of mask {other[1]}, and is not "
        f"followed, because bare numbers may count something. If it pairs photos with masks, save it as {saved}, with "
        f"image,mask as its first line, which is its only one of words, and commas in the others ({row}), and convert "
        f"{shlex.quote(str(place))} again with --overwrite"
    )


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
