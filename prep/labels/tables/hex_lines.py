"""Lines of a name and a colour in hexadecimal digits, however they are divided, as lines of our own name,#rrggbb."""

import re
from collections.abc import Sequence

from prep.core.errors import SegError
from prep.labels.tables.columns import Line

_DELIMITERS = (";", ",", "\t", "|", ":", "=", None)
"""None: white space before the colour."""

_COLOR = re.compile(r"(#|0x)?([0-9a-fA-F]{6})")
_ID = re.compile(r"\d{1,5}")

_Parts = tuple[str, re.Match[str], str]
"""Name, colour, and id or an empty text."""


def as_our_lines(lines: Sequence[Line]) -> str | None:
    """The lines as `name,#rrggbb` or `name,#rrggbb,id`, each where it stood; None unless all are names and colours.

    Colours may lack their #, if some hold letters, which no id does, and some digits, which no word does. SegError says
    how to write them where that does not tell.
    """
    for delimiter in _DELIMITERS:
        found = [_parts(line, delimiter) for _, line in lines]
        parts = [each for each in found if each is not None]
        if not lines or len(parts) < len(lines) or len({bool(raw) for _, _, raw in parts}) > 1:
            continue
        if not all(color[1] for _, color, _ in parts):
            if delimiter is None:  # zone 100000
                return None
            _refuse_doubtful(lines[0][0], parts)
        placed = [""] * lines[-1][0]
        for (number, _), (name, color, raw) in zip(lines, parts, strict=True):
            placed[number - 1] = _ours(name, color, raw)
        return "\n".join(placed)
    return None


def _parts(line: str, delimiter: str | None) -> _Parts | None:
    """What a line says in two columns, or in three with an id before the name or at the end; else None."""
    cells = [cell.strip() for cell in (line.split(delimiter) if delimiter else line.rsplit(None, 1))]
    if len(cells) == 3 and _ID.fullmatch(cells[0]):
        cells = [*cells[1:], cells[0]]
    name, text, raw = [*cells, "", ""][:3]
    color = _COLOR.fullmatch(text)
    fits = len(cells) in (2, 3) and name and "," not in name and not _COLOR.fullmatch(name)
    return (name, color, raw) if fits and color and (not raw or _ID.fullmatch(raw)) else None


def _ours(name: str, color: re.Match[str], raw: str) -> str:
    return ",".join([name, f"#{color[2].lower()}", *([raw] if raw else [])])


def _refuse_doubtful(number: int, parts: Sequence[_Parts]) -> None:
    """SegError where texts of six digits may be numbers, or words such as facade."""
    digits = "".join(color[2] for _, color, _ in parts)
    if re.search(r"[a-fA-F]", digits) and re.search(r"\d", digits):
        return
    name, color, raw = parts[0]
    raise SegError(
        f"line {number}: is {color[0]!r} a colour? Then write each line as name,#rrggbb, this one as\n"
        f"  {_ours(name, color, raw)}"
    )
