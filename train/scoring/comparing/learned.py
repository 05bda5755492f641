"""Whether a model has learned the images of another dataset than its own: a copy, a resized one, one divided anew."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.words import counted, list_some, verb
from prep.dataset.dataset import Dataset, is_dataset
from prep.dataset.index import Sample, torn_groups
from prep.dataset.place.advice import for_dataset
from prep.dataset.provenance import last_split_way
from prep.images.imageio import ImageRGB
from train.data.lineage import Learned, Lineage, image_hashes
from train.runs.checkpoint import ModelCard
from train.runs.fold_record import learned_split, run_name
from train.runs.runs import own_dataset

_COMPARED = 12
"""Images of equal names that are looked at, evenly over all."""

_SIDES, _PER_PIXEL = (4, 32), 4
_MOST_APART, _LARGEST_DIFFERENCE = 3.0, 40.0
"""Levels between small pictures of one image in two sizes; frames of one scene that differ lie further apart."""

_LEARNED = {"test": ("train", "val"), "val": ("train",)}
"""What of the images that were learned must not be in a split to be scored; of others a person knows what he asks for.
"""


@dataclass(frozen=True)
class KnownImages:
    """Images that were learned, of those that were asked about.

    names: of them, with those that they had there, if these are others.  place: the dataset where that was.
    among: how many were asked about.  doubt: why it is not known of some; empty if it is.
    """

    names: tuple[str, ...]
    place: str
    among: int
    doubt: str = ""

    @property
    def words(self) -> str:
        """Where, which and how many, for an error."""
        return f"in {self.place}: {list_some(self.names)} ({len(self.names):,} of {counted(self.among, 'image')})"


def lineage_of(run: Path, split_hash: str, kept: Lineage) -> Lineage:
    """What a model has learned: as it says itself, else the train and val images of its dataset; empty if that is not
    there any more, or divided anew.

    split_hash: that its file says.  kept: the lineage that it says.
    """
    if kept:
        return kept
    own, split_hash = _opened(own_dataset(run)), learned_split(run, split_hash)
    return () if own is None or own.split_hash() != split_hash else (Learned.of(own, split_hash),)


def refuse_learned(run: Path, card: ModelCard, dataset: Dataset, split: str, *, is_own: bool) -> str:
    """SegError if images of a split are those that a run has learned, or the models that it began with: they are equal
    files, or show what those of their names do.

    is_own: whether the run was trained on this dataset.
    Returns a note where that cannot be told.
    """
    lineage = lineage_of(run, card.split_hash, card.lineage)
    if not lineage and not is_own and dataset.split_hash() != learned_split(run, card.split_hash):
        return f"{run_name(run)} was trained on another dataset or split: which of these images it learned is not known"
    if split not in _LEARNED:
        return ""
    doubt = ""
    for number, learned in enumerate(lineage, start=1):
        is_last = number == len(lineage)
        if is_last and is_own and learned.split_hash != dataset.split_hash():
            continue  # of a fold, or of another split: who asks says so
        found = known_images(learned, dataset, split)
        who = run_name(run) if is_last else f"a model that {run_name(run)} began with (--weights)"
        if found.names:
            raise SegError(
                f"{dataset.root}: {who} has learned images of {split} here, {found.words}. Their "
                "score would say nothing. Give these images the splits that they had there, or train on this dataset"
                + ("" if is_last else " without such weights")
            )
        doubt = doubt or (f"{who}: {found.doubt}" if found.doubt else "")
    return doubt


def knows_any(run: Path, card: ModelCard, dataset: Dataset, split: str, *, is_own: bool) -> bool:
    """Whether images that somebody asks to be scored although they may have been learned were, by a run.

    is_own: as of `refuse_learned`.
    """
    if split in _LEARNED:  # refused else
        return False
    asked = dataset.of_split(*([] if split == "all" else [split]))
    if is_own:
        return any(sample.split == "train" for sample in asked)
    lineage = lineage_of(run, card.split_hash, card.lineage)
    return any(known_of({**each.val, **each.train}, each.dataset, dataset, asked).names for each in lineage)


def known_images(learned: Learned, dataset: Dataset, split: str) -> KnownImages:
    """The images of val or test that were learned.

    Equal names in equal splits say nothing: files may have been exchanged. Where it was learned, the dataset itself may
    hold an image twice, on both sides, which `seg-prep check` tells: only what became another file there counts.
    """
    images = {stem: known for kind in _LEARNED[split] for stem, known in getattr(learned, kind).items()}
    asked = dataset.of_split(split)
    if learned.split_hash == dataset.split_hash() and _is_at(learned.dataset, dataset):
        images = _became_others(images, dataset, asked)
    return known_of(images, learned.dataset, dataset, asked) if images else KnownImages((), learned.dataset, len(asked))


def _became_others(images: Mapping[str, str], dataset: Dataset, asked: Sequence[Sample]) -> dict[str, str]:
    """Of images that were learned here, those whose files are some that are asked about, and not their own any more."""
    hashes = set(image_hashes(dataset, asked).values()) - {""}
    equal = {stem: known for stem, known in images.items() if known in hashes}
    now = image_hashes(dataset, [sample for sample in dataset.samples if sample.stem in equal]) if equal else {}
    return {stem: known for stem, known in equal.items() if now.get(stem) != known}


def _is_at(place: str, dataset: Dataset) -> bool:
    return Path(place).resolve() == dataset.root.resolve()


def known_of(images: Mapping[str, str], place: str, dataset: Dataset, asked: Sequence[Sample]) -> KnownImages:
    """Which of some samples are among images that were learned.

    images: the hash of the file of each, by stem.  place: the dataset that they were learned from.
    """
    stems = {known: stem for stem, known in images.items() if known}
    hashes, found, others = image_hashes(dataset, asked), list[str](), list[Sample]()
    for sample in asked:
        stem, known = sample.stem, hashes[sample.stem]
        if there := (stem if known and images.get(stem) == known else stems.get(known)):
            found.append(stem if there == stem else f"{stem} ({there} there)")
        elif stem in images:
            others.append(sample)
    own = _opened(Path(place))
    if own is not None and _is_at(place, dataset):
        own = None  # they were replaced there
    same = [] if not others else None if own is None else _showing_the_same(dataset, own, others, images)
    doubt = "" if same is not None else (
        f"{counted(len(others), 'image')} here {verb(len(others), 'has', 'have')} names of images that it learned in "
        f"{place}, which are not there any more: whether they are the same is not known"
    )  # fmt: skip
    return KnownImages((*found, *(same or ())), place, len(asked), doubt)


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
    except (SegError, OSError):  # somebody else's trouble: it is not what is scored, and its name may be anything
        return None


def _showing_the_same(
    dataset: Dataset, own: Dataset, samples: Sequence[Sample], learned: Mapping[str, str]
) -> list[str] | None:
    """Of images that have the names of learned ones, some of which are looked at, those that are the same in another
    size, and with them those that nobody looked at; None if none could be looked at.
    """
    there = {sample.stem: sample for sample in own.samples if sample.stem in learned}
    both = [(sample, there[sample.stem]) for sample in samples if sample.stem in there]
    looked: dict[str, bool] = {}
    for one, other in both[:: max(1, len(both) // _COMPARED)][:_COMPARED]:
        if image_hashes(own, [other])[other.stem] != learned[other.stem]:
            continue  # it was replaced since
        with suppress(SegError):  # scoring it says what is wrong
            looked[one.stem] = _is_alike(dataset.image(one), own.image(other))
    if not looked:
        return None
    return [one.stem for one, _ in both if looked.get(one.stem, True)] if any(looked.values()) else []


def _is_alike(one: ImageRGB, other: ImageRGB) -> bool:
    pixels, learned = _small((one, other))
    apart = abs(pixels - learned)
    return bool(apart.mean() < _MOST_APART and apart.max() < _LARGEST_DIFFERENCE)


def _small(images: tuple[ImageRGB, ImageRGB]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both in few pixels, into each of which several of the smaller one go."""
    side = int(np.clip(min(min(image.shape[:2]) for image in images) // _PER_PIXEL, *_SIDES))
    one, other = (
        np.asarray(cv2.resize(each, (side, side), interpolation=cv2.INTER_AREA), np.float32) for each in images
    )
    return one, other
