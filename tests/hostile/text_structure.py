"""Ways to spoil our own tables and settings so that they stay tables and settings."""

import csv
import io

import numpy as np

from tests.hostile.mutations import flip_bytes

_CELLS = (
    *("", "0", "-1", "1e999", "nan", "inf", "0x10", "1_000", "٣", "1" * 5_000, "9" * 400, "1.5", "True", "a\0b"),
    *("../../home/sentinel.png", "/etc/passwd", "..", ".", "/", "C:\\a", "images/../../x.png", "a" * 70_000, "\ud7ff"),
    *("train", "val", "test", "labelled", "a\nb", 'a"b', "a,b", "\u202e", "\x1b[2J", "=1+1", "masks", "index.csv"),
)
_VALUES = (
    "-1",
    "0",
    "1e999",
    "nan",
    '"x"',
    "[]",
    "[[[1]]]",
    "{}",
    "true",
    "1" * 5_000,
    "[" * 3_000,
    "9" * 300,
    "''",
    "*a",
)


def spoil_table(data: bytes, random: np.random.Generator) -> bytes:
    """Change cells, rows, columns, or the way in which they are written."""
    try:
        rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
    except (UnicodeDecodeError, csv.Error):  # spoiled before
        return flip_bytes(data, random)
    rows = [row for row in rows if row]
    if not rows:
        return flip_bytes(data, random)
    row, way = rows[int(random.integers(len(rows)))], random.integers(9)
    column = int(random.integers(len(row)))
    if way <= 3:
        row[column] = _CELLS[int(random.integers(len(_CELLS)))]
    elif way == 4:
        rows.insert(1, list(row))
    elif way == 5:
        rows.remove(row)
    elif way == 6:
        for each in rows:
            each[column : column + 1] = [] if random.random() < 0.9 else each[column : column + 1] * 2
    elif way == 7:
        other = rows[int(random.integers(len(rows)))]
        row[column], other[0] = other[0], row[column]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    written = text.getvalue().encode("utf-8", "surrogatepass")
    if way != 8:
        return written
    ways = (b"\xef\xbb\xbf" + written, written.replace(b",", b";"), written.decode().encode("utf-16"), b'"' + written)
    return ways[int(random.integers(len(ways)))]


def spoil_settings(data: bytes, random: np.random.Generator) -> bytes:
    """Change lines of TOML or YAML: other values, keys twice, sections within sections, names that stand for others."""
    lines = data.decode("utf-8", "replace").splitlines() or [""]
    place, way = int(random.integers(len(lines))), random.integers(5)
    mark = "=" if "=" in lines[place] else ":"
    if way <= 1 and mark in lines[place]:
        lines[place] = f"{lines[place].partition(mark)[0]}{mark} {_VALUES[int(random.integers(len(_VALUES)))]}"
    elif way == 2:
        lines.insert(place, lines[int(random.integers(len(lines)))])
    elif way == 3:
        del lines[place]
    else:
        nested = (
            "[" + ".".join("a" * 2_000) + "]",
            "a: &a [x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]",
            "a = " + "[" * 2_000,
        )
        lines.insert(place, nested[int(random.integers(len(nested)))])
    return "\n".join(lines).encode("utf-8", "surrogatepass")
