"""Split the samples of a dataset into train, val and test, whole groups at a time."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from prep.dataset import SPLITS, Dataset, Sample, write_index
from prep.errors import SegError
from prep.randomness import digest
from prep.transaction import INDEX

Ratios = tuple[float, float, float]
DEFAULT_RATIOS: Ratios = (80, 10, 10)


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


def assign_groups(sizes: Mapping[str, int], ratios: Ratios, seed: int) -> dict[str, str]:
    """Assign whole groups (name -> number of samples) to splits, as near to the exact counts as they allow.

    Depends on the seed and the names, not on their order. Large groups are placed first, each where most is
    missing; the last groups go where nothing is yet. (Stratification by class will choose among the splits here.)
    """
    missing = dict(zip(SPLITS, split_counts(sum(sizes.values()), ratios), strict=True))
    # An empty split stays a wish only if its ratio is above zero.
    empty = {name for name, ratio in zip(SPLITS, ratios, strict=True) if ratio > 0}
    result: dict[str, str] = {}
    order = sorted(sizes, key=lambda name: (-sizes[name], digest(seed, "split", name)))
    for placed, group in enumerate(order):
        choices = empty if len(order) - placed <= len(empty) else set(SPLITS)
        split = max((name for name in SPLITS if name in choices), key=lambda name: missing[name])
        missing[split] -= sizes[group]
        empty.discard(split)
        result[group] = split
    return result


def split_samples(samples: Iterable[Sample], ratios: Ratios, seed: int) -> dict[str, str]:
    """Choose a split for each sample, by stem; samples of one group stay together."""
    members: dict[str, list[str]] = defaultdict(list)
    for sample in samples:
        members[f"group {sample.group}" if sample.group else f"stem {sample.stem}"].append(sample.stem)
    splits = assign_groups({name: len(stems) for name, stems in members.items()}, ratios, seed)
    return {stem: splits[name] for name, stems in members.items() for stem in stems}


def group_samples(samples: Sequence[Sample], pattern: str) -> list[Sample]:
    """Group samples by what a regular expression finds in their stem (its first group, if it has one).

    Raises SegError if the expression is not valid, or finds nothing in a stem.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise SegError(f"--group-by {pattern!r} is no regular expression: {error}") from error
    grouped = []
    for sample in samples:
        match = expression.search(sample.stem)
        if match is None:
            raise SegError(f"--group-by {pattern!r} finds nothing in the stem {sample.stem!r}")
        grouped.append(replace(sample, group=match[1] if expression.groups else match[0]))
    return grouped


def split_dataset(
    dataset: Dataset,
    ratios: Ratios = DEFAULT_RATIOS,
    *,
    seed: int = 0,
    group_by: str | None = None,
    overwrite: bool = False,
) -> Dataset:
    """Split the labelled samples and write the index.

    Raises SegError if the dataset is split in another way already and `overwrite` is not set.
    """
    samples = group_samples(dataset.samples, group_by) if group_by else list(dataset.samples)
    labelled = [sample for sample in samples if sample.is_labelled]
    if not labelled:
        raise SegError(f"{dataset.root}: no sample has a mask yet; bring them in with 'seg-prep masks convert'")
    splits = split_samples(labelled, ratios, seed)
    samples = [replace(sample, split=splits.get(sample.stem, "")) for sample in samples]
    before = {sample.stem: sample.split for sample in dataset.samples}
    moved = [sample.stem for sample in samples if before[sample.stem] not in ("", sample.split)]
    new = [sample.stem for sample in labelled if not before[sample.stem]]
    if moved and new and not overwrite:
        raise SegError(
            f"{dataset.root}: {len(new)} samples have no split yet ({new[0]} first), and a new split would move "
            f"{len(moved)} others; 'seg-prep split {dataset.root} --overwrite' splits all anew "
            "(with the same --group-by as before, if there was one)"
        )
    if moved and not overwrite:
        raise SegError(
            f"{dataset.root}: is split in another way already ({len(moved)} samples would move, {moved[0]} first); "
            "'seg-prep split --overwrite' replaces that split"
        )
    if tuple(samples) != dataset.samples:
        write_index(dataset.root / INDEX, samples)
    return Dataset.open(dataset.root)


def ensure_split(dataset: Dataset, seed: int, say: Callable[[str], None]) -> Dataset:
    """Return the dataset with a split; one without gets the default split, and the person is told."""
    if dataset.is_split:
        return dataset
    result = split_dataset(dataset, seed=seed)
    say(f"The dataset had no split; it now has the default one ({'/'.join(map(str, DEFAULT_RATIOS))}, seed {seed}).")
    return result
