"""Whether a model has learned the images of another dataset than its own: a copy, a resized one, one divided anew."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.words import counted, list_some, verb
from prep.dataset.dataset import Dataset, is_dataset
from prep.dataset.dataset_files import INDEX
from prep.dataset.index import Sample, torn_groups
from prep.dataset.place.advice import for_dataset
from prep.dataset.provenance import last_split_way
from prep.images.imageio import ImageRGB
from train.runs.fold_record import run_name
from train.runs.runs import own_dataset
from train.scoring.comparing.same_files import same_files

_COMPARED = 12
"""Images of equal names that are looked at, evenly over all."""

_SIDES, _PER_PIXEL = (4, 32), 4
_MOST_APART, _LARGEST_DIFFERENCE = 3.0, 40.0
"""Levels between small pictures of one image in two sizes; frames of one scene that differ lie further apart."""

_LEARNED = {"test": ("train", "val"), "val": ("train",)}
"""Splits of the own dataset that must not be in a split to be scored; of others a person knows what he asks for."""


def refuse_learned(run: Path, learned_split: str, dataset: Dataset, split: str) -> str:
    """SegError if images of a split are those that a run has learned: they show what those of their names do, or are
    equal files.

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
    if same := _showing_the_same(dataset, own, both):
        raise SegError(
            f"{dataset.root}: {run_name(run)} has learned images of {split} here, as images of the same names in "
            f"{own.root}: {list_some(same)} ({len(both)} of {len(scored)} {verb(len(both), 'has', 'have')} such "
            "names). Their score would say nothing. Give these images the splits that they have in "
            f"{own.root}/{INDEX}, or train on this dataset"
        )
    known = {sample.stem for sample, _ in both}
    renamed = [
        f"{path.name} ({other.name} there)"
        for path, other in same_files(
            (dataset.root / sample.image for sample in scored if sample.stem not in known),
            (own.root / sample.image for sample in learned.values()),
        )
    ]
    if renamed:
        raise SegError(
            f"{dataset.root}: {run_name(run)} has learned images of {split} here under other names, in {own.root}: "
            f"{list_some(renamed)}. Their score would say nothing. Give these images the splits that they have there, "
            "or train on this dataset"
        )
    return ""


def torn_apart(dataset: Dataset) -> str:
    """A note on groups that are in more than one split; empty if there are none."""
    torn = torn_groups(dataset.of_split())
    if not torn:
        return ""
    shown = list_some([f"{group} ({', '.join(splits)})" for group, splits in torn.items()])
    grouping = f"{last_split_way(dataset.root).grouping} ".lstrip()
    return for_dataset(
        dataset.root,
        f"{dataset.root}: {counted(len(torn), 'group')} {verb(len(torn), 'lies', 'lie')} in more than one split, and "
        f"scores will be too good: {shown}; 'seg-prep split {grouping}--overwrite' keeps groups whole",
    )


def _opened(root: Path | None) -> Dataset | None:
    try:
        return Dataset.open(root) if root is not None and is_dataset(root) else None
    except SegError:  # somebody else's trouble: it is not what is scored
        return None


def _showing_the_same(dataset: Dataset, own: Dataset, both: Sequence[tuple[Sample, Sample]]) -> list[str]:
    """Of images of equal names, some of which are looked at, those that are the same, be it in another size."""
    same = []
    for one, other in both[:: max(1, len(both) // _COMPARED)][:_COMPARED]:
        try:
            images = dataset.image(one), own.image(other)
        except SegError:
            continue  # scoring it says what is wrong
        pixels, learned = _small(images)
        if abs(pixels - learned).mean() < _MOST_APART and abs(pixels - learned).max() < _LARGEST_DIFFERENCE:
            same.append(one.stem)
    return same


def _small(images: tuple[ImageRGB, ImageRGB]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both in few pixels, into each of which several of the smaller one go."""
    side = int(np.clip(min(min(image.shape[:2]) for image in images) // _PER_PIXEL, *_SIDES))
    one, other = (
        np.asarray(cv2.resize(each, (side, side), interpolation=cv2.INTER_AREA), np.float32) for each in images
    )
    return one, other
