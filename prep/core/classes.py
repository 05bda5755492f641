"""Classes of a dataset: index, name, colour, and the value each has in raw label files."""

import colorsys
import itertools
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from prep.core.arguments import need, python_numbers, shown_value
from prep.core.errors import SegError
from prep.core.files import read_bytes, within_limits, write_text
from prep.core.words import composed, printable

IGNORE_INDEX = 255
"""Mask value of pixels that nobody labelled; never a class."""

IGNORE_NAME = "ignore"
"""What stands for them in lists of classes and in options."""

MAX_CLASSES = 250
"""Below 255, so that the values above stay free for the ignore index and for bookkeeping."""

MAX_ID = 65535
"""Raw id masks have 8 or 16 bits."""

Color = tuple[int, int, int]
"""Red, green, blue, 0..255."""

Value = TypeVar("Value")

_JSON_START = re.compile(r'\s*\{\s*["}]')
_HEX = re.compile(r"#?([0-9a-fA-F]{6})")
_SHORT_HEX = re.compile(r"#?([0-9a-fA-F]{3})")


def parse_color(text: str) -> Color:
    """Read '#ff8000' (or 'ff8000') as (255, 128, 0); SegError if it is not of that form."""
    match = _HEX.fullmatch(text.strip())
    if match is None:
        short = _SHORT_HEX.fullmatch(text.strip())
        written = "#" + "".join(2 * digit for digit in short[1]) if short else "#rrggbb, for example #ff8000"
        raise SegError(f"{text.strip()!r} is not a colour; write it as {written}")
    red, green, blue = bytes.fromhex(match.group(1))
    return red, green, blue


def format_color(color: Color) -> str:
    """Write (255, 128, 0) as '#ff8000'."""
    return "#{:02x}{:02x}{:02x}".format(*color)


_COLORS = Sequence[Sequence[float]]
"""Which of these are colours is told in words of their own."""

_HINTS = {
    "names": Sequence[str], "colors": _COLORS, "ids": Sequence[int], "ignored": _COLORS, "ignored_ids": Sequence[int],
    "more_ids": Sequence[Sequence[int]], "more_colors": Sequence[_COLORS],
}  # fmt: skip


def _frozen(value: object) -> object:
    """Rows, and rows of rows, as tuples; numbers of NumPy as Python's own."""
    value = value.tolist() if isinstance(value, np.ndarray) else value
    is_row = isinstance(value, Sequence) and not isinstance(value, str | bytes)
    return tuple(map(_frozen, value)) if is_row else python_numbers(value)  # type: ignore[arg-type]


