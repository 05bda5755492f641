"""Tables that name photos and masks without their endings: which columns are these, and which files do they mean."""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote

from prep.core.folder_names import names_labels, words_of
from prep.labels.layouts.splits import split_of
from prep.labels.shapes.folders_said import as_compared
from prep.labels.tables.pair_columns import first_and_second, roles_of

Stems = Mapping[str, Sequence[str]]
"""Paths of files by their names without an ending, as names are compared, and by the numbers that these are: /1."""

_Rows = Sequence[Mapping[str, object]]
_Named = list[tuple[Mapping[str, object], dict[str, str]]]
"""Rows, and the files that they name by the column."""

_NUMBER = re.compile(r"0*(\d{1,18})(?:\.0+)?")
_MASK_WORDS = frozenset({"mask", "masks", "segmentation", "seg"})
_NAME_WORDS = frozenset({"name", "names", "file", "files", "filename", "image", "path"})
_ID_WORDS = frozenset({"id", "ids", "no", "nr", "number"})
"""An id of a mask may be its name, or counted from 0 in the table alone: then one of them is no file."""


def by_stem(paths: Iterable[str]) -> Stems:
    """Files by their names without an ending."""
    found: dict[str, list[str]] = {}
    for path in paths:
        stem = as_compared(PurePosixPath(path).stem)
        found.setdefault(stem, []).append(path)
        if number := _number(stem):
            found.setdefault(number, []).append(path)
    return found


def names_file(cell: str, stems: Stems) -> bool:
    """Whether a cell is the name of a file without its ending, or a number that such a name is."""
    stem = as_compared(PurePosixPath(cell).name)
    return stem in stems or _number(stem) in stems


def plain_path(value: str) -> str:
    """The path in s3://bucket/images/a.jpg, and in C:\\images\\a.jpg."""
    return unquote(value.split("://", 1)[-1]).replace("\\", "/").strip()


def as_number(cell: str) -> str:
    """A cell with a number as this is counted: 1 of 001, as names have it, and of 1.0, as pandas; else empty."""
    return _number(cell).lstrip("/")


def without_endings(rows: _Rows, stems: Stems) -> _Named:
    """The rows that name an image and its mask without endings, with their files; none if it is no such table.

    A class that photos are of is no mask: masks are named once each, most of them are there, and numbers are masks
    only in a column that says mask. Where no column says so, each name has to be that of one file, and in one column.
    Where names are not there as they are written, numbers are those of files: spreadsheets drop the zeros of 001.
    """
    return _pairs(rows, stems, _stem) or _pairs(rows, stems, lambda value: _number(_stem(value)) or _stem(value))


def _pairs(rows: _Rows, stems: Stems, named_in: Callable[[object], str]) -> _Named:
    """The same for names as one way to read a cell has them."""
    columns = {column: [named_in(row.get(column)) for row in rows] for column in dict.fromkeys(itertools.chain(*rows))}
    named = [column for column, cells in columns.items() if 2 * sum(cell in stems for cell in cells) >= len(cells)]
    says_mask = all(roles_of(named))
    photos, masks = roles_of(named) if says_mask else first_and_second(named)
    if len(photos) != 1 or len(masks) != 1 or not (says_mask or {*columns[photos[0]]}.isdisjoint(columns[masks[0]])):
        return []
    said = [cell for cell in columns[masks[0]] if cell in stems]
    are_numbers = all(_number(cell.lstrip("/")) for cell in said)
    words = words_of(masks[0])
    if len({*said}) < len(said) or (are_numbers and not _names_masks(words)):
        return []
    if are_numbers and words & _ID_WORDS and len(said) < len(rows):
        return []
    photo_of = {stem: _only_file(stems, stem, of_labels=False) for stem in {*columns[photos[0]]}}
    found = []
    for row, photo, mask in zip(rows, columns[photos[0]], columns[masks[0]], strict=True):
        files = photo_of[photo], _only_file(stems, mask, of_labels=True)
        if all(files) and files[0] != files[1] and (says_mask or len(stems[photo]) == len(stems[mask]) == 1):
            found.append((row, {photos[0]: files[0], masks[0]: files[1]}))
    is_one_or_other = {named[photos[0]] for _, named in found}.isdisjoint(named[masks[0]] for _, named in found)
    return _at_home(found) if is_one_or_other and 2 * len(found) >= len(said) else []


def _names_masks(words: Collection[str]) -> bool:
    """Whether a column of numbers says that they are masks: not n_masks, mask_area or mask_idx."""
    return bool(_MASK_WORDS & {*words}) and {*words} <= _MASK_WORDS | _NAME_WORDS | _ID_WORDS


def _at_home(rows: _Named) -> _Named:
    """The rows with each name in the folder that holds most of its column, if its file lies only below that one.

    A file of images/backup is another version of the one that images/ has lost.
    """
    columns: dict[str, Counter[PurePosixPath]] = {}
    for _, named in rows:
        for column, file in named.items():
            columns.setdefault(column, Counter())[PurePosixPath(file).parent] += 1
    homes = {column: folders.most_common(1)[0][0] for column, folders in columns.items() if len(folders) > 1}
    homes = {column: home for column, home in homes.items() if 2 * columns[column][home] > len(rows)}
    if not homes:
        return rows
    return [(row, {each: _in_home(file, homes.get(each)) for each, file in named.items()}) for row, named in rows]


def _in_home(file: str, home: PurePosixPath | None) -> str:
    path = PurePosixPath(file)
    is_below = home is not None and home in path.parent.parents and not split_of(path.parent.as_posix())
    return (home / path.name).as_posix() if home is not None and is_below else file


def _stem(value: object) -> str:
    return as_compared(PurePosixPath(plain_path(value)).name) if isinstance(value, str) else ""


def _number(stem: str) -> str:
    """The key of all files that are called by the number that a name is; empty if it is none."""
    found = _NUMBER.fullmatch(stem)
    return f"/{found[1]}" if found else ""


def _only_file(stems: Stems, stem: str, *, of_labels: bool) -> str:
    """The file of a name; of several the only one that lies among labels, or does not; empty if that is not one."""
    files = stems.get(stem, ())
    alike = [file for file in files if any(map(names_labels, PurePosixPath(file).parts[:-1])) == of_labels]
    return next(iter(files if len(files) == 1 else alike if len(alike) == 1 else ()), "")
