"""Checks of what the masks hold: values, classes, empty masks, and regions so small that they look like slips."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from prep.checking.findings import Finding
from prep.checking.sample import MaskFacts, SampleFacts
from prep.core.classes import IGNORE_INDEX, ClassMap
from prep.core.words import counted, verb
from prep.dataset.dataset import CLASSES, SPLITS

_VALUES_SHOWN = 3
_MUCH_IGNORED = 0.5
_SLIP_FACTOR = 50
"""A tiny region is a slip only if it is so many times smaller than the class's median region: small objects stay."""

Labelled = tuple[SampleFacts, MaskFacts]


def check_labels(samples: Sequence[SampleFacts], classes: ClassMap) -> Iterator[Finding]:
    """All findings about the contents of the masks that can be read."""
    labelled = [(facts, facts.labels) for facts in samples if facts.labels and not facts.labels.strange]
    yield from _values_outside(labelled, classes)
    yield from _one_class(labelled, classes)
    yield from _absent_classes(labelled, classes)
    yield from _uniform(labelled, classes)
    yield from _ignored(labelled)
    yield from _slips(labelled, classes)


def _values_outside(labelled: Sequence[Labelled], classes: ClassMap) -> Iterator[Finding]:
    outside = [(facts.stem, _outside(labels, classes)) for facts, labels in labelled]
    names = tuple(f"{stem} ({_list_values(counts)})" for stem, counts in outside if counts)
    if names:
        total: Counter[int] = sum((counts for _, counts in outside), Counter())
        yield Finding(
            "error",
            "unknown-value",
            f"{counted(len(names), 'mask')} {verb(len(names), 'holds', 'hold')} values that are no class in {CLASSES} "
            f"(0 to {len(classes) - 1}, {IGNORE_INDEX} for ignored): {_list_values(total)}.",
            names,
            "convert these masks again from the raw labels, with the class map that belongs to them",
        )


def _outside(labels: MaskFacts, classes: ClassMap) -> Counter[int]:
    values = np.flatnonzero(labels.counts[:IGNORE_INDEX])
    return Counter({int(value): int(labels.counts[value]) for value in values if value >= len(classes)})


def _list_values(counts: Counter[int]) -> str:
    parts = [f"{value} in {counted(pixels, 'pixel')}" for value, pixels in counts.most_common(_VALUES_SHOWN)]
    more = len(counts) - _VALUES_SHOWN
    return ", ".join(parts) + (f", and {counted(more, 'more value')}" if more > 0 else "")


def _one_class(labelled: Sequence[Labelled], classes: ClassMap) -> Iterator[Finding]:
    """A model learns to tell classes apart; ignored pixels are no class."""
    held = [name for name, there in zip(classes.names, _held(labelled), strict=False) if there]
    if len(held) == 1:
        yield Finding(
            "error",
            "one-class",
            f"All labelled pixels are {held[0]}: there is nothing to tell it from, and every model scores 1.",
            (),
            "label the rest as a class of its own, for example background ('seg-prep annotate'), or bring labels in "
            "again with --unlabeled background",
        )


def _absent_classes(labelled: Sequence[Labelled], classes: ClassMap) -> Iterator[Finding]:
    """Classes that no mask holds, then for each split those that only other splits hold."""
    if not labelled:
        return
    held = {split: _held([item for item in labelled if item[0].sample.split == split]) for split in (*SPLITS, "")}
    everywhere = np.any([*held.values()], axis=0)
    absent = [name for index, name in enumerate(classes.names) if not everywhere[index]]
    if absent:
        yield Finding(
            "warning",
            "absent-class",
            f"{counted(len(absent), 'class', 'classes')} of {len(classes)} {verb(len(absent), 'occurs', 'occur')} "
            "in no mask.",
            tuple(absent),
            f"take them out of the class map, or check that their colours or ids in {CLASSES} are those of the labels",
        )
    for split in SPLITS:
        missing = [name for index, name in enumerate(classes.names) if everywhere[index] and not held[split][index]]
        if missing and held[split].any():
            yield Finding(
                "warning",
                "class-not-in-split",
                f"{counted(len(missing), 'class', 'classes')} of {len(classes)} {verb(len(missing), 'does', 'do')} "
                f"not occur in {split}: " + ("never learned." if split == "train" else "never scored there."),
                tuple(missing),
                "split again with another --seed ('seg-prep split --overwrite'), or label more samples that hold them",
            )


