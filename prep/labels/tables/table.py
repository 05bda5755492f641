"""A class table as read from a file: rows of names, colours and ids, which keep their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from prep.core.classes import IGNORE_INDEX, MAX_CLASSES, MAX_ID, ClassMap, Color, distinct_color
from prep.core.errors import SegError
from prep.core.words import composed
from prep.labels.region_labels import BACKGROUND, plain_name

IGNORED_NAMES = frozenset(
    {"ignore", "ignored", "unlabeled", "unlabelled", "void", "_ignore_", "__ignore__"}
    | {"dontcare", "don't care", "dont care", "dont_care", "nodata", "no data", "no_data", "no-data"}
)
"""Names that tools give to pixels that nobody labelled. (In a list of ours, name,#rrggbb, only `ignore` means that.)"""

_UNLABELLED = ("unlabeled", "unlabelled")
"""Where a class has such a name, what lies in no object is of it, and 0 beside it is none: an error of somebody."""


class TooLong(SegError):
    """A list of more classes than a dataset can have. names: by the ids that it states."""

    def __init__(self, text: str, names: Mapping[int, str]) -> None:
        super().__init__(text)
        self.names = names


@dataclass(frozen=True)
class Row:
    """A row of a class table; color, raw: None where the file does not say.  where: "line 3", for errors.

    train: the second number that Cityscapes and others give a class; 255 and -1: it is not trained. None: none.
    """

    name: str
    color: Color | None = None
    raw: int | None = None
    where: str = ""
    train: int | None = None


@dataclass(frozen=True)
class ClassTable:
    """What a file says of classes.

    has_colors, has_ids: whether it states colours and ids; else colours are made up, and ids are counted.
    zero_is_rest: id 0 and black mean pixels of none of its classes, as the tool that writes it says.
    ignored: (name, id) of rows that mean "not labelled"; the id is None where it can be in no mask.
    by_train_id: the same file with its train ids as ids, where it states both.
    notes: what a person should know of how the file was read.
    """

    classes: ClassMap
    has_colors: bool = True
    has_ids: bool = True
    zero_is_rest: bool = False
    ignored: tuple[tuple[str, int | None], ...] = field(default=())
    by_train_id: ClassTable | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)


def table_of(rows: Sequence[Row], first_id: int | None, *, zero_is_rest: bool = False) -> ClassTable:
    """A table of these rows; a row without an id is numbered by its place, from `first_id` on.

    first_id: of the first row; None: 0, or -1 for the lists of LabelMe, which begin with __ignore__, _background_.
    Rows that mean "not labelled" keep their number: it is ignored. A class below 0, as Cityscapes has one, is in no
    mask of ids, and gets a number that none holds. Raises SegError if a name, colour or id stands twice, or if no class
    is left.
    """
    rows = _above_zero([replace(row, name=composed(row.name.strip())) for row in rows])
    has_both = all(row.raw is not None and row.train is not None for row in rows)
    if has_both and any(row.raw != row.train for row in rows):
        by_train_id = table_of(rows_by_train_id(rows), None)
        return replace(table_of([replace(row, train=None) for row in rows], None), by_train_id=by_train_id)
    start = _start(rows) if first_id is None else first_id
    raws = [start + place if row.raw is None else row.raw for place, row in enumerate(rows)]
    named = [(row, raw) for row, raw in zip(rows, raws, strict=True) if not means_ignored(row.name)]
    ignored = [(row, raw) for row, raw in zip(rows, raws, strict=True) if means_ignored(row.name)]
    if not named:
        raise SegError("holds no class")
    _refuse_twice([row for row, _ in named])
    if len(named) > MAX_CLASSES:
        stated = {row.raw: row.name for row, _ in named if row.raw is not None}
        raise TooLong(f"a class map has at most {MAX_CLASSES} classes; this one has {len(named)}", stated)
    has_colors = any(row.color is not None for row in rows)
    if has_colors and (bare := [row for row, _ in named if row.color is None]):
        raise SegError(f"{bare[0].where}: {bare[0].name!r} has no colour, and other classes have one")
    ids = tuple(raw for _, raw in named)
    left_out = {raw for _, raw in ignored if raw >= 0 and raw != IGNORE_INDEX} - set(ids)
    classes = ClassMap(
        tuple(row.name if has_colors else plain_name(row.name) for row, _ in named),
        tuple(row.color or distinct_color(place) for place, (row, _) in enumerate(named)),
        ids=ids,
        ignored=tuple(dict.fromkeys(row.color for row, _ in ignored if row.color is not None)),
        ignored_ids=tuple(sorted(left_out)),
    )
    said = tuple((row.name, raw if raw >= 0 else None) for row, raw in ignored)
    has_ids = any(row.raw is not None for row in rows)
    says_rest = 0 in raws or any(row.name.lower() in _UNLABELLED for row, _ in ignored)
    rest = zero_is_rest and not says_rest
    return ClassTable(classes, has_colors, has_ids, rest, said)


def rows_by_train_id(rows: Sequence[Row]) -> list[Row]:
    """The rows with their train ids as ids: classes that share one are one class, those of 255 and -1 are none."""
    groups: dict[int, list[Row]] = {}
    for row in rows:
        is_none = row.train is None or row.train < 0 or row.train == IGNORE_INDEX
        groups.setdefault(IGNORE_INDEX if is_none or row.train is None else row.train, []).append(row)
    ignored = [Row("ignore", None, IGNORE_INDEX)] if groups.pop(IGNORE_INDEX, []) else []
    return [*(_merged(group, raw) for raw, group in sorted(groups.items())), *ignored]


def _merged(group: Sequence[Row], raw: int) -> Row:
    named = [row for row in group if not means_ignored(row.name)] or group[:1]
    return Row("+".join(row.name for row in named), named[0].color, raw, named[0].where)


def _above_zero(rows: Sequence[Row]) -> list[Row]:
    held = {row.raw for row in rows}
    free = iter(raw for raw in range(MAX_ID, 0, -1) if raw not in held)
    is_below = [row.raw is not None and row.raw < 0 and not means_ignored(row.name) for row in rows]
    return [replace(row, raw=next(free)) if below else row for row, below in zip(rows, is_below, strict=True)]


def means_ignored(name: str) -> bool:
    """Whether a name of another tool's table means pixels that nobody labelled."""
    return name.strip().lower().removeprefix("void--") in IGNORED_NAMES  # Mapillary: void--unlabeled


def _start(rows: Sequence[Row]) -> int:
    names = [plain_name(row.name) for row in rows[:2]]
    return -1 if names == ["ignore", BACKGROUND] and rows[0].name.lower() == "__ignore__" else 0


def _refuse_twice(rows: Sequence[Row]) -> None:
    seen: dict[str, Row] = {}
    for row in rows:
        twin = seen.setdefault(row.name, row)
        if twin is not row:
            places = f" ({twin.where} and {row.where})" if row.where else ""
            raise SegError(f"the name {row.name} stands twice in the class map{places}; give each class its own")
