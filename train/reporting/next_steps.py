"""What to do next with a run, from what it shows: few sentences, each with what to type where there is something."""

import math
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from prep.core.words import counted, list_some, verb
from prep.dataset.dataset import Dataset
from prep.dataset.provenance import last_split_way
from prep.dataset.stats import Stats
from prep.splitting.grouping import units_of
from train.config.config import Config
from train.config.retyping import options_of
from train.data.data import find_patches
from train.data.image_size import reduced
from train.runs.device import Hardware
from train.scoring.score_files import Metrics

_ANY = Hardware()

_MOST, _MOST_FOLDS = 4, 5
_FEW_IMAGES, _ENOUGH_IMAGES = 10, 50
"""A split of fewer images measures little; a fifth of a dataset of more is not few."""

_NEARLY_A_FIFTH = 0.18
"""Of a split that holds so much already, dividing anew into 60/20/20 makes nothing larger."""

_POOR_IOU, _RARE_IN = 0.6, 20
"""A class that is found worse than this, and is in fewer training images than that, needs labels."""

_FEW_STEPS = 60

_STILL_BETTER = 0.005
"""Rise of the mean IoU of validation in the last fifth of the training that tells that more training pays."""

_LEAST_LOOKS = 5

_TOO_LARGE = 8
"""Images that are so many crops across show a crop too little around it."""


def next_steps(
    run: Path, dataset: Dataset, stats: Stats, config: Config, crop: int, steps: int, validated: Sequence[float],
    metrics: Metrics | None, place: Hardware = _ANY,
) -> list[str]:  # fmt: skip
    """What pays most, first.

    crop: side of the training patches, in pixels.  steps: of the training.
    validated: mean IoU of each validation, in order; nan is left out.
    metrics: of the test split.  place: what was chosen of the hardware; the trainings that are advised are there, too.
    """
    root = shlex.quote(str(dataset.root))
    hardly = steps < _FEW_STEPS  # then its scores tell nothing of the labels
    found = [
        *_undrawn(root, stats),
        *(_hardly(root, config, place, steps) if hardly else []),
        *_split(root, dataset, config, place),
        *([] if hardly else [*_labels(run, root, stats, metrics), *_longer(root, config, place, validated)]),
        *_size(root, reduced(dataset, config.image_size), config, place, crop),
    ]
    return found[:_MOST]


def _undrawn(root: str, stats: Stats) -> list[str]:
    names = [entry.name for entry in stats.classes if entry.pixels == 0]
    if not names:
        return []
    them = verb(len(names), "it", "them")
    what = f"no training mask holds {list_some(names)}, so no model can find {them}; label some"
    return [f"{what}: seg-prep annotate {root}"]


def _split(root: str, dataset: Dataset, config: Config, place: Hardware) -> list[str]:
    numbers = {split: len(dataset.of_split(split)) for split in ("train", "val", "test")}
    total = sum(numbers.values())
    small = {split: numbers[split] for split in ("val", "test") if numbers[split] < _FEW_IMAGES}
    if not small:
        return []
    parts = " and ".join(f"{split} is {counted(number, 'image')}" for split, number in small.items())
    if total >= _ENOUGH_IMAGES and any(number < _NEARLY_A_FIFTH * total for number in small.values()):
        grouping = last_split_way(dataset.root).grouping
        command = f"seg-prep split {root} --ratios 60/20/20 {grouping}{' ' * bool(grouping)}--overwrite"
        return [f"{parts}, which measures little; train again after: {command}"]
    little = f"{parts} of {total}, which measures little"
    folds = min(_MOST_FOLDS, len(units_of(dataset.of_split("train", "val"))))
    if folds > 1 and all(sample.mask for sample in dataset.samples):
        minutes = None if config.minutes is None else folds * config.minutes  # which are of all folds together
        begun = replace(config, weights="none") if config.initial_model else config  # a model that has learned them
        command = _training(root, replace(begun, minutes=minutes), place, folds)
        return [f"{little}; a cross-validation measures on more: {command}"]
    return [f"{little}; label more: seg-prep annotate {root}"]


def _labels(run: Path, root: str, stats: Stats, metrics: Metrics | None) -> list[str]:
    scored = metrics.classes if metrics is not None else ()
    poor = [
        (found.iou, entry.name, entry.images)
        for entry, found in zip(stats.classes, scored, strict=False)
        if 0 < entry.images < _RARE_IN and found.pixels and found.iou < _POOR_IOU
    ]
    if not poor:
        return []
    iou, name, images = min(poor)
    what = f"{name} is found with IoU {iou:.2f} and is in {counted(images, 'training image')} only; label more of it"
    return [f"{what}: seg-prep annotate {root} --model {shlex.quote(str(run))} --order uncertainty"]


def _longer(root: str, config: Config, place: Hardware, validated: Sequence[float]) -> list[str]:
    known = [value for value in validated if not math.isnan(value)]
    last = max(1, len(known) // 5)
    if len(known) < _LEAST_LOOKS or max(known[-last:]) - max(known[:-last]) < _STILL_BETTER:
        return []
    return [f"it was still getting better when it ended: {_training(root, _times(config, 2), place)}"]


def _hardly(root: str, config: Config, place: Hardware, steps: int) -> list[str]:
    little = f"{counted(steps, 'step')} {verb(steps, 'teaches', 'teach')} a network little"
    return [f"{little}; train longer: {_training(root, _times(config, 5), place)}"]


def _times(config: Config, times: int) -> Config:
    """The settings with so many times the length."""
    minutes = None if config.minutes is None else times * config.minutes
    return replace(config, epochs=None if config.passes is None else times * config.passes, minutes=minutes)


def _training(root: str, config: Config, place: Hardware, folds: int | None = None) -> str:
    """The training with these settings: those of this run, but for what is advised."""
    return f"seg-train {root} {options_of(config, folds)}{place.typed(folds=folds is not None)}"


def _size(root: str, dataset: Dataset, config: Config, place: Hardware, crop: int) -> list[str]:
    longest = max(max(sample.width, sample.height) for sample in dataset.of_split("train"))
    size = max(1024, 4 * crop)
    if longest < max(_TOO_LARGE * crop, size + 1):
        return []
    what = f"images of {longest:,} px are many times the crops of {crop} px; train on smaller ones"
    if find_patches(dataset, config.size) is None:
        return [f"{what}: {_training(root, replace(config, image_size=size), place)}"]
    return [f"{what}: seg-prep resize {root} -o {root}-{size} --size {size}"]
