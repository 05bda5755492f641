"""Class tables as lines of text: names, numbers before or after them, colours in decimals, our own name,#rrggbb."""

import itertools
import re
from collections.abc import Sequence

from prep.core.classes import classes_from_list, parse_color
from prep.core.errors import SegError
from prep.core.words import counted
from prep.labels.tables.columns import Line, columns, rgb, whole
from prep.labels.tables.headings import refuse_heading
from prep.labels.tables.hex_lines import as_our_lines
from prep.labels.tables.table import ClassTable, Row, table_of

_HEX = re.compile(r"#[0-9a-fA-F]{6}\b")
_HEX_FIRST = re.compile(r"(#[0-9a-fA-F]{6})[\s,;:]+(\S.*)")
_HEX_ID = re.compile(r"#[0-9a-fA-F]{6}\s*,\s*\d")
_TRAILING = re.compile(r"(?<=[^\s,;])[ \t]*[,;][ \t,;]*(?=[\r\n]|$)")
"""Columns at the ends of lines in which nothing stands, as spreadsheets leave them."""

_LABELMAP = re.compile(r"(\S[^:]*):(\d{1,3}),(\d{1,3}),(\d{1,3}):[^:]*:[^:]*")
_NUMBERS_FIRST = re.compile(r"(\d{1,3})[\s,;]+(\d{1,3})[\s,;]+(\d{1,3})[\s,;]+(\S.*)")
_NAME_FIRST = re.compile(r"(\S.*?)[\s,;:]+(\d{1,3})[\s,;]+(\d{1,3})[\s,;]+(\d{1,3})(?:\s*:.*)?[\s,;]*")
_ID_FIRST = re.compile(r"[\[(]?(\d{1,5})(?:\s*[:=,;|\t]\s*|\s+[-\u2013]+>?\s+|[.)\]]?\s+)(\S.*)")
_ID_LAST = re.compile(r"(\S.*?)(?:\s*[:=,;|\t]\s*|\s*[-\u2013]+>\s*|\s+(?=[\[(]))[\[(]?(\d{1,5})[\])]?")
_ID_NAME_COLOR = re.compile(
    r"(\d{1,5})[\s,;:]+([^\W\d].*?)[\s,;:]+(\d{1,3})[\s,;]+(\d{1,3})[\s,;]+(\d{1,3})(?:[\s,;]+\d{1,3})?[\s,;]*"
)
_NAME_ID_COLOR = re.compile(r"(\S.*?)\s*[,;\t]\s*(\d{1,5})\s*[,;\t]\s*(\d{1,3})[\s,;]+(\d{1,3})[\s,;]+(\d{1,3})[\s,;]*")
_NUMBERS_NAME = re.compile(r"((?:\d{1,5}(?:\.\d*)?[\s,;:]+){3,})(\D.*)")
"""Numbers, then a name: r g b; id r g b; id r g b a; r g b a; ITK-SNAP's id r g b a visible mesh."""

_MARKUP = re.compile(r"[|;{}\t]|^(?:0x[0-9a-f]+|[\[(]?\d+[\])]?)[\s:,=]|[\s:=\[(]0x[0-9a-f]+$", re.IGNORECASE)
"""What stands in tables, markup and programs, and in no name."""

_ID_AFTER_SPACE = re.compile(r"(\S.*?)\s+(\d{1,5})")

_BRACKETS = re.compile(r"[\[(](\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*)[\])]")
"""A colour as (128, 64, 128)."""

_LONGEST_NAME = 100
_ITK_SNAP = 7
_BANDS = 3
_WORDS = 3
_MOST_WAYS = 4


def table_from_lines(text: str, first_id: int | None) -> ClassTable:
    """Read a text file of any of these forms; SegError says which line does not fit."""
    text = _TRAILING.sub("", text)
    lines = [
        (number, line.strip())
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and (not line.startswith(("#", "//")) or _HEX_FIRST.fullmatch(line.strip()))
    ]
    colored = [(number, _HEX_FIRST.fullmatch(line)) for number, line in lines]
    if lines and all(match for _, match in colored):  # #ff0000 road
        return table_of([Row(m[2], parse_color(m[1]), None, f"line {n}") for n, m in colored if m], first_id)
    if lines and (rows := columns(lines)) is not None:
        return table_of(rows, first_id)
    text = as_our_lines(lines) or text
    if _HEX.search(text) and not (lines and _LABELMAP.fullmatch(lines[0][1])):
        has_ids = bool(_HEX_ID.search(text))
        return ClassTable(classes_from_list(text, 0 if has_ids else first_id or 0), has_ids=has_ids)
    if rows := _colors(lines) or _ids(lines):
        return table_of(rows, first_id)
    rows = _names(lines)
    refuse_heading(rows[0].where, [row.name for row in rows], first_id or 0)
    return table_of(rows, first_id)


