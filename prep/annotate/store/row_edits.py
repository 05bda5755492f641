"""Changes of one row in a table of many, without reading the others: index.csv and states.csv of 100,000 images."""

import csv
from collections.abc import Mapping

from prep.core.tables import table_line


def changed_row(table: bytes, stem: str, cells: Mapping[str, str]) -> bytes | None:
    """The table with other cells in the row of a stem; None if that has to be told by reading all of it."""
    found = _row(table, stem)
    if found is None:
        return None
    start, end, values = found
    names = _names(table)
    if len(values) != len(names) or not set(cells) <= set(names):
        return None
    new = [cells.get(name, value) for name, value in zip(names, values, strict=True)]
    return table[:start] + table_line(new) + table[end:]


def added_row(table: bytes, cells: Mapping[str, str]) -> bytes | None:
    """The table, which has no row of this stem, with one, where it belongs in a table sorted by stem; None as above."""
    names = _names(table)
    if _odd(table) or not set(cells) <= set(names) or _at(table, cells["stem"]) >= 0 or b'"' in table:
        return None
    line = table_line([cells.get(name, "") for name in names])
    place = _place(table, table_line([cells["stem"]]).rstrip(b"\n"))
    return table[:place] + line + table[place:]


def removed_row(table: bytes, stem: str) -> bytes | None:
    """The table without the row of a stem; None as above."""
    found = _row(table, stem)
    return table[: found[0]] + table[found[1] :] if found else None


def _odd(table: bytes) -> bool:
    """Whether it is not as write_table makes it: lines that end in one character, the stem first."""
    return b"\r" in table or not table.startswith(b"stem,") or not table.endswith(b"\n")


def _names(table: bytes) -> list[str]:
    return table[: table.find(b"\n")].decode().split(",")


def _row(table: bytes, stem: str) -> tuple[int, int, list[str]] | None:
    """Where the only row of a stem begins and ends, and its cells."""
    at = -1 if _odd(table) else _at(table, stem)
    if at < 0 or table.find(table[at : at + len(_key(stem))], at + 1) >= 0:
        return None
    start, end = at + 1, table.find(b"\n", at + 1) + 1
    # A quotation mark that is still open means that this line is part of a cell of several lines.
    if table.count(b'"', 0, start) % 2 or table.count(b'"', start, end) % 2:
        return None
    return start, end, next(csv.reader([table[start:end].decode()], strict=True))


def _key(stem: str) -> bytes:
    return b"\n" + table_line([stem]).rstrip(b"\n") + b","


def _at(table: bytes, stem: str) -> int:
    return table.find(_key(stem))


def _place(table: bytes, cell: bytes) -> int:
    """Where the first row begins whose stem comes after this one; the first line is that of the names."""
    low = table.find(b"\n") + 1
    high = len(table)
    while low < high:
        middle = table.rfind(b"\n", low - 1, (low + high) // 2) + 1
        if table[middle : table.find(b",", middle)] < cell:
            low = table.find(b"\n", middle) + 1
        else:
            high = middle
    return low
