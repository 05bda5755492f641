"""Tables of which each row names an image and its mask: CSV files, JSON and its lines, manifests of SageMaker."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import TypeGuard

from prep.core.classes import ClassMap, Color, parse_color
from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.core.folder_names import SPLIT_WORDS, names_labels
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.region_labels import load_json
from prep.labels.tables.bare_names import Stems, names_file, plain_path, without_endings
from prep.labels.tables.pair_columns import MASK_PARTS, first_and_second, roles_of, split_said
from prep.labels.text_files import decode_names, text_in_gbk

SUFFIXES = (".csv", ".tsv", ".jsonl", ".manifest")
JSON = ".json"
LISTS = (".txt", ".lst")
_NO_STEMS: Stems = MappingProxyType({})
_MOST_BYTES = 1 << 26
_NAME_COLUMNS = (
    "image",
    "filename",
    "file_name",
    "file",
    "name",
    "image_id",
    "image_path",
    "path",
    "img",
    "stem",
    "id",
)
_TWO = 2
_SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
"""The first line that Excel understands, and some write for it."""
_BREAK = re.compile(r"[\s,;|]+")
_PAIR = re.compile(r"(.*?\.[A-Za-z]{3,4})[\s,;|]+(.*\.[A-Za-z]{3,4})")
_PLAIN = ""
"""The column of a name that stands in a list by itself."""
_MASK_IN_JSON = re.compile(
    rf'"[^"]*(?:{"|".join((*MASK_PARTS, "output"))})[^"]*"\s*:\s*"[^"]*(?:{"|".join(map(re.escape, IMAGE_SUFFIXES))})"',
    re.IGNORECASE,
)


def begins_with_names(head: bytes, stems: Stems) -> bool:
    """Whether the first lines of a table, in UTF-16 too, name images, or files that are there without an ending."""
    text = head.replace(b"\0", b"").lower()
    if sum(text.count(suffix.encode()) for suffix in IMAGE_SUFFIXES) > 1:
        return True
    shown = text_in_gbk(text[: text.rfind(b"\n") + 1] or text) or text.decode("utf-8", "replace")
    lines = (_BREAK.split(line) for line in (shown.splitlines() if stems else ()))
    return any(sum(names_file(cell.strip("\"'"), stems) for cell in cells) > 1 for cells in lines)


def pairs_in(path: Path, stems: Stems = _NO_STEMS) -> dict[str, list[tuple[str, str]]]:
    """(image, mask) of each row by the split that it says, "" where none; nothing if it is no such table.

    The mask is empty where a row names none. Where no column says mask, the second of two names of images is it.
    stems: the files that are there, for a table that leaves out the endings of their names.
    """
    if path.suffix.lower() == JSON:
        return _pairs_in_json(_content(path))
    rows = list(_rows(path, stems))
    named = [(split_said(row), found) for row in rows if (found := _images_in(row))]
    if not any(len(found) > 1 for _, found in named):
        named = [(split_said(row), found) for row, found in without_endings(rows, stems)]
    return _pairs_of(named, first_and_second) if any(len(found) > 1 for _, found in named) else {}


def names_masks(path: Path, stems: Stems = _NO_STEMS) -> bool:
    """Whether a column of a table says that it names masks, and not only that it names a second image."""
    return bool(roles_of(dict.fromkeys(column for row in rows_in(path, stems) for column in row))[1])


def rows_in(path: Path, stems: Stems = _NO_STEMS) -> Iterator[dict[str, str]]:
    """The names of images in each row of a table, or in each entry of the lists of a JSON file, by their columns."""
    if path.suffix.lower() != JSON:
        rows = list(_rows(path, stems))
        named = list(map(_images_in, rows))
        has_pairs = any(len(found) > 1 for found in named)
        yield from named if has_pairs else (found for _, found in without_endings(rows, stems))
        return
    content = _content(path)
    for entries in content.values() if isinstance(content, dict) else [content]:
        yield from (_images_in(entry) for entry in (entries if isinstance(entries, list) else ()) if _is_row(entry))


def _images_in(row: Mapping[str, object]) -> dict[str, str]:
    """The names of images in a row by their columns."""
    plain = {key: plain_path(value) for key, value in row.items() if isinstance(value, str)}
    return {key: name for key, name in plain.items() if PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES}


def begins_with_masks(head: bytes) -> bool:
    """Whether the beginning of a JSON file, in UTF-16 too, names an image under a key that says mask."""
    return bool(_MASK_IN_JSON.search(head.replace(b"\0", b"").decode("utf-8", "replace")))


def _pairs_in_json(content: object) -> dict[str, list[tuple[str, str]]]:
    """The pairs of [{"image": name, "mask": name}, ...], or of such lists by splits, as MSD and MONAI have them.

    Of a file without splits, {"data": [...]}, all lists that name masks. What a split names without a mask has an
    empty one. Nothing if an entry of such a list is none.
    """
    by_split: Mapping[object, object] = {"": content}
    if isinstance(content, dict):
        by_split = {key: entries for key, entries in content.items() if str(key).lower() in SPLIT_WORDS} or {
            key: entries for key, entries in content.items() if _names_masks(entries)
        }
    rows = []
    for key, entries in by_split.items():
        for entry in entries if isinstance(entries, list) else ():
            row = entry if _is_row(entry) else {_PLAIN: entry}
            if not (named := _images_in(row)):
                return {}
            rows.append((SPLIT_WORDS.get(str(key).lower()) or split_said(row), named))
    return _pairs_of(rows)


def _is_row(entry: object) -> TypeGuard[dict[str, object]]:
    return isinstance(entry, dict)


def _names_masks(entries: object) -> bool:
    """Whether entries of a list name photos with masks."""
    rows = [_images_in(entry) for entry in entries if _is_row(entry)] if isinstance(entries, list) else []
    return all(roles_of(dict.fromkeys(column for row in rows for column in row)))


def _pairs_of(
    rows: Sequence[tuple[str, Mapping[str, str]]],
    otherwise: Callable[[Iterable[str]], tuple[list[str], list[str]]] = roles_of,
) -> dict[str, list[tuple[str, str]]]:
    """The pairs of rows (split, names by columns); nothing if a row leaves open which is its photo, or its mask.

    otherwise: tells the columns where no name of one says mask.
    """
    columns = dict.fromkeys(column for _, named in rows for column in named if column != _PLAIN)
    photos, masks = roles_of(columns)
    if not masks:
        photos, masks = otherwise(columns)
    found: dict[str, list[tuple[str, str]]] = {}
    for split, named in rows:
        image, mask = _only(named, [*photos, _PLAIN]), _only(named, masks)
        if image is None or mask is None:
            return {}
        if image:
            found.setdefault(split, []).append((image, mask))
    return found if any(mask for pairs in found.values() for _, mask in pairs) else {}


def _only(named: Mapping[str, str], columns: Sequence[str]) -> str | None:
    """The name in these columns, the longest of several of one file; empty if there is none, None for several."""
    names = [named[column] for column in columns if column in named]
    if len({PurePosixPath(name).name for name in names}) > 1:
        return None
    return max(names, key=len, default="")


def splits_in(path: Path) -> dict[str, list[str]]:
    """Names of images by the split that a table or a JSON file puts them into; nothing if it is no such file.

    A row with a column split (subset, set) and one with names; {"train": [names], "val": [names]}.
    """
    found: dict[str, list[str]] = {}
    if path.suffix.lower() == ".json":
        content = _content(path)
        for key, names in content.items() if isinstance(content, dict) else ():
            if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
                found.setdefault(SPLIT_WORDS.get(str(key).lower(), ""), []).extend(map(plain_path, names))
        return found if found and "" not in found else {}
    for row in _rows(path):
        plain = {str(key).strip().lower(): str(value).strip() for key, value in row.items() if isinstance(value, str)}
        if not any(plain.values()):  # an empty line
            continue
        split = split_said(row)
        name = next((plain[key] for key in _NAME_COLUMNS if plain.get(key)), "")
        if not name or not split:
            return {}
        found.setdefault(split, []).append(plain_path(name))
    return found


def _content(path: Path) -> object:
    try:
        return load_json(path) if path.stat().st_size <= _MOST_BYTES else None
    except (OSError, SegError):
        return None


def colors_in(path: Path) -> ClassMap | None:
    """The classes that a manifest of SageMaker Ground Truth says of its masks (internal-color-map); None if none."""
    found: dict[str, Color] = {}
    for row in _rows(path) if path.suffix.lower() == ".manifest" else ():
        for value in row.values():
            said = value.get("internal-color-map") if isinstance(value, dict) else None
            for each in said.values() if isinstance(said, dict) else ():
                name, color = each.get("class-name"), parse_color(str(each.get("hex-color")))
                if found.setdefault(str(name), color) != color:
                    raise SegError(f"{path}: class {name} has two colours; convert the masks of each by themselves")
    return ClassMap(tuple(found), tuple(found.values())) if found else None


def _rows(path: Path, stems: Stems = _NO_STEMS) -> Iterator[dict[str, object]]:
    """Rows by the names of their columns; none of a file that is too large, or of another kind.

    stems: tell a first row that names files without endings from one that names columns.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            return
        text = decode_names(path, read_bytes(path))
    except (OSError, SegError):
        return
    lines = text.splitlines()
    if path.suffix.lower() in (".jsonl", ".manifest"):
        for line in lines:
            try:
                row = json.loads(line) if line.strip() else {}
            except ValueError:
                return
            if isinstance(row, dict):
                yield row
        return
    if path.suffix.lower() in LISTS:
        for one, other in filter(None, map(_two_names, lines)):
            yield {"column 1": one, "column 2": other}
        return
    cells_of = _table(lines)
    if not cells_of:
        return
    header, *rows = cells_of
    said = [cell.strip().lower() in SPLIT_WORDS for cell in header]
    if len(header) == _TWO and sum(said) == 1:  # x0,train: the first row is none of names
        header, rows = ["split" if each else "name" for each in said], [header, *rows]
    elif any(PurePosixPath(plain_path(cell)).suffix.lower() in IMAGE_SUFFIXES for cell in header) or (
        len(header) > 1 and all(names_file(plain_path(cell), stems) for cell in header)
    ):
        header, rows = _without_names(header), [header, *rows]
    for cells in rows:
        yield dict(zip(header, cells, strict=False))