def _colors(lines: Sequence[Line]) -> list[Row]:
    """Lines `r g b name`, `name r g b` or `name:r,g,b:parts:actions`; none if the first line is not so."""
    found: list[Row] = []
    lines = [(number, _BRACKETS.sub(r"\1", line)) for number, line in lines]
    full = [(number, match) for number, line in lines if (match := _ID_NAME_COLOR.fullmatch(line))]
    if lines and len(full) == len(lines):  # 1 road 128 64 128
        return [Row(m[2], rgb(number, m.groups()[2:]), int(m[1]), f"line {number}") for number, m in full]
    if lines and all(_NAME_ID_COLOR.fullmatch(line) for _, line in lines):  # road,1,128,64,128
        each = [(number, _NAME_ID_COLOR.fullmatch(line)) for number, line in lines]
        return [Row(m[1], rgb(n, m.groups()[2:]), int(m[2]), f"line {n}") for n, m in each if m]
    if (numbered := _numbers_and_names(lines)) is not None:
        return numbered
    for number, line in lines:
        where = f"line {number}"
        if match := _LABELMAP.fullmatch(line):  # first, because a name may hold numbers
            found.append(Row(match[1], rgb(number, match.groups()[1:]), where=where))
        elif match := _NUMBERS_FIRST.fullmatch(line):
            found.append(Row(match[4].strip(), rgb(number, match.groups()[:3]), where=where))
        elif match := _NAME_FIRST.fullmatch(line):
            found.append(Row(match[1].rstrip(":"), rgb(number, match.groups()[1:]), where=where))
        elif found:
            raise SegError(f"line {number}: expected a name and three numbers 0..255, found {line!r:.80}")
        else:
            break
    return found


def _numbers_and_names(lines: Sequence[Line]) -> list[Row] | None:
    """Lines of four and more numbers and a name: `id r g b name`, `id r g b a name`, `r g b a name`, ITK-SNAP's.

    None if the first line is not so. SegError if nothing tells whether the first number of four is an id.
    """
    found = [(number, _NUMBERS_NAME.fullmatch(line)) for number, line in lines]
    rows = [(n, re.findall(r"[\d.]+", m[1]), m[2].strip().strip("\"'")) for n, m in found if m]
    if not rows or len(rows) < len(lines) or len(rows[0][1]) == _BANDS:
        return None
    number, first, name = rows[0]
    if len(first) not in (4, 5, _ITK_SNAP) or any(len(values) != len(first) for _, values, _ in rows):
        raise SegError(f"line {number}: which of these numbers are the colour of {name!r:.60}? Write name,#rrggbb,id")
    if len(first) == 4 and not _begin_with_ids([tuple(map(float, values)) for _, values, _ in rows]):
        if len({values[3] for _, values, _ in rows}) > 1:
            raise SegError(
                f"line {number}: is the first number an id, or is the last one of four a part of the colour of "
                f"{name!r:.60}? Write each line as name,#rrggbb,id"
            )
        return [Row(name, rgb(n, values[:3]), None, f"line {n}") for n, values, name in rows]
    return [Row(name, rgb(n, values[1:4]), whole(f"line {n}", values[0]), f"line {n}") for n, values, name in rows]


def _begin_with_ids(rows: Sequence[Sequence[float]]) -> bool:
    """Whether of rows of four numbers the first is an id and no red: they grow, and the others are distinct colours."""
    ids, colors = [row[0] for row in rows], {tuple(row[1:]) for row in rows}
    grow = all(one < other for one, other in itertools.pairwise(ids))
    opaque = {row[3] for row in rows} == {255} and ids != [ids[0] + place for place in range(len(ids))]
    return grow and len(colors) == len(rows) and not opaque


