"""Checks of what the masks hold: values, classes, empty masks, and regions so small that they look like slips."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from prep.checking.findings import Finding, found
from prep.checking.sample import MaskFacts, SampleFacts
from prep.core.classes import IGNORE_INDEX, ClassMap
from prep.core.words import counted
from prep.dataset.index import SPLITS

_VALUES_SHOWN = 3
_MUCH_IGNORED = 0.5
_SLIP_FACTOR = 50
"""A tiny region is a slip only if it is so many times smaller than the class's median region: small objects stay."""

_Labelled = tuple[SampleFacts, MaskFacts]


def check_labels(samples: Sequence[SampleFacts], classes: ClassMap) -> Iterator[Finding]:
    """All findings about the contents of the masks that can be read."""
    labelled = [(facts, facts.labels) for facts in samples if facts.labels and not facts.labels.strange]
    yield from _values_outside(labelled, classes)
    yield from _one_class(labelled, classes)
    yield from _absent_classes(labelled, classes)
    yield from _uniform(labelled, classes)
    yield from _ignored(labelled)
    yield from _slips(labelled, classes)


def _values_outside(labelled: Sequence[_Labelled], classes: ClassMap) -> Iterator[Finding]:
    outside = [(facts.stem, _outside(labels, classes)) for facts, labels in labelled]
    names = [f"{stem} ({_list_values(counts)})" for stem, counts in outside if counts]
    total: Counter[int] = sum((counts for _, counts in outside), Counter())
    return found("unknown-value", names, last=len(classes) - 1, values=_list_values(total))


def _outside(labels: MaskFacts, classes: ClassMap) -> Counter[int]:
    values = np.flatnonzero(labels.counts[:IGNORE_INDEX])
    return Counter({int(value): int(labels.counts[value]) for value in values if value >= len(classes)})


def _list_values(counts: Counter[int]) -> str:
    parts = [f"{value} in {counted(pixels, 'pixel')}" for value, pixels in counts.most_common(_VALUES_SHOWN)]
    more = len(counts) - _VALUES_SHOWN
    return ", ".join(parts) + (f", and {counted(more, 'more value')}" if more > 0 else "")


def _one_class(labelled: Sequence[_Labelled], classes: ClassMap) -> Iterator[Finding]:
    """A model learns to tell classes apart; ignored pixels are no class."""
    held = [name for name, there in zip(classes.names, _held(labelled), strict=False) if there]
    return found("one-class", None if len(held) == 1 else (), name="".join(held))


def _absent_classes(labelled: Sequence[_Labelled], classes: ClassMap) -> Iterator[Finding]:
    """Classes that no mask holds, then for each split those that only other splits hold."""
    if not labelled:
        return
    held = {split: _held([item for item in labelled if item[0].sample.split == split]) for split in (*SPLITS, "")}
    everywhere = np.any([*held.values()], axis=0)
    absent = [name for index, name in enumerate(classes.names) if not everywhere[index]]
    yield from found("absent-class", absent, total=len(classes))
    for split in SPLITS:
        missing = [name for index, name in enumerate(classes.names) if everywhere[index] and not held[split][index]]
        effect = "never learned" if split == "train" else "never scored there"
        if held[split].any():
            yield from found("class-not-in-split", missing, total=len(classes), split=split, effect=effect)


def _held(labelled: Sequence[_Labelled]) -> NDArray[np.bool_]:
    """(256,) which values occur."""
    return np.asarray(sum((labels.counts for _, labels in labelled), np.zeros(256, np.int64)) > 0)


def _uniform(labelled: Sequence[_Labelled], classes: ClassMap) -> Iterator[Finding]:
    """Masks with nothing but ignored pixels; with one class only, where there are several to choose from."""
    ignored: list[str] = []
    uniform: dict[str, list[str]] = {}
    for facts, labels in labelled:
        present = np.flatnonzero(labels.counts[:IGNORE_INDEX])
        if not len(present):
            ignored.append(facts.stem)
        elif len(present) == 1 and int(present[0]) < len(classes) and len(classes) > 1:
            uniform.setdefault(classes.names[int(present[0])], []).append(facts.stem)
    yield from found("all-ignored", ignored)
    for name, stems in uniform.items():
        kind = "all-background" if name.lower() == "background" else "all-one-class"
        yield from found(kind, stems, total=f"{len(labelled):,}", name=name)


def _ignored(labelled: Sequence[_Labelled]) -> Iterator[Finding]:
    names = []
    for facts, labels in labelled:
        pixels, ignored = int(labels.counts.sum()), int(labels.counts[IGNORE_INDEX])
        if _MUCH_IGNORED * pixels < ignored < pixels:
            names.append(f"{facts.stem} ({ignored / pixels:.0%})")
    share = sum(int(labels.counts[IGNORE_INDEX]) for _, labels in labelled)
    total = sum(int(labels.counts.sum()) for _, labels in labelled)
    return found("much-ignored", names, share=f"{share / (total or 1):.0%}")


def _slips(labelled: Sequence[_Labelled], classes: ClassMap) -> Iterator[Finding]:
    """Tiny regions inside one other class, of classes whose regions are usually far larger."""
    limits = [_median_area(labelled, index) / _SLIP_FACTOR for index in range(len(classes))]
    slips: Counter[int] = Counter()
    names = []
    for facts, labels in labelled:
        tiny = {regions.index: int((regions.tiny < limits[regions.index]).sum()) for regions in labels.regions}
        slips.update(tiny)
        if number := sum(tiny.values()):
            names.append(f"{facts.stem} ({counted(number, 'region')})")
    listed = ", ".join(f"{classes.names[index]} {number:,}" for index, number in slips.most_common() if number)
    return found("tiny-region", names, regions=counted(slips.total(), "region"), classes=listed)


def _median_area(labelled: Sequence[_Labelled], index: int) -> float:
    """Median pixels of the regions of a class, 0 without any."""
    areas = [regions.areas for _, labels in labelled for regions in labels.regions if regions.index == index]
    return float(np.median(np.concatenate(areas))) if areas else 0.0