def _held(labelled: Sequence[Labelled]) -> NDArray[np.bool_]:
    """(256,) which values occur."""
    return np.asarray(sum((labels.counts for _, labels in labelled), np.zeros(256, np.int64)) > 0)


def _uniform(labelled: Sequence[Labelled], classes: ClassMap) -> Iterator[Finding]:
    """Masks with nothing but ignored pixels; with one class only, where there are several to choose from."""
    ignored: list[str] = []
    uniform: dict[str, list[str]] = {}
    for facts, labels in labelled:
        present = np.flatnonzero(labels.counts[:IGNORE_INDEX])
        if not len(present):
            ignored.append(facts.stem)
        elif len(present) == 1 and int(present[0]) < len(classes) and len(classes) > 1:
            uniform.setdefault(classes.names[int(present[0])], []).append(facts.stem)
    if ignored:
        yield Finding(
            "warning",
            "all-ignored",
            f"{counted(len(ignored), 'mask')} {verb(len(ignored), 'holds', 'hold')} ignored pixels only: "
            "nothing to learn or to score.",
            tuple(ignored),
            "label these images, or leave them out of the dataset",
        )
    for name, stems in uniform.items():
        yield Finding(
            "warning",
            "all-background" if name.lower() == "background" else "one-class",
            f"{counted(len(stems), 'mask')} of {len(labelled):,} {verb(len(stems), 'holds', 'hold')} {name} only.",
            tuple(stems),
            "look whether labels were forgotten; images that really show nothing else may stay",
        )


def _ignored(labelled: Sequence[Labelled]) -> Iterator[Finding]:
    names = []
    for facts, labels in labelled:
        pixels, ignored = int(labels.counts.sum()), int(labels.counts[IGNORE_INDEX])
        if _MUCH_IGNORED * pixels < ignored < pixels:
            names.append(f"{facts.stem} ({ignored / pixels:.0%})")
    if names:
        share = sum(int(labels.counts[IGNORE_INDEX]) for _, labels in labelled)
        total = sum(int(labels.counts.sum()) for _, labels in labelled)
        yield Finding(
            "remark",
            "much-ignored",
            f"In {counted(len(names), 'mask')} more than half of the pixels are ignored "
            f"({share / total:.0%} in the whole dataset).",
            tuple(names),
            "check that 255 does not stand for a class; otherwise label more of these images",
        )


def _slips(labelled: Sequence[Labelled], classes: ClassMap) -> Iterator[Finding]:
    """Tiny regions inside one other class, of classes whose regions are usually far larger."""
    limits = [_median_area(labelled, index) / _SLIP_FACTOR for index in range(len(classes))]
    slips: Counter[int] = Counter()
    names = []
    for facts, labels in labelled:
        found = {regions.index: int((regions.tiny < limits[regions.index]).sum()) for regions in labels.regions}
        slips.update(found)
        if number := sum(found.values()):
            names.append(f"{facts.stem} ({counted(number, 'region')})")
    if names:
        listed = ", ".join(f"{classes.names[index]} {number:,}" for index, number in slips.most_common() if number)
        yield Finding(
            "remark",
            "tiny-region",
            f"{counted(slips.total(), 'region')} of a few pixels inside another class, in "
            f"{counted(len(names), 'mask')}, may be slips of annotation: {listed}.",
            tuple(names),
            "look at these masks; paint the specks over in the raw labels and convert again",
        )


def _median_area(labelled: Sequence[Labelled], index: int) -> float:
    """Median pixels of the regions of a class, 0 without any."""
    areas = [regions.areas for _, labels in labelled for regions in labels.regions if regions.index == index]
    return float(np.median(np.concatenate(areas))) if areas else 0.0
