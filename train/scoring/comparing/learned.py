"""Whether a model has learned the images of another dataset than its own: a copy, a resized one, one divided anew."""

from collections.abc import Sequence
from pathlib import Path

from prep.core.errors import SegError
from prep.core.words import counted, list_some, verb
from prep.dataset.dataset import Dataset, is_dataset
from prep.dataset.index import Sample, torn_groups
from prep.images.likeness.similar import fingerprint, near_duplicates
from train.runs.fold_record import run_name
from train.runs.runs import own_dataset

_COMPARED = 12
"""Images of equal names that are looked at, evenly over all."""

_LEARNED = {"test": ("train", "val"), "val": ("train",)}
"""Splits of the own dataset that must not be in a split to be scored; of others a person knows what he asks for."""


def refuse_learned(run: Path, learned_split: str, dataset: Dataset, split: str) -> str:
    """SegError if images of a split are those that a run has learned, by their names and what they show.

    learned_split: hash of the split that the run was trained with.
    Returns a note where that cannot be told, because the run's own dataset is not there any more, or divided anew.
    """
    if split not in _LEARNED or dataset.split_hash() == learned_split:
        return ""
    own = _opened(own_dataset(run))
    if own is None or own.split_hash() != learned_split:
        return f"{run_name(run)} was trained on another dataset or split: which of these images it learned is not known"
    learned = {sample.stem: sample for sample in own.of_split(*_LEARNED[split])}
    scored = dataset.of_split(split)
    both = [(sample, learned[sample.stem]) for sample in scored if sample.stem in learned]
    if _show_the_same(dataset, own, both):
        raise SegError(
            f"{dataset.root}: {run_name(run)} has learned {len(both)} of its {len(scored)} images of {split} "
            f"in {own.root} ({list_some([one.stem for one, _ in both])}): their score would say nothing. Give these "
            f"images the splits that they have in {own.root}/index.csv, or train on this dataset"
        )
    return ""


def torn_apart(dataset: Dataset) -> str:
    """A note on groups that are in more than one split; empty if there are none."""
    torn = torn_groups(dataset.of_split())
    if not torn:
        return ""
    shown = list_some([f"{group} ({', '.join(splits)})" for group, splits in torn.items()])
    return (
        f"{dataset.root}: {counted(len(torn), 'group')} {verb(len(torn), 'lies', 'lie')} in more than one split, and "
        f"scores will be too good: {shown}; 'seg-prep split --overwrite' keeps groups whole"
    )


def _opened(root: Path | None) -> Dataset | None:
    try:
        return Dataset.open(root) if root is not None and is_dataset(root) else None
    except SegError:  # somebody else's trouble: it is not what is scored
        return None


def _show_the_same(dataset: Dataset, own: Dataset, both: Sequence[tuple[Sample, Sample]]) -> bool:
    """Whether some of these images of equal names show the same; equal names alone say little."""
    for one, other in both[:: max(1, len(both) // _COMPARED)][:_COMPARED]:
        try:
            prints = {"one": fingerprint(dataset.image(one)), "other": fingerprint(own.image(other))}
        except SegError:
            continue  # scoring it says what is wrong
        if near_duplicates(prints):
            return True
    return False
