"""Two lists of the same classes in another order: which of them the numbers in masks mean, nobody knows."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from prep.core.errors import SegError
from prep.core.words import options
from prep.dataset.dataset_files import INDEX
from prep.labels.region_labels import BACKGROUND
from prep.labels.tables.table import ClassTable


def in_another_order(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    """Whether two of the names that both lists have, with their numbers, are the other way round in one of them.

    A list that shares only some names with the other, and has others, is of something else.
    """
    ours, theirs = ({name.casefold(): number for name, number in each.items()} for each in (one, other))
    if not (ours.keys() - {BACKGROUND} <= theirs.keys() or theirs.keys() - {BACKGROUND} <= ours.keys()):
        return False
    shared = sorted(ours.keys() & theirs.keys(), key=ours.__getitem__)
    return shared != sorted(shared, key=theirs.__getitem__)


def refuse_other_order(file: Path, table: ClassTable, others: Sequence[tuple[Path, ClassTable]]) -> None:
    """SegError if another list beside the one that is taken numbers its classes in another order.

    Lists of colours alone number nothing, and that of a dataset of ours is of its own masks.
    """
    if _is_numbering(table):
        refuse_other_numbers(file, _numbers(table), others)


def refuse_other_numbers(file: Path, numbers: Mapping[str, int], others: Sequence[tuple[Path, ClassTable]]) -> None:
    """The same for the numbers that the classes of a file have been given, whatever it says itself."""
    for other, content in others:
        if other.absolute() == file.absolute() or not _is_numbering(content) or _is_ours(other):
            continue
        if in_another_order(numbers, _numbers(content)):
            raise SegError(
                f"{file} and {other} have the same classes in another order; say which of them these labels mean:"
                f"{options('--classes', map(str, (file, other)))}"
            )


def _is_numbering(table: ClassTable) -> bool:
    return table.has_ids or not table.has_colors


def _is_ours(file: Path) -> bool:
    return (file.parent / INDEX).is_file()


def _numbers(table: ClassTable) -> dict[str, int]:
    return dict(zip(table.classes.names, table.classes.ids, strict=True))
