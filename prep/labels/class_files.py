"""Read class maps as the tools write them: ours, Supervisely, CVAT and VOC, CamVid, fastai, MATLAB, plain lists."""

import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path

from prep.core.classes import ClassMap, Color, made_up_classes, parse_classes, parse_color
from prep.core.errors import SegError
from prep.core.files import read_bytes, within_limits
from prep.labels.matlab.ground_truth import definitions_from_mat

DEFINITION_NAMES = (
    "labelmap.txt",
    "label_colors.txt",
    "class_dict.csv",
    "classes.json",
    "classes.txt",
    "labels.mat",
    "codes.txt",
)
"""File names that tools give to a class map, to look for beside masks."""

IGNORED_NAMES = frozenset({"ignore", "ignored", "unlabeled", "unlabelled", "void", "dontcare", "don't care"})
"""Names that other tools give to pixels that nobody labelled. (In a list of ours only `ignore` means that.)"""

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_LABELMAP = re.compile(r"(\S[^:]*):(\d{1,3}),(\d{1,3}),(\d{1,3}):[^:]*:[^:]*")
_NUMBERS_FIRST = re.compile(r"(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\S.*)")
_NAME_FIRST = re.compile(r"(\S.*?)[\s,:]+(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})(?:\s*:.*)?[\s,]*")


def read_definitions(path: Path, first_id: int = 0) -> ClassMap:
    """Read a class map of any of these tools; SegError names the file and line that cannot be read.

    first_id: the id of the first class where the file has names only.
    """
    if path.suffix.lower() == ".mat":
        return definitions_from_mat(path)
    return parse_definitions(path, read_bytes(path), first_id)


def parse_definitions(path: Path, content: bytes, first_id: int = 0) -> ClassMap:
    """Read the content of such a text file; `path` is for errors."""
    with within_limits(path):
        lines = _lines(content)
        text = "\n".join(lines)
        try:
            if text.startswith("{"):
                data = json.loads(content)
                entries = data.get("classes") if isinstance(data, dict) else None
                if isinstance(entries, list) and any(isinstance(entry, dict) and "title" in entry for entry in entries):
                    return _supervisely(entries)
            elif lines and (_LABELMAP.fullmatch(lines[0]) or not _HEX.search(text)):
                return _colors(lines) or _names(lines, first_id)
        except ValueError as error:
            raise SegError(f"{path}: not valid JSON: {error}") from error
        except SegError as error:
            raise SegError(f"{path}: {error}") from error
        return parse_classes(path, content)


def has_names_only(path: Path) -> bool:
    """Whether a class map file says names without colours or ids, so that ids have to be counted."""
    if path.suffix.lower() in (".mat", ".json"):
        return False
    lines = _lines(read_bytes(path))
    return not _HEX.search("\n".join(lines)) and _colors(lines) is None


def _lines(content: bytes) -> list[str]:
    """Lines that say something; `# label:color_rgb` and other remarks are left out, and so are bad bytes."""
    lines = content.decode("utf-8-sig", errors="replace").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith(("#", "//"))]


def _supervisely(entries: list[object]) -> ClassMap:
    rows: list[tuple[str, Color]] = []
    for position, entry in enumerate(entries):
        if not isinstance(entry, dict) or not isinstance(entry.get("color"), str):
            raise SegError(f'class {position} needs "title" and "color": {json.dumps(entry)[:80]}')
        rows.append((str(entry.get("title", "")), parse_color(entry["color"])))
    return _class_map(rows)


def _colors(lines: Sequence[str]) -> ClassMap | None:
    """Lines `r g b name`, `name r g b`, `name:r,g,b:parts:actions`, or a CSV with a header; None if no line is so."""
    if lines and re.match(r"name\W+r\W+g\W+b\b", lines[0], re.IGNORECASE):
        rows = [row for row in csv.reader(lines[1:]) if row]
        return _class_map([(row[0].strip(), _rgb(number, row[1:4])) for number, row in enumerate(rows, start=2)])
    found: list[tuple[str, Color]] = []
    for number, line in enumerate(lines, start=1):
        if match := _LABELMAP.fullmatch(line):  # first, because a name may hold numbers
            found.append((match[1], _rgb(number, match.groups()[1:])))
        elif match := _NUMBERS_FIRST.fullmatch(line):
            found.append((match[4].strip(), _rgb(number, match.groups()[:3])))
        elif match := _NAME_FIRST.fullmatch(line):
            found.append((match[1].rstrip(":"), _rgb(number, match.groups()[1:])))
        elif found:
            raise SegError(f"line {number}: expected a name and three numbers 0..255, found {line!r:.80}")
        else:
            return None
    return _class_map(found) if found else None


def _rgb(number: int, values: Sequence[str]) -> Color:
    if len(values) != 3 or not all(value.strip().isdecimal() and int(value) <= 255 for value in values):
        raise SegError(f"line {number}: a colour is three numbers from 0 to 255, found {','.join(values)}")
    red, green, blue = map(int, values)
    return red, green, blue


def _names(lines: Sequence[str], first_id: int) -> ClassMap:
    if not lines or any("," in name or len(name) > 100 or not _is_text(name) for name in lines):
        raise SegError("no class map; write one name,#rrggbb or one name a line")
    return made_up_classes(lines, range(first_id, first_id + len(lines)))


def _is_text(name: str) -> bool:
    """Whether no bytes are in it that are no UTF-8 (read as U+FFFD) and no control characters."""
    return name.isprintable() and "\ufffd" not in name


def _class_map(rows: Sequence[tuple[str, Color]]) -> ClassMap:
    """Classes in the order of the file; names that mean "not labelled" are ignored colours."""
    named = [(name, color) for name, color in rows if name.lower() not in IGNORED_NAMES]
    ignored = tuple(color for name, color in rows if name.lower() in IGNORED_NAMES)
    if not named:
        raise SegError("holds no class")
    return ClassMap(tuple(name for name, _ in named), tuple(color for _, color in named), ignored=ignored)