@dataclass(frozen=True)
class ClassMap:
    """Names, colours and raw ids of the classes; a class's index is its position.

    Names and colours may be given by position, all else by name; lists, arrays and numbers of NumPy become tuples and
    Python's numbers.
    names: in composed Unicode (NFC), however they are given.
    ids: the value of each class in raw id masks, by default its index.
    more_ids, more_colors: of each class, its further values in raw id and RGB masks; () where no class has any.
    ignored, ignored_ids: colours in raw RGB masks, and ids in raw id masks, that mean "not labelled".
    Raises SegError for values of other types, if a name, colour or id stands twice, or if there are too many classes.
    """

    names: tuple[str, ...]
    colors: tuple[Color, ...]
    _: KW_ONLY
    ids: tuple[int, ...] = ()
    ignored: tuple[Color, ...] = ()
    ignored_ids: tuple[int, ...] = ()
    more_ids: tuple[tuple[int, ...], ...] = ()
    more_colors: tuple[tuple[Color, ...], ...] = ()

    def __post_init__(self) -> None:
        for name, hint in _HINTS.items():
            value = _frozen(getattr(self, name))
            need(name, value, hint)
            object.__setattr__(self, name, value)
        object.__setattr__(self, "names", tuple(map(composed, self.names)))
        if not self.ids:
            object.__setattr__(self, "ids", tuple(range(len(self.names))))
        for field in ("more_ids", "more_colors"):
            if not any(getattr(self, field)):
                object.__setattr__(self, field, ())  # equal maps compare equal
        if len(self.names) > MAX_CLASSES:
            raise SegError(f"a class map has at most {MAX_CLASSES} classes; this one has {len(self.names)}")
        if not len(self.names) == len(self.colors) == len(self.ids):
            raise SegError("every class needs a name, a colour and, if any class has one, an id")
        if any(more and len(more) != len(self.names) for more in (self.more_ids, self.more_colors)):
            raise SegError("further ids and colours of classes are given for all classes or for none")
        if any(not name.strip() for name in self.names):
            raise SegError("a class has an empty name")
        if broken := [name for name in self.names if printable(name) != name]:
            raise SegError(f"the class name {broken[0]!r} holds characters that cannot be shown; write it without them")
        for color in (*self.colors, *itertools.chain(*self.more_colors), *self.ignored):
            if len(color) != 3 or not all(isinstance(part, int) and 0 <= part <= 255 for part in color):
                raise SegError(f"a colour is three whole numbers from 0 to 255, and not {shown_value(color)}")
        ids = {raw: self.names[index] for raw, index in self.index_of_id().items()}
        for raw, name in (*ids.items(), *((raw, "ignore") for raw in self.ignored_ids)):
            if not 0 <= raw <= MAX_ID:
                raise SegError(
                    f"class {name!r} has the id {shown_value(raw)}; ids are whole numbers from 0 to {MAX_ID}"
                )
        _refuse_twice("name", self.names)
        colors = (*self.colors, *itertools.chain(*self.more_colors), *self.ignored)
        _refuse_twice("colour", [format_color(color) for color in colors])
        _refuse_twice("id", (*self.ids, *itertools.chain(*self.more_ids), *self.ignored_ids))

    def __len__(self) -> int:
        return len(self.names)

    def index_of_id(self) -> dict[int, int]:
        """Class index of every id in raw id masks."""
        return _indices(self.ids, self.more_ids)

    def index_of_color(self) -> dict[Color, int]:
        """Class index of every colour in raw RGB masks."""
        return _indices(self.colors, self.more_colors)

    @property
    def foreground(self) -> tuple[int, ...]:
        """Indices of all classes but the background (the class of that name, if there is one)."""
        return tuple(i for i, name in enumerate(self.names) if name.lower() != "background")

    def palette(self) -> NDArray[np.uint8]:
        """(256, 3) colours by mask value; ignored pixels are mid-grey, values without a class black."""
        colors = np.zeros((256, 3), np.uint8)
        colors[: len(self)] = self.colors
        colors[IGNORE_INDEX] = 128
        return colors

    def to_json(self) -> dict[str, object]:
        """Plain data as it stands in classes.json."""
        classes: list[dict[str, object]] = [
            {"index": index, "name": name, "color": format_color(color)} | ({"id": raw} if raw != index else {})
            for index, (name, color, raw) in enumerate(zip(self.names, self.colors, self.ids, strict=True))
        ]
        for entry, ids in zip(classes, self.more_ids, strict=False):
            entry |= {"more_ids": list(ids)} if ids else {}
        for entry, colors in zip(classes, self.more_colors, strict=False):
            entry |= {"more_colors": [format_color(color) for color in colors]} if colors else {}
        ignored: dict[str, object] = {}
        if self.ignored:
            ignored["ignored_colors"] = [format_color(color) for color in self.ignored]
        if self.ignored_ids:
            ignored["ignored_ids"] = list(self.ignored_ids)
        return {"ignore_index": IGNORE_INDEX, "classes": classes, **ignored}


def _indices(first: tuple[Value, ...], more: tuple[tuple[Value, ...], ...]) -> dict[Value, int]:
    found = {value: index for index, value in enumerate(first)}
    return found | {value: index for index, values in enumerate(more) for value in values}


def _refuse_twice(what: str, values: tuple[object, ...] | list[str]) -> None:
    for value in values:
        owners = [index for index, other in enumerate(values) if other == value]
        if len(owners) > 1:
            raise SegError(f"the {what} {value} stands twice in the class map; give each class its own")


NO_CLASSES = ClassMap((), ())
"""Of a dataset that has images only."""


def classes_from_json(data: object) -> ClassMap:
    """Build a ClassMap from the plain data of classes.json; SegError says which part does not fit."""
    entries = data.get("classes") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(entries, list):
        raise SegError('expected {"classes": [{"index": 0, "name": "...", "color": "#rrggbb"}, ...]}')
    if data.get("ignore_index", IGNORE_INDEX) != IGNORE_INDEX:
        raise SegError(f"the ignore index is always {IGNORE_INDEX}; found {data['ignore_index']}")
    if not isinstance(data.get("ignored_colors", []), list):
        raise SegError(f'"ignored_colors" is a list of colours; found {data["ignored_colors"]!r}')
    ignored_ids = data.get("ignored_ids", [])
    if not isinstance(ignored_ids, list) or not all(isinstance(raw, int) for raw in ignored_ids):
        raise SegError(f'"ignored_ids" is a list of whole numbers; found {ignored_ids!r}')
    for position, entry in enumerate(entries):
        if not isinstance(entry, dict) or not {"name", "color"} <= entry.keys():
            raise SegError(f'class {position} needs "name" and "color": {json.dumps(entry)[:80]}')
        if entry.get("index", position) != position:
            raise SegError(f"class {entry['name']!r} has index {entry['index']}; expected {position} in this place")
        if not isinstance(entry.get("id", 0), int):
            raise SegError(f"class {entry['name']!r} has an id that is no whole number: {entry['id']!r}")
        _check_more(entry)
    return ClassMap(
        names=tuple(str(entry["name"]) for entry in entries),
        colors=tuple(parse_color(str(entry["color"])) for entry in entries),
        ids=tuple(entry.get("id", position) for position, entry in enumerate(entries)),
        ignored=tuple(parse_color(str(color)) for color in data.get("ignored_colors", [])),
        ignored_ids=tuple(ignored_ids),
        more_ids=tuple(tuple(entry.get("more_ids", ())) for entry in entries),
        more_colors=tuple(tuple(map(parse_color, entry.get("more_colors", ()))) for entry in entries),
    )


