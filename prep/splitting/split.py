"""Split the samples of a dataset into train, val and test: stratified by class, whole groups at a time."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.failures import Failures, Trying
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.core.words import counted, verb
from prep.dataset.damaged import leave_out
from prep.dataset.dataset import Dataset, opened_alone, writes
from prep.dataset.dataset_files import FOLDS, INDEX
from prep.dataset.folds import read_folds, write_folds
from prep.dataset.index import BUFFER, SPLITS, Sample, write_index
from prep.dataset.missing import no_masks
from prep.dataset.provenance import SplitWay
from prep.dataset.stats import count_values
from prep.dataset.transaction import Transaction
from prep.geo.adjacency import sharing_ground
from prep.images.likeness.similar import ImageSigns, fingerprint, near_duplicates
from prep.splitting.assignment import DEFAULT_RATIOS, Ratios, beside_test, flat, split_counts
from prep.splitting.balance import absent_classes, share_deviation
from prep.splitting.buffer import touching
from prep.splitting.dealing import Dealing, dealt_apart, refuse_all_in_test
from prep.splitting.folds import assign_folds
from prep.splitting.grouping import unit_by_stem, units_of
from prep.splitting.way import chosen_way, samples_grouped


@dataclass(frozen=True)
class Split:
    """A dataset that is split now, and how that came about.

    assigned: samples that had no split before.  kept: those that had one and stayed where they were.
    joined: sets of near-duplicates, by stem.  absent: (split, class) without a pixel, where the split has samples.
    deviation: the largest difference between the share of a class in a split and in the whole, 0..1.
    folds: number of samples in each fold.  across_folds: samples that show ground which another fold shows, too.
    buffer: samples that are in no split, because they lie next to one.  touching: those that lie next to another split
    all the same.  better_block: metres of squares that leave out fewer, where more than a quarter is left out.
    way: how the samples were dealt out, whether a person said so or the split before.
    folds_gone: whether folds.csv was of the split before, and was deleted.
    problems: what is wrong with samples that cannot be read, and got no split.
    """

    dataset: Dataset
    assigned: int
    kept: int
    joined: tuple[tuple[str, ...], ...]
    absent: tuple[tuple[str, str], ...]
    deviation: float
    folds: tuple[int, ...]
    buffer: int = 0
    touching: int = 0
    better_block: float | None = None
    way: SplitWay = field(default_factory=SplitWay)
    folds_gone: bool = False
    across_folds: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Look:
    """What a split needs to know of a sample: its class pixels (C,), and a fingerprint if it is compared."""

    dataset: Dataset
    dedupe: bool

    def __call__(self, sample: Sample) -> tuple[NDArray[np.int64], ImageSigns | None]:
        pixels = count_values(self.dataset.mask(sample))[: len(self.dataset.classes)]
        image = self.dataset.image(sample)  # also where it is not compared: a damaged one gets no split
        return pixels, fingerprint(image) if self.dedupe else None


@writes
def split_dataset(
    dataset: Dataset,
    ratios: Ratios | None = None,
    *,
    seed: int = 0,
    group_by: str | None = None,
    block: float | None = None,
    dedupe: bool = True,
    folds: int | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    progress: Progress = silent,
    failures: Failures | None = None,
) -> Split:
    """Split the labelled samples and write the index, and folds.csv if `folds` are wanted.

    Samples that have a split keep it unless `overwrite` is set; only new ones are assigned. Those that came as test
    stay there in any case; what belongs together with them follows, and the others are divided over train and val.
    group_by, block: as of group_samples; by place, what lies next to another split on the ground is in none.
    Without ratios, and without group_by, this goes on as the dataset was split before.
    dedupe: keep near-duplicates together.  folds: number of parts that the samples outside test are dealt out to.
    failures: of the samples with a damaged file, which get no split; without it, they are a SegError that lists them.
    Raises SegError if the dataset is split in another way: in other ratios, or with groups torn apart.
    """
    way = chosen_way(dataset, SplitWay(ratios, group_by, block), overwrite=overwrite)
    samples = samples_grouped(dataset, way, is_given=group_by is not None)
    before = [sample for sample in samples if sample.is_labelled]
    if not before:
        raise no_masks(dataset.root)
    seen = _look_at(dataset, before, dedupe, workers, progress, failures)
    damaged = [sample for sample in before if sample.stem not in seen.pixels]
    before = [sample for sample in before if sample.stem in seen.pixels]
    pixels, joined = seen.pixels, near_duplicates(seen.fingerprints, workers)
    dealing = Dealing(way.ratios or DEFAULT_RATIOS, seed, pixels, joined, overwrite)
    units = dealing.units(before)
    old, better = flat(list(units.values())), None
    if overwrite:
        refuse_all_in_test(dataset, units)
    else:
        _refuse_another(dataset, units, beside_test(units, ratios) if ratios else None, damaged)
    if way.block is None:
        splits = dealing.splits(units)
    else:
        splits, better = dealt_apart(dataset, dealing, before, units, way.block)
    splits |= {sample.stem: BUFFER for sample in before if dealing.kept(sample) == BUFFER}
    splits |= {sample.stem: dealing.kept(sample) for sample in damaged}
    after = [replace(sample, split=splits.get(sample.stem, "")) for sample in samples]
    labelled = [sample for sample in after if sample.stem in pixels and sample.split != BUFFER]
    used = {sample.stem for sample in labelled}
    there = [[stem for stem in each if stem in used] for each in joined]
    numbers = None if folds is None else assign_folds(units_of(labelled, there), pixels, folds, seed)
    groups = unit_by_stem(units_of(labelled, there))
    had_folds = (dataset.root / FOLDS).exists()
    with Transaction(dataset.root, "split", {"folds": folds}) as change:
        if numbers is not None:
            write_folds(change.path(FOLDS), numbers, groups)
        write_index(change.path(INDEX), after)
        # Folds of samples that were split otherwise, or of other samples, are no longer true.
        grown = any(not sample.split for sample in old)
        updates = (INDEX, FOLDS) if grown or _are_stale(dataset.root / FOLDS, numbers or {}) else (INDEX,)
        way_out = f"delete {FOLDS} to have it written anew, or add --overwrite to split all anew"
        change.commit(overwrite=overwrite, updates=updates, remove=() if numbers else (FOLDS,), way=way_out)
    return Split(
        dataset=Dataset.open(dataset.root),
        assigned=sum(not sample.split for sample in old),
        kept=sum(bool(sample.split) for sample in old),
        joined=tuple(map(tuple, joined)),
        absent=absent_classes(dataset.classes.names, labelled, pixels),
        deviation=share_deviation([[pixels[s.stem] for s in labelled if s.split == name] for name in SPLITS]),
        folds=tuple(Counter((numbers or {}).values())[fold] for fold in range(folds or 0)),
        buffer=sum(sample.split == BUFFER for sample in after),
        touching=_touching(labelled),
        better_block=better,
        way=way,
        across_folds=_across(labelled, numbers or {}),
        folds_gone=had_folds and not (dataset.root / FOLDS).exists(),
    )


@dataclass(frozen=True)
class _Seen:
    """What was seen of the samples that can be read, by stem: (C,) class pixels, fingerprints if they are compared."""

    pixels: dict[str, NDArray[np.int64]]
    fingerprints: dict[str, ImageSigns]


def _look_at(
    dataset: Dataset, samples: Sequence[Sample], dedupe: bool, workers: int | None, progress: Progress,
    failures: Failures | None,
) -> _Seen:  # fmt: skip
    work = Trying(_Look(dataset.without_samples(), dedupe))
    tried = dict(zip([s.stem for s in samples], run_jobs(work, samples, workers, progress), strict=True))
    leave_out({stem: one.problem for stem, one in tried.items() if one.problem}, len(samples), dataset, failures)
    seen = {stem: one.result for stem, one in tried.items() if one.result is not None}
    return _Seen(
        {stem: pixels for stem, (pixels, _) in seen.items()},
        {stem: found for stem, (_, found) in seen.items() if found is not None},
    )


def _are_stale(path: Path, folds: Mapping[str, int]) -> bool:
    """Whether a file of folds that stands there is damaged, or of other samples than these."""
    try:
        return read_folds(path).keys() != folds.keys()
    except SegError:
        return True


def _across(samples: Sequence[Sample], folds: Mapping[str, int]) -> int:
    try:
        pairs = sharing_ground(samples, {stem: str(fold) for stem, fold in folds.items()})
    except SegError:  # 'seg-prep check' tells which place cannot be used
        return 0
    return len({stem for pair in pairs for stem in pair})


def _touching(samples: Sequence[Sample]) -> int:
    try:
        return touching(samples)
    except SegError:  # 'seg-prep check' tells which place cannot be used
        return 0


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
    seen = _look_at(dataset, samples, True, workers, progress, None)
    joined = near_duplicates(seen.fingerprints, workers)
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
    return Dealt(assign_folds(units, seen.pixels, folds, seed), unit_by_stem(units), seen.pixels)


def _refuse_another(
    dataset: Dataset,
    units: Mapping[str, Sequence[Sample]],
    ratios: Ratios | None,
    damaged: Sequence[Sample],
) -> None:
    """Refuse to leave a split that is not what was asked for; new samples are no reason, nor are those in no unit.

    ratios: None where nobody asked for some.
    """
    samples = flat(list(units.values()))
    if not any(sample.split for sample in samples):
        return
    remedy = "the same command with --overwrite splits all anew"  # a command without the groups would tear them again
    torn = [members for members in units.values() if len({sample.split for sample in members} - {""}) > 1]
    if torn:
        alone = units_of(samples).values()  # without near-duplicates
        are_alike = not any(len({sample.split for sample in members} - {""}) > 1 for members in alone)
        raise SegError(
            f"{dataset.root}: the split tears apart what belongs together ({_one_of_each(torn[0])}); {remedy}"
            + (", --no-dedupe leaves near-duplicates where they are" if are_alike else "")
        )
    if ratios is None:
        return
    if not all(sample.split for sample in samples) or all(sample.split == sample.source_split for sample in samples):
        return
    samples += [sample for sample in damaged if sample.split in SPLITS]  # which they keep
    left_out = sum(sample.split == BUFFER for sample in dataset.samples) + sum(not sample.split for sample in damaged)
    largest = max(map(len, units.values()))
    counts = Counter(sample.split for sample in samples)
    wanted = dict(zip(SPLITS, split_counts(len(samples) + left_out, ratios), strict=True))
    # Those in the buffer, and those that cannot be read and got none, are missing from some split.
    if any(not -largest - left_out <= counts[name] - wanted[name] <= largest for name in SPLITS):
        have, ask = ("/".join(str(found[name]) for name in SPLITS) for found in (counts, wanted))
        raise SegError(
            f"{dataset.root}: is split in another way already ({have} samples, these ratios ask for {ask}); "
            "add --overwrite to split all anew in them"
        )


def _one_of_each(unit: Sequence[Sample]) -> str:
    """A sample of each split, in words."""
    first = {sample.split: sample.stem for sample in reversed(unit)}
    return ", ".join(f"{first[split]} in {split}" for split in SPLITS if split in first)


def ensure_split(dataset: Dataset, seed: int, say: Callable[[str], None], failures: Failures | None = None) -> Dataset:
    """Return the dataset with a split; samples without one get it, and the person is told.

    They get it as others did before, else by the default ratios.
    failures: of the samples with a damaged file, as of `split_dataset`.
    """
    if dataset.is_split:
        return dataset
    with opened_alone(dataset.root, say) as dataset:
        if dataset.is_split:  # somebody else was faster
            return dataset
        result = split_dataset(dataset, seed=seed, failures=failures)
    ratios = "/".join(f"{ratio:g}" for ratio in result.way.ratios or DEFAULT_RATIOS)
    how = f"({ratios}, seed {seed}{', ' * bool(result.way.grouping)}{result.way.grouping})"
    if result.kept and result.assigned:
        samples = counted(result.assigned, "sample")
        say(f"{samples} had no split and now {verb(result.assigned, 'has', 'have')} one {how}; the others keep theirs.")
    elif result.assigned:
        say(f"The dataset had no split; it now has the default one {how}.")
    if result.touching:
        say(
            f"{counted(result.touching, 'sample')} {verb(result.touching, 'lies', 'lie')} next to another split on the "
            "ground, which makes scores too good; 'seg-prep check' says how to split by place."
        )
    return result.dataset
