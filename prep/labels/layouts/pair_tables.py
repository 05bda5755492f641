"""Tables of which each row names an image and its mask: CSV files, JSON and its lines, manifests of SageMaker."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from prep.core.classes import ClassMap, Color, parse_color
from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.core.folder_names import SPLIT_WORDS
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.text_files import decode_text

SUFFIXES = (".csv", ".tsv", ".jsonl", ".manifest")
JSON = ".json"
_MOST_BYTES = 1 << 26
_MASK_WORDS = ("mask", "label", "seg", "annot", "gt", "target", "truth")
_SPLIT_COLUMNS = ("split", "subset", "set", "partition", "phase")
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
_MASK_IN_JSON = re.compile(
    rf'"[^"]*(?:{"|".join(_MASK_WORDS)})[^"]*"\s*:\s*"[^"]*(?:{"|".join(map(re.escape, IMAGE_SUFFIXES))})"',
    re.IGNORECASE,
)


def pairs_in(path: Path) -> dict[str, list[tuple[str, str]]]:
    """(image, mask) of each row by the split that it says, "" where none; nothing if it is no such table.

    Of two names of images in a row the mask is the one whose column says so, else the second.
    """
    if path.suffix.lower() == JSON:
        return _pairs_in_json(_content(path))
    found: dict[str, list[tuple[str, str]]] = {}
    for number, row in enumerate(_rows(path)):
        named = _images_in(row)
        if len(named) != _TWO:
            if number == 0:
                return {}
            continue
        (first, image), (second, mask) = named.items()
        if _says_mask(first) and not _says_mask(second):
            image, mask = mask, image
        found.setdefault(_split_said(row), []).append((image, mask))
    return found


def _images_in(row: Mapping[str, object]) -> dict[str, str]:
    """The names of images in a row by their columns."""
    plain = {key: _plain(value) for key, value in row.items() if isinstance(value, str)}
    return {key: name for key, name in plain.items() if PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES}


def _split_said(row: Mapping[str, object]) -> str:
    return SPLIT_WORDS.get(str(row.get("split") or row.get("subset") or "").strip().lower(), "")


def begins_with_masks(head: bytes) -> bool:
    """Whether the beginning of a JSON file names an image under a key that says mask."""
    return bool(_MASK_IN_JSON.search(head.decode("utf-8", "replace")))


def _pairs_in_json(content: object) -> dict[str, list[tuple[str, str]]]:
    """The pairs of [{"image": name, "mask": name}, ...], or of such lists by splits, as MSD and MONAI have them.

    What a split names without a mask has an empty one. Nothing if an entry of such a list is none.
    """
    by_split: Mapping[object, object] = {"": content}
    if isinstance(content, dict):
        by_split = {key: entries for key, entries in content.items() if str(key).lower() in SPLIT_WORDS}
    found: dict[str, list[tuple[str, str]]] = {}
    for key, entries in by_split.items():
        for entry in entries if isinstance(entries, list) else ():
            named = _images_in(entry if isinstance(entry, dict) else {"image": entry})
            masks = [name for column, name in named.items() if _says_mask(column)]
            images = [name for column, name in named.items() if not _says_mask(column)]
            if len(images) != 1 or len(masks) > 1:
                return {}
            split = SPLIT_WORDS.get(str(key).lower()) or (_split_said(entry) if isinstance(entry, dict) else "")
            found.setdefault(split, []).append((images[0], masks[0] if masks else ""))
    return found if any(mask for pairs in found.values() for _, mask in pairs) else {}


def splits_in(path: Path) -> dict[str, list[str]]:
    """Names of images by the split that a table or a JSON file puts them into; nothing if it is no such file.

    A row with a column split (subset, set) and one with names; {"train": [names], "val": [names]}.
    """
    found: dict[str, list[str]] = {}
    if path.suffix.lower() == ".json":
        content = _content(path)
        for key, names in content.items() if isinstance(content, dict) else ():
            if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
                found.setdefault(SPLIT_WORDS.get(str(key).lower(), ""), []).extend(map(_plain, names))
        return found if found and "" not in found else {}
    for row in _rows(path):
        plain = {str(key).strip().lower(): str(value).strip() for key, value in row.items() if isinstance(value, str)}
        if not any(plain.values()):  # an empty line
            continue
        split = next((plain[key] for key in _SPLIT_COLUMNS if key in plain), "")
        name = next((plain[key] for key in _NAME_COLUMNS if plain.get(key)), "")
        if not name or split.lower() not in SPLIT_WORDS:
            return {}
        found.setdefault(SPLIT_WORDS[split.lower()], []).append(_plain(name))
    return found


def _content(path: Path) -> object:
    try:
        return json.loads(read_bytes(path)) if path.stat().st_size <= _MOST_BYTES else None
    except (OSError, SegError, ValueError):
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


def _says_mask(column: str) -> bool:
    return any(word in column.lower() for word in _MASK_WORDS)


def _plain(value: str) -> str:
    """The path in s3://bucket/images/a.jpg, and in C:\\images\\a.jpg."""
    return unquote(value.split("://", 1)[-1]).replace("\\", "/").strip()


def _rows(path: Path) -> Iterator[dict[str, object]]:
    """Rows by the names of their columns; none of a file that is too large, or of another kind."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return
        text = decode_text(path, read_bytes(path), otherwise="cp1252")
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
    if not lines:
        return
    delimiter = max(",;\t", key=lines[0].count)
    try:
        header, *rows = csv.reader(lines, delimiter=delimiter)
    except csv.Error:
        return
    said = [cell.strip().lower() in SPLIT_WORDS for cell in header]
    if len(header) == _TWO and sum(said) == 1:  # x0,train: the first row is none of names
        header, rows = ["split" if each else "name" for each in said], [header, *rows]
    for cells in rows:
        yield dict(zip(header, cells, strict=False))
