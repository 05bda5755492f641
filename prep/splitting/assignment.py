"""Which split each sample is in: whole units at a time, in the ratios wanted, alike in their classes."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from prep.core.randomness import Stream
from prep.dataset.index import SPLITS, Sample
from prep.splitting.balance import ClassPixels, groups_of
from prep.splitting.stratify import Bins, deal_out

Ratios = tuple[float, float, float]
DEFAULT_RATIOS: Ratios = (80, 10, 10)
TEST = SPLITS[2]

_IMPORTANCE = (4.0, 2.0, 1.0)
"""A class found in one group only goes to train, one found in two to train and val."""


def split_counts(number: int, ratios: Ratios) -> tuple[int, int, int]:
    """Whole numbers that add up to `number` in these ratios, by largest remainder.

    A split whose ratio is above zero gets at least one while there are enough, train first, then val.
    """
    total = sum(ratios)
    exact = [number * ratio / total for ratio in ratios]
    counts = [int(value) for value in exact]
    by_remainder = sorted(range(3), key=lambda i: counts[i] - exact[i])
    for i in by_remainder[: number - sum(counts)]:
        counts[i] += 1
    for i in range(3):
        largest = max(range(3), key=lambda j: counts[j])
        if counts[i] == 0 and ratios[i] > 0 and counts[largest] > 1:
            counts[i] += 1
            counts[largest] -= 1
    return counts[0], counts[1], counts[2]


def assign_units(
    units: Mapping[str, Sequence[Sample]], pixels: ClassPixels, ratios: Ratios, seed: int
) -> dict[str, str]:
    """Choose a split for each sample, by stem; units (name -> samples) stay whole.

    Samples that have a split keep it, and others of their unit follow them. The result depends on seed and names,
    not on their order.
    """
    result = {sample.stem: sample.split for members in units.values() for sample in members if sample.split}
    new: dict[str, Sequence[Sample]] = {}
    for name, members in sorted(units.items()):
        found = Counter(sample.split for sample in members if sample.split)
        if not found:
            new[name] = members
        else:
            home = max(SPLITS, key=lambda split: found[split])
            result.update({sample.stem: home for sample in members if not sample.split})
    there = [[sample for m in units.values() for sample in m if result.get(sample.stem) == name] for name in SPLITS]
    kept = groups_of([[sample] for sample in flat(there)], pixels).features
    owner = np.repeat(np.arange(3), [len(members) for members in there])
    bins = Bins(
        split_counts(sum(map(len, units.values())), ratios),
        _IMPORTANCE,
        np.stack([kept[owner == number].sum(axis=0) for number in range(3)]) if len(kept) else None,
    )
    chosen = deal_out(groups_of(list(new.values()), pixels), bins, Stream(seed, "split"))
    for members, number in zip(new.values(), chosen.tolist(), strict=True):
        result.update({sample.stem: SPLITS[number] for sample in members})
    return result


def flat(lists: Sequence[Sequence[Sample]]) -> list[Sample]:
    """The samples of all of them."""
    return [sample for members in lists for sample in members]


def with_test(units: Mapping[str, Sequence[Sample]]) -> int:
    """The number of samples that came as test with their labels, or belong together with one that did."""
    return sum(len(each) for each in units.values() if any(sample.source_split == TEST for sample in each))


def beside_test(units: Mapping[str, Sequence[Sample]], ratios: Ratios) -> Ratios:
    """Ratios that leave in test exactly what came so with what belongs to it, if anything did."""
    train, val, _ = ratios if any(ratios[:2]) else (1, 0, 0)
    total, test = sum(map(len, units.values())), with_test(units)
    return (train * (total - test), val * (total - test), (train + val) * test) if test else ratios
