"""Other names, colours, order and number of classes: classes.json and all masks change together, or not at all."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX, MAX_ID, ClassMap, Color, write_classes
from prep.core.errors import SegError
from prep.core.files import write_bytes
from prep.core.jobs import run_jobs
from prep.core.words import counted
from prep.core.workers import threads
from prep.dataset.dataset import Dataset, writes
from prep.dataset.dataset_files import ACCEPTED_PIXELS, CLASSES, MASKS, PATCHES, STATS
from prep.dataset.index import Sample
from prep.dataset.transaction import Transaction
from prep.images.imageio import encode_png, read_mask


@dataclass(frozen=True)
class WantedClass:
    """A class as a person wants it: the index that it has now, None for a new one, with its name and colour."""

    now: int | None
    name: str
    color: Color


@dataclass(frozen=True)
class ClassChange:
    """The classes before and after, and what becomes of every mask value.

    table: (256,) uint8, the new mask value of each old one.
    unassigned: dropped classes (old indices) of which nobody said what becomes of their pixels.
    """

    before: ClassMap
    after: ClassMap
    table: NDArray[np.uint8]
    unassigned: tuple[int, ...]


@dataclass(frozen=True)
class Use:
    """In how many masks a class stands, with how many pixels in all."""

    images: int
    pixels: int


@dataclass(frozen=True)
class Changed:
    """What a change has done: masks rewritten, and what was removed (stats.json, patches)."""

    masks: tuple[str, ...]
    removed: tuple[str, ...]


class UsedClasses(SegError):
    """Classes that are to be dropped stand in masks, and nobody said what their pixels become.

    used: by index, where they stand.
    """

    def __init__(self, classes: ClassMap, used: dict[int, Use]) -> None:
        names = ", ".join(f"{classes.names[index]} ({counted(use.images, 'image')})" for index, use in used.items())
        super().__init__(f"masks hold pixels of {names}; say what becomes of them: another class, or unlabelled")
        self.used = used


def plan_change(before: ClassMap, wanted: Sequence[WantedClass], pixels: dict[int, int]) -> ClassChange:
    """Work out the class map that results and what each mask value becomes.

    pixels: for dropped classes (old index), the new index that their pixels get, or 255 for unlabelled.
    A class that stays keeps its ids and further colours; a new one gets an id that no class has, or had before.
    Raises SegError if classes do not exist or stand twice, or if the result is no class map.
    """
    _check(before, wanted, pixels)
    table = np.arange(256, dtype=np.uint8)
    dropped = [index for index in range(len(before)) if index not in {entry.now for entry in wanted}]
    for index in dropped:
        table[index] = pixels.get(index, IGNORE_INDEX)
    for index, entry in enumerate(wanted):
        if entry.now is not None:
            table[entry.now] = index
    return ClassChange(before, _class_map(before, wanted), table, tuple(i for i in dropped if i not in pixels))


def _check(before: ClassMap, wanted: Sequence[WantedClass], pixels: dict[int, int]) -> None:
    if not wanted:
        raise SegError("keep at least one class")
    kept = [entry.now for entry in wanted if entry.now is not None]
    for index in (*kept, *pixels):
        if not 0 <= index < len(before):
            raise SegError(f"there is no class {index}; there are {len(before)}")
    if len(set(kept)) < len(kept):
        raise SegError("one class cannot become two")
    for index, value in pixels.items():
        if index in kept:
            raise SegError(f"class {before.names[index]!r} stays; only pixels of dropped classes get another class")
        if value != IGNORE_INDEX and not 0 <= value < len(wanted):
            raise SegError(f"pixels of {before.names[index]!r} cannot become class {value}; there are {len(wanted)}")
    for entry in wanted:
        if not entry.name.isprintable():
            raise SegError(f"the name {entry.name!r} holds characters that cannot be shown")
        if entry.name.lower() == "ignore":  # lists of classes mean "not labelled" by it
            raise SegError("'ignore' is no name for a class; leave pixels unlabelled instead")


def _class_map(before: ClassMap, wanted: Sequence[WantedClass]) -> ClassMap:
    taken = {*before.index_of_id(), *before.ignored_ids, IGNORE_INDEX}
    ids: list[int] = []
    for index, entry in enumerate(wanted):
        ids.append(before.ids[entry.now] if entry.now is not None else _free_id(index, taken))
        taken.add(ids[-1])
    kept = [entry.now for entry in wanted]
    return replace(
        before,
        names=tuple(entry.name for entry in wanted),
        colors=tuple(entry.color for entry in wanted),
        ids=tuple(ids),
        more_ids=tuple(() if now is None else before.more_ids[now] for now in kept) if before.more_ids else (),
        more_colors=tuple(() if now is None else before.more_colors[now] for now in kept) if before.more_colors else (),
    )


def _free_id(index: int, taken: set[int]) -> int:
    """The index itself where it is free; not the id of a class that is dropped now: raw masks may still hold it."""
    return index if index not in taken else min(set(range(MAX_ID + 1)) - taken)


@writes
def change_classes(dataset: Dataset, change: ClassChange, workers: int | None = None) -> Changed:
    """Write the classes, and the masks whose values change, in one transaction; nobody else may write meanwhile.

    Masks of rejected images, which the index does not name, change too, and so does what is noted as accepted from
    proposals. stats.json goes if names, number or order of classes change, patches/ if a mask changes.
    workers: threads, None takes all cores.
    Raises UsedClasses, or SegError for a mask that is damaged or holds values that are no class; nothing is changed
    then. A process that dies leaves the old dataset, or the new one once it is opened again.
    """
    # A staged mask is made of the mask as it is now, so nothing that a killed change left is taken up again.
    with Transaction(dataset.root, "classes", {"begun": time.time_ns()}) as transaction:
        try:
            masks = _stage_masks(dataset, change, transaction, workers)
            _stage_accepted(dataset, change, transaction, workers)
            write_classes(transaction.path(CLASSES), change.after)
        except Exception:
            transaction.discard()
            raise
        leaving = [PATCHES] if masks else []
        if masks or change.after.names != change.before.names:
            leaving.append(STATS)
        removed = tuple(name for name in sorted(leaving) if (dataset.root / name).exists())
        transaction.commit(overwrite=True, remove=removed)
    return Changed(masks, removed)


def mask_files(dataset: Dataset) -> list[str]:
    """The masks of all samples, relative to the dataset: also of rejected ones, which the index does not name."""
    names = [sample.mask or _own_file(dataset.root, sample) for sample in dataset.samples]
    return [name for name in names if name]


def _own_file(root: Path, sample: Sample) -> str:
    name = f"{MASKS}/{sample.stem}.png"
    return name if (root / name).is_file() else ""


def _stage_masks(
    dataset: Dataset, change: ClassChange, transaction: Transaction, workers: int | None
) -> tuple[str, ...]:
    """Stage the masks whose values change, and say which."""
    old = [*range(len(change.before))]
    if not change.unassigned and (change.table[old] == old).all():
        return ()
    names = mask_files(dataset)
    for name in names:
        transaction.path(name)  # makes the folder
    stage = partial(_stage_mask, dataset.root, change, transaction)
    with threads(workers) as pool:
        pixels = np.array(run_jobs(stage, names, 1, executor=pool)).reshape(len(names), 256)
    used = {
        index: Use(int((pixels[:, index] > 0).sum()), int(pixels[:, index].sum()))
        for index in change.unassigned
        if pixels[:, index].any()
    }
    if used:
        raise UsedClasses(change.before, used)
    moved = np.flatnonzero(change.table != np.arange(256))
    return tuple(name for name, row in zip(names, pixels, strict=True) if row[moved].any())


def _stage_mask(root: Path, change: ClassChange, transaction: Transaction, name: str) -> NDArray[np.int64]:
    """Stage one mask if its values change; returns its pixels (256,) by old value."""
    mask = read_mask(root / name)
    pixels = np.bincount(mask.ravel(), minlength=256)
    wrong = [value for value in np.flatnonzero(pixels).tolist() if len(change.before) <= value < IGNORE_INDEX]
    if wrong:
        raise SegError(
            f"{root / name}: holds the value {wrong[0]}, but {CLASSES} has only the classes "
            f"0 to {len(change.before) - 1}; convert this mask again"
        )
    held = np.flatnonzero(pixels)
    if not pixels[list(change.unassigned)].any() and (change.table[held] != held).any():
        write_bytes(transaction.path(name), encode_png(np.asarray(cv2.LUT(mask, change.table), np.uint8)))
    return pixels


def _stage_accepted(dataset: Dataset, change: ClassChange, transaction: Transaction, workers: int | None) -> None:
    """Stage what was accepted from proposals as the new values of the masks are, which it is compared with."""
    old = [*range(len(change.before))]
    if (change.table[old] == old).all():
        return
    names = sorted(f"{ACCEPTED_PIXELS}/{path.name}" for path in (dataset.root / ACCEPTED_PIXELS).glob("*.png"))
    with threads(workers) as pool:
        run_jobs(partial(_stage_accepted_file, dataset.root, change, transaction), names, 1, executor=pool)


def _stage_accepted_file(root: Path, change: ClassChange, transaction: Transaction, name: str) -> None:
    try:
        values = read_mask(root / name)
    except SegError:  # a damaged file counts as none, and stays so
        return
    renumbered = np.asarray(cv2.LUT(values, change.table), np.uint8)
    if not np.array_equal(renumbered, values):
        write_bytes(transaction.path(name), encode_png(renumbered))
