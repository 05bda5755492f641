"""Split the samples of a dataset into train, val and test: stratified by class, whole groups at a time."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.core.randomness import Stream
from prep.core.words import counted, verb
from prep.dataset.dataset import SPLITS, Dataset, Sample, opened_alone, write_index, writes
from prep.dataset.dataset_files import FOLDS, INDEX
from prep.dataset.missing import no_masks
from prep.dataset.stats import count_values
from prep.dataset.transaction import Transaction
from prep.images.likeness.similar import Fingerprint, fingerprint, near_duplicates
from prep.splitting.balance import ClassPixels, absent_classes, groups_of, share_deviation
from prep.splitting.folds import assign_folds, write_folds
from prep.splitting.grouping import group_samples, unit_by_stem, units_of
from prep.splitting.stratify import Bins, deal_out

Ratios = tuple[float, float, float]
DEFAULT_RATIOS: Ratios = (80, 10, 10)

_TEST = SPLITS[2]
_IMPORTANCE = (4.0, 2.0, 1.0)
"""A class found in one group only goes to train, one found in two to train and val."""


@dataclass(frozen=True)
class Split:
    """A dataset that is split now, and how that came about.

    assigned: samples that had no split before.  kept: those that had one and stayed where they were.
    joined: sets of near-duplicates, by stem.  absent: (split, class) without a pixel, where the split has samples.
    deviation: the largest difference between the share of a class in a split and in the whole, 0..1.
    folds: number of samples in each fold.
    """

    dataset: Dataset
    assigned: int
    kept: int
    joined: tuple[tuple[str, ...], ...]
    absent: tuple[tuple[str, str], ...]
    deviation: float
    folds: tuple[int, ...]


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
    kept = groups_of([[sample] for sample in _flat(there)], pixels).features
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


def _flat(lists: Sequence[Sequence[Sample]]) -> list[Sample]:
    return [sample for members in lists for sample in members]


@dataclass(frozen=True)
class _Look:
    """What a split needs to know of a sample: its class pixels (C,), and a fingerprint if it is compared."""

    dataset: Dataset
    dedupe: bool

    def __call__(self, sample: Sample) -> tuple[NDArray[np.int64], Fingerprint | None]:
        pixels = count_values(self.dataset.mask(sample))[: len(self.dataset.classes)]
        return pixels, fingerprint(self.dataset.image(sample)) if self.dedupe else None


def _anew(samples: Sequence[Sample]) -> list[Sample]:
    """The samples without their splits, but for those that came as test with their labels."""
    return [replace(sample, split=_TEST if sample.source_split == _TEST else "") for sample in samples]


def _with_test(units: Mapping[str, Sequence[Sample]]) -> int:
    """The number of samples that came as test or belong together with one that did."""
    return sum(len(each) for each in units.values() if any(sample.source_split == _TEST for sample in each))


def _beside_test(units: Mapping[str, Sequence[Sample]], ratios: Ratios) -> Ratios:
    """Ratios that leave in test exactly what came so with what belongs to it, if anything did."""
    train, val, _ = ratios if any(ratios[:2]) else (1, 0, 0)
    total, test = sum(map(len, units.values())), _with_test(units)
    return (train * (total - test), val * (total - test), (train + val) * test) if test else ratios


def _refuse_all_in_test(dataset: Dataset, units: Mapping[str, Sequence[Sample]]) -> None:
    """Refuse groups that take everything into test, although not everything came so."""
    samples = _flat(list(units.values()))
    if sum(sample.source_split == _TEST for sample in samples) < len(samples) == _with_test(units):
        raise SegError(
            f"{dataset.root}: all samples belong together with ones that came as test, as near-duplicates or in a "
            "group, and nothing is left for train; group otherwise (--group-by), or delete the column source_split of "
            f"{dataset.root / INDEX} to divide those, too"
        )


@writes
def split_dataset(
    dataset: Dataset,
    ratios: Ratios = DEFAULT_RATIOS,
    *,
    seed: int = 0,
    group_by: str | None = None,
    block: float | None = None,
    dedupe: bool = True,
    folds: int | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    progress: Progress = silent,
) -> Split:
    """Split the labelled samples and write the index, and folds.csv if `folds` are wanted.

    Samples that have a split keep it unless `overwrite` is set; only new ones are assigned. Those that came as test
    stay there in any case; what belongs together with them follows, and the others are divided over train and val.
    group_by, block: as of group_samples.
    dedupe: keep near-duplicates together.  folds: number of parts that the samples outside test are dealt out to.
    Raises SegError if the dataset is split in another way: in other ratios, or with groups torn apart.
    """
    samples = group_samples(dataset, group_by, block)
    before = [sample for sample in samples if sample.is_labelled]
    if not before:
        raise no_masks(dataset.root)
    seen = list(zip(before, run_jobs(_Look(dataset.without_samples(), dedupe), before, workers, progress), strict=True))
    pixels = {sample.stem: counts for sample, (counts, _) in seen}
    joined = near_duplicates({sample.stem: found for sample, (_, found) in seen if found is not None}, workers)
    old = _anew(before) if overwrite else before
    units = units_of(old, joined)
    ratios = _beside_test(units, ratios)
    if overwrite:
        _refuse_all_in_test(dataset, units)
    else:
        _refuse_another(dataset, units, ratios, grouped=group_by is not None)
    splits = assign_units(units, pixels, ratios, seed)
    after = [replace(sample, split=splits.get(sample.stem, "")) for sample in samples]
    labelled = [sample for sample in after if sample.is_labelled]
    numbers = None if folds is None else assign_folds(units_of(labelled, joined), pixels, folds, seed)
    groups = unit_by_stem(units_of(labelled, joined))
    with Transaction(dataset.root, "split", {"folds": folds}) as change:
        if numbers is not None:
            write_folds(change.path(FOLDS), numbers, groups)
        write_index(change.path(INDEX), after)
        # Folds of samples that were split otherwise, or of fewer samples, are no longer true.
        grown = any(not sample.split for sample in old)
        updates = (INDEX, FOLDS) if grown else (INDEX,)
        change.commit(overwrite=overwrite, updates=updates, remove=() if numbers else (FOLDS,))
    return Split(
        dataset=Dataset.open(dataset.root),
        assigned=sum(not sample.split for sample in old),
        kept=sum(bool(sample.split) for sample in old),
        joined=tuple(map(tuple, joined)),
        absent=absent_classes(dataset.classes.names, labelled, pixels),
        deviation=share_deviation([[pixels[s.stem] for s in labelled if s.split == name] for name in SPLITS]),
        folds=tuple(Counter((numbers or {}).values())[fold] for fold in range(folds or 0)),
    )


@dataclass(frozen=True)
class Dealt:
    """Samples dealt out to folds, by stem: their fold 0..K-1, what they are kept together with, (C,) class pixels."""

    folds: Mapping[str, int]
    groups: Mapping[str, str]
    pixels: Mapping[str, NDArray[np.int64]]


def deal_folds(
    dataset: Dataset, folds: int, seed: int = 0, workers: int | None = None, progress: Progress = silent
) -> Dealt:
    """Deal the samples of train and val out to folds; writes nothing.

    Groups and near-duplicates stay together; the folds are alike in their classes. Of the same dataset, it is what
    `split_dataset` writes into folds.csv. Raises SegError if there are fewer groups than folds.
    """
    samples = dataset.of_split("train", "val")
    seen = list(zip(samples, run_jobs(_Look(dataset.without_samples(), True), samples, workers, progress), strict=True))
    joined = near_duplicates({sample.stem: found for sample, (_, found) in seen if found is not None}, workers)
    units = units_of(samples, joined)
    if len(units) < folds:
        there = counted(len(units), "sample or group is", "samples or groups are")
        if len(units) < 2:
            raise SegError(
                f"{dataset.root}: {there} in train and val, and each fold needs one that the others have not; label "
                f"more: seg-prep annotate {dataset.root}"
            )
        raise SegError(
            f"{dataset.root}: {there} in train and val, too few for --folds {folds}; type --folds {len(units)}"
        )
    pixels = {sample.stem: counts for sample, (counts, _) in seen}
    return Dealt(assign_folds(units, pixels, folds, seed), unit_by_stem(units), pixels)


def _refuse_another(dataset: Dataset, units: Mapping[str, Sequence[Sample]], ratios: Ratios, *, grouped: bool) -> None:
    """Refuse to leave a split that is not what was asked for; new samples are no reason."""
    samples = _flat(list(units.values()))
    if not any(sample.split for sample in samples):
        return
    remedy = "the same command with --overwrite splits all anew"  # a command without the groups would tear them again
    torn = [members for members in units.values() if len({sample.split for sample in members} - {""}) > 1]
    if torn:
        parts = ", ".join(f"{sample.stem} in {sample.split}" for sample in torn[0][:4] if sample.split)
        raise SegError(
            f"{dataset.root}: the split tears apart what belongs together ({parts}); {remedy}"
            + ("" if grouped or torn[0][0].group else ", --no-dedupe leaves near-duplicates where they are")
        )
    if not all(sample.split for sample in samples) or all(sample.split == sample.source_split for sample in samples):
        return
    largest = max(map(len, units.values()))
    counts = Counter(sample.split for sample in samples)
    wanted = dict(zip(SPLITS, split_counts(len(samples), ratios), strict=True))
    if any(abs(counts[name] - wanted[name]) > largest for name in SPLITS):
        have, ask = ("/".join(str(found[name]) for name in SPLITS) for found in (counts, wanted))
        raise SegError(
            f"{dataset.root}: is split in another way already ({have} samples, these ratios ask for {ask}); "
            "add --overwrite to split all anew in them"
        )


def ensure_split(dataset: Dataset, seed: int, say: Callable[[str], None]) -> Dataset:
    """Return the dataset with a split; samples without one get it by the default ratios, and the person is told."""
    if dataset.is_split:
        return dataset
    with opened_alone(dataset.root, say) as dataset:
        if dataset.is_split:  # somebody else was faster
            return dataset
        result = split_dataset(dataset, seed=seed)
    how = f"({'/'.join(map(str, DEFAULT_RATIOS))}, seed {seed})"
    if result.kept:
        samples = counted(result.assigned, "sample")
        say(f"{samples} had no split and now {verb(result.assigned, 'has', 'have')} one {how}; the others keep theirs.")
    else:
        say(f"The dataset had no split; it now has the default one {how}.")
    return result.dataset