def _ids(lines: Sequence[Line]) -> list[Row]:
    """Lines `0 name`, `0: name`, `name=0`; none if no line is so. SegError if only some are, or if it may be a name."""
    lines = _without_empty_columns(lines)
    first = [_ID_FIRST.fullmatch(line) for _, line in lines]
    last = [_ID_LAST.fullmatch(line) for _, line in lines]
    for matches, raw, name in ((first, 1, 2), (last, 2, 1)):
        if lines and all(matches):
            _refuse_columns(lines)
            return [
                Row(match[name].strip().strip("\"'"), None, int(match[raw]), f"line {number}")
                for match, (number, _) in zip(matches, lines, strict=True)
                if match
            ]
    if rows := _ids_after_spaces(lines):
        return rows
    numbered = [bool(one or other) for one, other in zip(first, last, strict=True)]
    if any(numbered):
        number, line = lines[numbered.index(False)] if not all(numbered) else lines[0]
        raise SegError(
            f"line {number}: other lines have a number and a name; write each as name,id (found {line!r:.60})"
        )
    if len(lines) > 1 and all(_ID_AFTER_SPACE.fullmatch(line) for _, line in lines):
        number, line = lines[0]
        raise SegError(
            f"line {number}: is the number in {line!r:.60} an id, or part of the name? Write each line as name,id"
        )
    return []


def _ids_after_spaces(lines: Sequence[Line]) -> list[Row]:
    """Lines `background 0`, also beside `road=1`; none where names or numbers stand twice (zone 1, zone 2)."""
    found = [(number, _ID_LAST.fullmatch(line) or _ID_AFTER_SPACE.fullmatch(line)) for number, line in lines]
    rows = [Row(m[1].strip().strip("\"'"), None, int(m[2]), f"line {number}") for number, m in found if m]
    if len(rows) < max(2, len(lines)) or any(row.name[-1:].isdecimal() for row in rows):  # road 1 7
        return []
    distinct = {row.name for row in rows}, {row.raw for row in rows}
    return rows if all(len(each) == len(rows) for each in distinct) else []


def _without_empty_columns(lines: Sequence[Line]) -> Sequence[Line]:
    """Lines `name,,0` and `0,name,` without the column in which nothing stands."""
    rows = [[cell.strip() for cell in line.split(",")] for _, line in lines]
    if not rows or len({len(row) for row in rows}) > 1:
        return lines
    filled = [place for place in range(len(rows[0])) if any(row[place] for row in rows)]
    if len(filled) == len(rows[0]):
        return lines
    return [(number, ",".join(row[place] for place in filled)) for row, (number, _) in zip(rows, lines, strict=True)]


def _refuse_columns(lines: Sequence[Line]) -> None:
    """SegError where the lines are those of a table of three columns and more without a line that names them."""
    delimiter = max(",;\t|", key=lines[0][1].count)
    rows = [[cell.strip() for cell in row.split(delimiter)] for _, row in lines]
    width = len(rows[0])
    if width <= 2 or any(len(row) != width for row in rows):
        return
    numbers = [place for place in range(width) if all(row[place].isdecimal() for row in rows)]
    names = [place for place in range(width) if place not in numbers]
    ids = [place for place in numbers if len({row[place] for row in rows}) == len(rows)]
    told = next((place for place, row in enumerate(rows) if len({row[raw] for raw in ids}) == len(ids)), 0)
    (number, line), row = lines[told], rows[told]  # background,0,0 does not show which is which
    ways = [f"\n  {row[name]},{row[raw]}" for name in names for raw in ids]
    raise SegError(
        f"line {number}: which of the {counted(width, 'column')} is the name, and which the id (found {line!r:.60})? "
        f"Write each line as name,id; this one may be{''.join(ways[:_MOST_WAYS])}"
    )


def _names(lines: Sequence[Line]) -> list[Row]:
    lines = [(number, re.sub(r"\s+(?:#|//)\s.*", "", line)) for number, line in lines]  # road # of asphalt
    if all(len(line) > 2 and line[0] == line[-1] and line[0] in "\"'" for _, line in lines):
        lines = [(number, line[1:-1].strip()) for number, line in lines]
    if len(lines) == 1 and len(lines[0][1].split()) >= _WORDS:
        raise SegError(
            f"line {lines[0][0]}: is {lines[0][1]!r:.60} one name, or several? Write one name a line (one class alone "
            "as name,#rrggbb)"
        )
    several = [line for _, line in lines if "," in line]
    for number, line in lines:
        if "," in line and 2 * len(several) < len(lines) and re.fullmatch(r"[^,\d#]+,[^,\d#]+", line):
            plain = " ".join(line.replace(",", " ").split())
            raise SegError(
                f"line {number}: a name with a comma, which could also be two names (found {line!r:.60}); write this "
                f"line as\n  {plain}"
            )
        if "," in line or _MARKUP.search(line) or len(line) > _LONGEST_NAME or not line.isprintable():
            raise SegError(
                f"line {number}: no class map; write one name,#rrggbb or one name a line (found {line!r:.60})"
            )
    if not lines:
        raise SegError("holds no class; write one name,#rrggbb a line")
    return [Row(line, where=f"line {number}") for number, line in lines]
