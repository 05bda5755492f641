"""Our tables on disk: values separated by commas, in UTF-8, a line of column names, then one dataclass a row."""

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import MISSING, fields
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from prep.core.errors import SegError
from prep.core.files import explained, refuse_special_file, write_text
from prep.core.words import counted, list_some

_Row = TypeVar("_Row")

ONE_OF = "one_of"
"""Metadata of a field: the values that its column may hold."""

IF_USED = "if_used"
"""Metadata of a field with a default: its column is written only where some row holds something else."""

_DIGITS = 15
"""Longer whole numbers are no size, place or count of anything here."""

_OTHER_SEPARATORS = {";": "semicolons (as spreadsheets of some languages do)", "\t": "tabs"}

_Column = tuple[str, int, Callable[[str], object]]
"""Name of a field, place of its column, and what makes a value of a cell; that raises ValueError."""


def read_table(path: Path, row: type[_Row], *, remedy: str, unique: str = "", others: bool = False) -> Iterator[_Row]:
    """Read one row after the other, with text, whole numbers from 0 on and finite numbers as its fields are typed.

    Columns may stand in any order; those whose field has a default may be missing.  unique: a column that holds no
    value twice.  others: columns that are no field are passed over.
    Raises SegError that names the file, the line and `remedy` if something does not fit.
    """
    refuse_special_file(path)
    line = 1
    try:
        with explained(path), path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            head = next(reader, [])
            columns = _columns(head, row, others)
            seen: set[object] = set()
            for cells in filter(None, reader):
                line = reader.line_num
                if len(cells) != len(head):
                    raise ValueError(f"{counted(len(cells), 'column')}, expected {len(head)}")
                values: dict[str, Any] = {name: convert(cells[place]) for name, place, convert in columns}
                if unique and values[unique] in seen:
                    raise ValueError(f"the {unique} {values[unique]!r} stands twice")
                seen.add(values[unique] if unique else None)
                yield row(**values)
    except UnicodeDecodeError as error:
        raise SegError(f"{path}: not in UTF-8; {remedy}") from error
    except csv.Error as error:
        raise SegError(f"{path}: no table of values separated by commas ({error}); {remedy}") from error
    except ValueError as error:
        raise SegError(f"{path}{f', line {line}' if line > 1 else ''}: {error}; {remedy}") from error


def write_table(path: Path, row: type[_Row], rows: Iterable[_Row]) -> None:
    """Write one row after the other atomically, the fields of `row` as columns; None is an empty cell."""
    wanted = list(fields(row))  # type: ignore[arg-type]
    if any(field.metadata.get(IF_USED) for field in wanted):
        rows = list(rows)
        wanted = [
            field
            for field in wanted
            if not field.metadata.get(IF_USED) or any(getattr(each, field.name) != field.default for each in rows)
        ]
    names = [field.name for field in wanted]
    write_columns(path, names, ([getattr(each, name) for name in names] for each in rows))


def write_columns(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table whose columns are known only now; None and nan are empty cells."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(["" if value is None or value != value else value for value in row] for row in rows)
    write_text(path, text.getvalue())


def table_line(cells: Iterable[object]) -> bytes:
    """A row as it stands in a table, to be put behind or between those of one that is there."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def _columns(head: Sequence[str], row: type[_Row], others: bool) -> list[_Column]:
    if not head:
        raise ValueError("the file is empty")
    if len(head) == 1 and (other := next((sign for sign in _OTHER_SEPARATORS if sign in head[0]), "")):
        raise ValueError(
            f"its columns are separated by {_OTHER_SEPARATORS[other]}, not by commas; save it as CSV with commas"
        )
    wanted = {field.name: field for field in fields(row)}  # type: ignore[arg-type]
    missing = [name for name, field in wanted.items() if field.default is MISSING and name not in head]
    if missing or len(set(head)) < len(head) or not (others or wanted.keys() >= set(head)):
        raise ValueError(_of_wrong_head(head, list(wanted), missing, others))
    types = get_type_hints(row)
    return [
        (name, head.index(name), partial(_CONVERTERS[types[field.name]], name, field.metadata.get(ONE_OF, ())))
        for name, field in wanted.items()
        if name in head
    ]


def _of_wrong_head(head: Sequence[str], wanted: Sequence[str], missing: Sequence[str], others: bool) -> str:
    """What is wrong with the names of columns, and what they should be: of those that the file has, in its order."""
    if not set(head) & set(wanted):  # no names at all
        return f"its first line should be {','.join(wanted[: max(len(head), len(missing))])}"
    if twice := next((name for name in head if head.count(name) > 1), ""):
        return f"its first line names the column {twice!r:.80} twice; give each column its own name"
    odd = [] if others else [name for name in head if name not in wanted]
    absent = [name for name in wanted if name not in head]
    meant = {name: near[0] for name in odd if (near := get_close_matches(name.strip().lower(), absent, n=1))}
    if extra := [f"{name!r:.80}" for name in odd if name not in meant]:
        columns, them = ("a column", "it") if len(extra) == 1 else ("columns", "them")
        return f"its first line names {columns} of no use here, {list_some(extra)}; take {them} out of all lines"
    right = [meant.get(name, name) for name in head]
    wrong = f", not {list_some([repr(name) for name in odd])}" if odd else ""
    return f"its first line should be {','.join([*right, *(name for name in missing if name not in right)])}{wrong}"


def _text(name: str, allowed: Sequence[str], cell: str) -> str:
    if "\0" in cell:
        raise ValueError(f"{name} holds a NUL byte")
    if allowed and cell not in allowed:
        some = ", ".join(filter(None, allowed)) + (" or leave it empty" if "" in allowed else "")
        raise ValueError(f"{cell!r:.80} is no {name}; use {some}")
    return cell


def _whole(name: str, allowed: Sequence[str], cell: str) -> int:
    if not cell.isdecimal() or len(cell) > _DIGITS:
        raise ValueError(f"{name} is a whole number, found {cell!r:.80}")
    return int(cell)


def _number(name: str, allowed: Sequence[str], cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{name} is a number, found {cell!r:.80}")
    return value


def _number_or_none(name: str, allowed: Sequence[str], cell: str) -> float | None:
    return _number(name, allowed, cell) if cell else None


_CONVERTERS: dict[object, Callable[[str, Sequence[str], str], object]] = {
    str: _text,
    int: _whole,
    float: _number,
    float | None: _number_or_none,
}