def _check_more(entry: dict[str, Any]) -> None:
    for key, kind, what in (("more_ids", int, "whole numbers"), ("more_colors", str, "colours as #rrggbb")):
        values = entry.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, kind) for value in values):
            raise SegError(f'class {entry["name"]!r} has "{key}" that is no list of {what}: {values!r:.80}')


def classes_from_list(text: str, first_id: int = 0) -> ClassMap:
    """Build a ClassMap from lines `name,#rrggbb` or `name,#rrggbb,id`; the name `ignore` means "not labelled".

    A class without an id has the number of its line, from `first_id` on. Lines `ignore` count, and where no line says
    an id, their numbers are ignored. SegError names a line that is none, or says that there is no class.
    """
    rows: list[tuple[str, Color, int | None]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#") or line.lower().startswith("name,"):
            continue
        name, *rest = (part.strip() for part in line.split(","))
        if not 1 <= len(rest) <= 2 or not all(part.isdecimal() and len(part) < 10 for part in rest[1:]):
            raise SegError(f"line {number}: expected name,#rrggbb or name,#rrggbb,id but found {line.strip()!r}")
        rows.append((name, parse_color(rest[0]), int(rest[1]) if rest[1:] else None))
    counted = all(raw is None for _, _, raw in rows)
    numbered = [(name, color, place if raw is None else raw) for place, (name, color, raw) in enumerate(rows, first_id)]
    named = [row for row in numbered if not _is_ignore(row[0])]
    if not named:
        raise SegError("holds no class")
    ignored = [row for row in rows if _is_ignore(row[0])]
    left_out = [raw for name, _, raw in numbered if _is_ignore(name)] if counted else [raw for _, _, raw in ignored]
    return ClassMap(
        tuple(name for name, _, _ in named),
        tuple(color for _, color, _ in named),
        ids=tuple(raw for _, _, raw in named),
        ignored=tuple(color for _, color, _ in ignored),
        ignored_ids=tuple(raw for raw in left_out if raw not in (None, IGNORE_INDEX)),
    )


def _is_ignore(name: str) -> bool:
    return name.lower() in ("ignore", "__ignore__")


def format_list(classes: ClassMap) -> str:
    """Write a ClassMap as lines that classes_from_list reads: one id and colour each, further ones are left out."""
    rows = enumerate(zip(classes.names, classes.colors, classes.ids, strict=True))
    lines = [
        f"{name},{format_color(color)}" + (f",{raw}" if raw != position else "")
        for position, (name, color, raw) in rows
    ]
    return "\n".join([*lines, *(f"ignore,{format_color(color)}" for color in classes.ignored)])


def distinct_color(number: int) -> Color:
    """A colour for class number 0, 1, 2, ...: hues a golden ratio apart, so that neighbours differ most."""
    red, green, blue = colorsys.hsv_to_rgb(number * 0.618033988749895 % 1, 0.75, 0.95 - 0.25 * (number // 8 % 3))
    return round(255 * red), round(255 * green), round(255 * blue)


def made_up_classes(names: Iterable[str], ids: Iterable[int] = ()) -> ClassMap:
    """A class map of these names, in colours that differ; ids: those of raw masks, if they are not 0, 1, 2, ..."""
    names = tuple(names)
    return ClassMap(names, tuple(map(distinct_color, range(len(names)))), ids=tuple(ids))


def read_classes(path: Path) -> ClassMap:
    """Read our classes.json or a plain list with one `name,#rrggbb` a line (a line `ignore,#rrggbb` is ignored).

    Raises SegError naming the file if it is neither, or if a name, colour or id stands twice.
    """
    return parse_classes(path, read_bytes(path))


def parse_classes(path: Path, content: bytes) -> ClassMap:
    """Read the content of such a file; `path` is for errors."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SegError(f"{path}: not a text file in UTF-8; give classes.json or a list of name,#rrggbb") from error
    with within_limits(path):
        try:
            is_json = path.suffix.lower() == ".json" or _JSON_START.match(text)
            classes = classes_from_json(json.loads(text)) if is_json else classes_from_list(text)
        except json.JSONDecodeError as error:
            raise SegError(f"{path}: not valid JSON: {error}; correct it, or restore the file") from error
        except ValueError as error:
            raise SegError(f"{path}: holds a number of thousands of digits; correct it, or restore the file") from error
        except SegError as error:
            raise SegError(f"{path}: {error}") from error
    if not len(classes):
        raise SegError(f"{path}: holds no class; write one name,#rrggbb a line")
    return classes


def write_classes(path: Path, classes: ClassMap) -> None:
    """Write classes.json atomically."""
    write_text(path, classes_text(classes))


def classes_text(classes: ClassMap) -> str:
    """The content of classes.json."""
    return json.dumps(classes.to_json(), indent=2, ensure_ascii=False) + "\n"
