"""Checks of the split: whole groups, every sample, no image on both sides, and results of the same split."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from prep.checking.findings import Finding
from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.core.words import counted, verb
from prep.dataset.dataset import SPLITS, Dataset, Sample
from prep.dataset.patches import PATCHES, PatchSettings
from prep.dataset.stats import STATS, is_stale, read_stats

_SETTINGS = "settings.json"


def check_splits(dataset: Dataset) -> Iterator[Finding]:
    """All findings about which sample is in which split, and about what was made under another split."""
    yield from _torn_groups(dataset.of_split())
    yield from _without_split(dataset.of_split())
    yield from _stale_stats(dataset)
    yield from _stale_patches(dataset)


def _torn_groups(labelled: Sequence[Sample]) -> Iterator[Finding]:
    splits: dict[str, set[str]] = defaultdict(set)
    for sample in labelled:
        if sample.group and sample.split:
            splits[sample.group].add(sample.split)
    names = tuple(
        f"{group} ({', '.join(split for split in SPLITS if split in found)})"
        for group, found in splits.items()
        if len(found) > 1
    )
    if names:
        yield Finding(
            "error",
            "torn-group",
            f"{counted(len(names), 'group')} {verb(len(names), 'lies', 'lie')} in more than one split: "
            "scores will be too good.",
            names,
            "split again with 'seg-prep split --overwrite', which keeps groups together",
        )


def _without_split(labelled: Sequence[Sample]) -> Iterator[Finding]:
    names = tuple(sample.stem for sample in labelled if not sample.split)
    if names and len(names) < len(labelled):
        yield Finding(
            "warning",
            "no-split",
            f"{counted(len(names), 'labelled sample')} of {len(labelled):,} {verb(len(names), 'has', 'have')} no split "
            "while the others have one.",
            names,
            "type 'seg-prep split' once more: it gives them a split and leaves the others where they are",
        )


def _stale_stats(dataset: Dataset) -> Iterator[Finding]:
    path = dataset.root / STATS
    if not path.exists():
        return
    advice = "count again with 'seg-prep stats --overwrite'"
    try:
        stats = read_stats(path)
    except SegError as error:
        yield Finding("warning", "broken-stats", f"{_after(path, error)}.", (STATS,), advice)
        return
    if _no_longer_fits(partial(is_stale, stats, dataset)):
        text = f"{STATS} was counted on another split than the dataset has now, or on other masks."
        yield Finding("warning", "stale-stats", text, (STATS,), advice)


def _no_longer_fits(is_stale: Callable[[], bool]) -> bool:
    """Whether it is stale; False where masks cannot be read, which is told as such."""
    try:
        return is_stale()
    except SegError:
        return False


def _stale_patches(dataset: Dataset) -> Iterator[Finding]:
    stale, broken = [], []
    for path in sorted(dataset.root.glob(f"{PATCHES}/*/{_SETTINGS}")):
        try:
            settings = PatchSettings(**json.loads(read_bytes(path)))
        except (SegError, ValueError, TypeError):
            broken.append(path.relative_to(dataset.root).as_posix())
            continue
        if _no_longer_fits(partial(settings.is_stale, dataset)):
            stale.append(path.parent.relative_to(dataset.root).as_posix())
    if stale:
        yield Finding(
            "warning",
            "stale-patches",
            f"{counted(len(stale), 'set of patches', 'sets of patches')} {verb(len(stale), 'was', 'were')} cut under "
            "another split than the dataset has now, or from other masks: what is tested on may have been trained on.",
            tuple(stale),
            "cut again with 'seg-prep patches --overwrite'",
        )
    if broken:
        yield Finding(
            "warning",
            "broken-patches",
            f"{counted(len(broken), 'set of patches', 'sets of patches')} {verb(len(broken), 'has', 'have')} "
            "settings that cannot be read.",
            tuple(broken),
            "cut again with 'seg-prep patches --overwrite'",
        )


def _after(path: Path, error: SegError) -> str:
    return f"{path.name}: " + str(error).removeprefix(f"{path}: ").partition(";")[0]
