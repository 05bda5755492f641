"""More labels for a dataset, beside which a list lies that numbers or colours its classes otherwise."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from prep.converting.values.meaning import Meaning
from prep.core.classes import ClassMap, format_color
from prep.core.errors import SegError
from prep.labels.class_files import find_table
from prep.labels.tables.table import ClassTable

Value = TypeVar("Value", bound=Hashable)
"""An id or a colour."""


def as_listed(before: ClassMap, dataset_list: Path, source: Path) -> Meaning:
    """What the values of these labels mean: the dataset's classes, in the numbers and colours of the list beside them.

    before: the classes of the dataset, which stand in the file `dataset_list`.  source: the labels.
    Raises SegError where the list calls a value otherwise than the dataset, and not all its classes are the dataset's.
    """
    beside = None
    with suppress(SegError):  # a list that cannot be read says nothing against the dataset
        beside = find_table(source, None)
    if beside is None:
        return Meaning(before)
    path, table = beside
    if table.by_train_id is not None:
        return _by_one_of(before, table, table.by_train_id, path)
    if {*table.classes.names} != {*before.names}:
        _refuse_contradiction(path, table, before, dataset_list)
        return Meaning(before)
    listed = _listed(before, table)
    if listed == before:
        return Meaning(before)
    return Meaning(
        listed,
        found=path,
        has_colors=table.has_colors,
        has_ids=table.has_ids,
        ignored=table.ignored,
        notes=("its classes are the dataset's, in an order or colours of their own; masks are in the dataset's order",),
        is_renumbered=True,
    )


def _by_one_of(before: ClassMap, by_id: ClassTable, by_train_id: ClassTable, path: Path) -> Meaning:
    """The dataset's classes where it has the ids or the train ids of such a list; SegError where it has neither."""
    for kind, table in (("ids", by_id), ("train ids", by_train_id)):
        if (table.classes.names, table.classes.ids) == (before.names, before.ids):
            return Meaning(before, notes=(f"{path} says ids and train ids: taken as {kind}, as those of the dataset",))
    raise SegError(
        f"{path}: says ids and train ids, and the classes of the dataset are numbered otherwise; give these masks a "
        "dataset of their own with -o, or take the column out that they do not hold"
    )


def _listed(before: ClassMap, table: ClassTable) -> ClassMap:
    """The classes in the order of the dataset, with the numbers and the colours of a list of the same names.

    What the dataset knows besides is still known: a person may have told it colours that no list says.
    """
    listed = table.classes
    places = [listed.names.index(name) for name in before.names]
    if table.has_ids or listed.names != before.names:  # the rows of the same list may have been counted from elsewhere
        known = {*listed.index_of_id(), *listed.ignored_ids}
        more_ids = _more(places, listed.more_ids, before.index_of_id(), known)
        ids = tuple(listed.ids[place] for place in places)
        ignored_ids = _ignored(listed.ignored_ids, before.ignored_ids, listed.index_of_id())
        before = replace(before, ids=ids, more_ids=more_ids, ignored_ids=ignored_ids)
    if table.has_colors:
        taken = {*listed.index_of_color(), *listed.ignored}
        more_colors = _more(places, listed.more_colors, before.index_of_color(), taken)
        colors = tuple(listed.colors[place] for place in places)
        ignored = _ignored(listed.ignored, before.ignored, listed.index_of_color())
        before = replace(before, colors=colors, more_colors=more_colors, ignored=ignored)
    return before


def _more(
    places: Sequence[int], more: Sequence[tuple[Value, ...]], before: Mapping[Value, int], known: Collection[Value]
) -> tuple[tuple[Value, ...], ...]:
    """Further values of each class: of the list, where it has this place, and the dataset's that the list lacks."""
    found = [list(more[place]) if more else [] for place in places]
    for value, index in before.items():
        if value not in known:
            found[index].append(value)
    return tuple(map(tuple, found))


def _ignored(listed: Sequence[Value], before: Sequence[Value], of_classes: Collection[Value]) -> tuple[Value, ...]:
    """What the list ignores, and the dataset, unless the list has a class for it."""
    kept = [value for value in before if value not in of_classes and value not in listed]
    return (*listed, *kept)


def _refuse_contradiction(path: Path, table: ClassTable, before: ClassMap, dataset_list: Path) -> None:
    listed = table.classes
    says = _contradiction(_named(listed.index_of_id(), listed), _named(before.index_of_id(), before), str)
    if table.has_colors and not says:
        colors = _named(listed.index_of_color(), listed)
        says = _contradiction(colors, _named(before.index_of_color(), before), format_color)
    if says:
        raise SegError(
            f"{path}: {says}, and the list and the dataset do not name the same classes. If the dataset's numbers hold "
            f"for these masks, too, add --classes {dataset_list}; else give the masks a dataset of their own with -o"
        )


def _named(indices: Mapping[Value, int], classes: ClassMap) -> dict[Value, str]:
    return {value: classes.names[index] for value, index in indices.items()}


def _contradiction(listed: Mapping[Value, str], before: Mapping[Value, str], shown: Callable[[Value], str]) -> str:
    """The first value that two lists name differently, in words; empty if there is none."""
    wrong = next((value for value, name in listed.items() if before.get(value, name) != name), None)
    return "" if wrong is None else f"{shown(wrong)} is {listed[wrong]} here and {before[wrong]} in the dataset"