def _table(lines: Sequence[str]) -> list[list[str]]:
    """The cells of each line, from the first that is not empty, a comment, or Excel's sep=; on."""
    said = next((match[1] for line in lines[:1] if (match := _SEPARATOR.fullmatch(line))), "")
    start = next((number for number, line in enumerate(lines) if not _is_no_row(line)), len(lines))
    before, lines = lines[:start], lines[start:]
    if not lines:
        return []
    delimiter = said or max(",;\t|", key=lines[0].count)
    if before and before[-1].startswith("#") and before[-1].count(delimiter) == lines[0].count(delimiter) > 0:
        lines = [before[-1].lstrip("# "), *lines]  # names of the columns
    if delimiter not in lines[0] and len(lines[0].split()) > 1:
        delimiter = " "
    try:
        return list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        return []


def _is_no_row(line: str) -> bool:
    is_comment = line.startswith("#") and not any(suffix in line.lower() for suffix in IMAGE_SUFFIXES)
    return is_comment or not line.strip(" \t,;|") or bool(_SEPARATOR.fullmatch(line))


def _two_names(line: str) -> tuple[str, str] | None:
    """The two names in a line of a text; None if there are more or fewer."""
    if (pair := _PAIR.fullmatch(line.strip())) is not None:
        return pair[1], pair[2]
    cells = _BREAK.split(line.strip())
    return (cells[0], cells[1]) if len(cells) == _TWO else None


def _without_names(first: Sequence[str]) -> list[str]:
    """Names for the columns of a table that has none, by the folders of the files in its first row."""
    folders = [PurePosixPath(plain_path(cell)).parent.name for cell in first]
    return [f"{'mask' if names_labels(folder) else 'column'} {number}" for number, folder in enumerate(folders, 1)]
