"""The label_mapping of Ultralytics' data.yaml: which values of its masks are which numbers under names."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

from prep.core.classes import IGNORE_INDEX, MAX_ID
from prep.core.errors import SegError
from prep.labels.tables.table import ClassTable, means_ignored

LABEL_MAPPING = "label_mapping"


def mapped(table: ClassTable, mapping: object) -> ClassTable:
    """The table with the values of the masks as its ids.

    mapping: value of the masks -> number or name of a class; 255, -1, null and names like ignore mean "not labelled",
    as do the numbers of such names in the table.
    A class of no value gets an id that no mask of such a set holds. Raises SegError if it is no such mapping.
    """
    if not isinstance(mapping, dict) or not mapping:
        raise SegError(f"{LABEL_MAPPING} is not a list of 'value: class'; correct it, or take it out")
    index_of: dict[object, int] = {number: index for index, number in enumerate(table.classes.ids)}
    index_of |= {name: index for index, name in enumerate(table.classes.names)}
    unlabelled = {number for _, number in table.ignored}
    values: dict[int, list[int]] = defaultdict(list)
    ignored: list[int] = []
    for key, target in mapping.items():
        value = _value(key)
        if value is None:
            continue
        is_plain = target is None or type(target) in (int, str)
        if is_plain and (target in unlabelled or _is_ignored(target)):
            ignored.append(value)
        elif is_plain and target in index_of:
            values[index_of[target]].append(value)
        else:
            raise SegError(f"{LABEL_MAPPING} makes {target!r} of {key}, which names does not have; correct one of them")
    free = iter(raw for raw in range(MAX_ID, 0, -1) if raw not in mapping)
    places = range(len(table.classes))
    classes = replace(
        table.classes,
        ids=tuple(values[index][0] if values[index] else next(free) for index in places),
        more_ids=tuple(tuple(values[index][1:]) for index in places),
        ignored_ids=tuple(sorted(ignored)),
    )
    return replace(table, classes=classes, has_ids=True)


def _value(key: Any) -> int | None:  # noqa: ANN401  # as YAML has it
    """A value of masks; None for one that no image holds, as -1, or that is ignored anyway."""
    if isinstance(key, bool) or not isinstance(key, int) or key > MAX_ID:
        raise SegError(f"{LABEL_MAPPING} has {key!r} in the place of a value of the masks; write a whole number")
    return key if key >= 0 and key != IGNORE_INDEX else None


def _is_ignored(target: object) -> bool:
    if isinstance(target, str):
        return means_ignored(target) or target.strip().lower() == "ignore_label"
    return not isinstance(target, int) or target < 0 or target == IGNORE_INDEX
