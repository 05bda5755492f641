"""Checks of the split: whole groups, every sample, no image on both sides, and results of the same split."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from prep.checking.findings import Finding, found
from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import FOLDS, INDEX, PATCH_SETTINGS, PATCHES, STATS
from prep.dataset.folds import read_folds
from prep.dataset.index import Sample, torn_groups
from prep.dataset.provenance import last_split_way
from prep.dataset.stats import is_stale, read_stats
from prep.geo.adjacency import OVERLAPPING, TOUCHING, adjacent, sharing_ground
from prep.geo.blocks import in_metres, usual_block
from prep.geo.extra import INSTALL_GEO, has_geo
from prep.geo.footprint import footprints_of
from prep.patching.patch_arrays import size_in_name
from prep.patching.patches import read_patch_settings, refuse_damaged_set


def check_splits(dataset: Dataset) -> Iterator[Finding]:
    """All findings about which sample is in which split, and about what was made under another split."""
    yield from _torn_groups(dataset.of_split())
    yield from _places(dataset.of_split(), last_split_way(dataset.root).block)
    yield from _without_split(dataset.of_split())
    yield from _stale_stats(dataset)
    yield from _broken_folds(dataset)
    yield from _stale_patches(dataset)


def _torn_groups(labelled: Sequence[Sample]) -> Iterator[Finding]:
    return found("torn-group", [f"{group} ({', '.join(own)})" for group, own in torn_groups(labelled).items()])


def _places(labelled: Sequence[Sample], side: float | None) -> Iterator[Finding]:
    """Samples of two splits that show the same ground, or lie side by side on it.

    side: metres of the squares that they were split by before, if they were.
    """
    splits = {sample.stem: sample.split for sample in labelled if sample.split}
    footprints = footprints_of(sample for sample in labelled if sample.split)
    stems, placed, sides = list(footprints), list(footprints.values()), [splits[stem] for stem in footprints]
    try:
        overlapping, touching = (adjacent(placed, sides, gap) for gap in (OVERLAPPING, TOUCHING))
        block = "METRES" if side is None else in_metres(side)
        if side is None and len(touching) and has_geo():
            block = in_metres(usual_block(placed))
    except SegError as error:
        yield from found("broken-place", (INDEX,), reason=str(error).removeprefix(f"{INDEX}: ").partition(";")[0])
        return
    both = sorted(stems[number] for number in np.unique(overlapping).tolist())
    beside = sorted(stems[number] for number in np.setdiff1d(touching, overlapping).tolist())
    yield from found("place-leak", both, block=block)
    yield from found("place-neighbour", beside, block=block)
    if (systems := len({each.crs for each in placed})) > 1 and not has_geo():
        yield from found("places-apart", (INDEX,), systems=systems, install=INSTALL_GEO)


def _without_split(labelled: Sequence[Sample]) -> Iterator[Finding]:
    names = [sample.stem for sample in labelled if not sample.split]
    return found("no-split", names if len(names) < len(labelled) else (), total=f"{len(labelled):,}")


def _stale_stats(dataset: Dataset) -> Iterator[Finding]:
    path = dataset.root / STATS
    if not path.exists():
        return
    try:
        stats = read_stats(path)
    except SegError as error:
        yield from found("broken-stats", (STATS,), reason=_reason(path, error))
        return
    if is_stale(stats, dataset):
        yield from found("stale-stats", (STATS,))


def _broken_folds(dataset: Dataset) -> Iterator[Finding]:
    path = dataset.root / FOLDS
    if not os.path.lexists(path):
        return
    try:
        folds = {stem: str(fold) for stem, fold in read_folds(path).items()}
    except SegError as error:
        yield from found("broken-folds", (FOLDS,), reason=_reason(path, error))
        return
    with suppress(SegError):  # a place that cannot be used is found with the splits
        pairs = sharing_ground(dataset.of_split(), folds)
        yield from found("fold-overlap", sorted({stem for pair in pairs for stem in pair}))


def _reason(path: Path, error: SegError) -> str:
    """What is wrong with this file; what to do the finding says."""
    return str(error).removeprefix(f"{path}: ").removeprefix(f"{path}, ").partition(";")[0]


def _stale_patches(dataset: Dataset) -> Iterator[Finding]:
    stale: list[str] = []
    broken: list[str] = []
    for path in sorted(dataset.root.glob(f"{PATCHES}/*/{PATCH_SETTINGS}")):
        name = path.relative_to(dataset.root).as_posix()
        try:
            settings = read_patch_settings(path.parent)
            refuse_damaged_set(path.parent, settings)
        except SegError:
            broken.append(name)
            continue
        if settings.is_stale(dataset):
            stale.append(name.removesuffix(f"/{PATCH_SETTINGS}"))
    for kind, names in (("stale-patches", stale), ("broken-patches", broken)):
        yield from found(kind, names, size=size_in_name("".join(names[:1])))
