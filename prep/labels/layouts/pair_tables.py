"""Tables of which each row names an image and its mask: CSV files, JSON lines, manifests of SageMaker."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from prep.core.classes import ClassMap, Color, parse_color
from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.core.folder_names import SPLIT_WORDS
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.text_files import decode_text

SUFFIXES = (".csv", ".tsv", ".jsonl", ".manifest")
_MOST_BYTES = 1 << 26
_MASK_WORDS = ("mask", "label", "seg", "annot", "gt", "target", "truth")
_TWO = 2


def pairs_in(path: Path) -> dict[str, list[tuple[str, str]]]:
    """(image, mask) of each row by the split that it says, "" where none; nothing if it is no such table.

    Of two names of images in a row the mask is the one whose column says so, else the second.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for number, row in enumerate(_rows(path)):
        named = {
            key: _plain(value)
            for key, value in row.items()
            if isinstance(value, str) and PurePosixPath(_plain(value)).suffix.lower() in IMAGE_SUFFIXES
        }
        if len(named) != _TWO:
            if number == 0:
                return {}
            continue
        (first, image), (second, mask) = named.items()
        if _says_mask(first) and not _says_mask(second):
            image, mask = mask, image
        said = str(row.get("split") or row.get("subset") or "").strip().lower()
        found.setdefault(SPLIT_WORDS.get(said, ""), []).append((image, mask))
    return found


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
    for cells in rows:
        yield dict(zip(header, cells, strict=False))
