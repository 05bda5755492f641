"""Whether images that have the names of learned ones show the same, in another size, frame, light or quality."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.workers import Threads
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import PHOTOS_RECORD
from prep.dataset.index import Sample
from prep.images.imageio import ImageRGB
from prep.images.likeness.compared_places import MOST_COMPARED, evenly_chosen
from prep.images.likeness.same_content import shows_the_same
from prep.images.sizing import Target, place
from prep.photos.record import PhotoRecord, read_records
from train.data.lineage import image_hashes

_FEW = 0.05
"""Share of those that were looked at.

Of two photos of cracks, or of a breadboard, one pair in 200 is as like as those of one scene in another light: so few
pairs of hundreds may be chance, unless some are the same without a doubt.
"""

_SIDES, _PER_PIXEL = (4, 32), 4
_MOST_APART, _LARGEST_DIFFERENCE = 3.0, 40.0
"""Levels between small pictures of one image in two sizes; frames of one scene that differ lie further apart."""

_SAME_PROPORTIONS = 0.03
"""Difference of width by height that rounding to whole pixels leaves."""


@dataclass(frozen=True)
class SameNames:
    """What was found out of images that have the names of learned ones.

    same: those that show the same.  unseen: how many of the learned ones are not there any more, or are others by now.
    has_scenes: whether some of them may be other photos of the same place, as those of a fixed camera are.
    doubtful: those that are like the learned ones of their names, which may be chance.
    """

    same: tuple[str, ...]
    unseen: int
    has_scenes: bool = False
    doubtful: tuple[str, ...] = ()


Pair = tuple[Sample, Sample]
"""A sample that is asked about, and the learned one of its name."""


def same_names(dataset: Dataset, own: Dataset, samples: Sequence[Sample], learned: Mapping[str, str]) -> SameNames:
    """Look at images of a dataset that have the names of images that were learned from its `own` one.

    learned: the hash of the file of each learned image, by stem.
    """
    there = {sample.stem: sample for sample in own.samples if sample.stem in learned}
    pairs = [(sample, there[sample.stem]) for sample in samples if sample.stem in there]
    records = _records(dataset), _records(own)

    def looked(pair: Pair) -> tuple[bool, bool] | None:
        """Whether a pair shows the same, and surely so; None if the learned image is not there to be looked at."""
        one, other = pair
        if image_hashes(own, [other])[other.stem] != learned[other.stem]:
            return None
        try:
            before = _without_frame(own.image(other), records[1].get(other.stem))
        except SegError:
            return None
        with suppress(SegError):  # scoring it says what is wrong
            now = _without_frame(dataset.image(one), records[0].get(one.stem))
            views = _views(now, before)
            is_sure = any(_is_alike(*view) for view in views)
            return is_sure or any(shows_the_same(*view) for view in views), is_sure
        return False, False

    found: dict[int, tuple[bool, bool] | None] = {}
    with Threads(os.cpu_count() or 1) as pool:
        for numbers in (evenly_chosen(len(pairs), MOST_COMPARED), range(len(pairs))):
            new = [number for number in numbers if number not in found]
            found.update(zip(new, pool.map(looked, [pairs[number] for number in new]), strict=True))
            if not any(each and each[0] for each in found.values()):
                break
    alike = [number for number in sorted(found) if (each := found[number]) and each[0]]
    stems = tuple(pairs[number][0].stem for number in alike)
    unseen = len(samples) - len(pairs) + sum(each is None for each in found.values())
    is_any_sure = any(found[number] == (True, True) for number in alike)
    if not is_any_sure and len(alike) < _FEW * sum(each is not None for each in found.values()):
        return SameNames((), unseen, doubtful=stems)
    return SameNames(stems, unseen, any(found[number] == (True, False) for number in alike))


def _records(dataset: Dataset) -> Mapping[str, PhotoRecord]:
    with suppress(SegError):  # whoever needs it more says what is wrong
        return read_records(dataset.root / PHOTOS_RECORD)
    return {}


def _without_frame(image: ImageRGB, photo: PhotoRecord | None) -> ImageRGB:
    """The part of an image that shows its photo: all of it but after letterboxing."""
    if photo is None:
        return image
    inside = image[max(0, photo.top) : photo.top + photo.down, max(0, photo.left) : photo.left + photo.across]
    return np.ascontiguousarray(inside) if inside.size else image


def _views(one: ImageRGB, other: ImageRGB) -> list[tuple[ImageRGB, ImageRGB]]:
    """Both whole, and if their proportions differ, the middle of each with all of the other: what no photos.csv says
    may lie in a frame all the same.
    """
    (height, width), (other_height, other_width) = one.shape[:2], other.shape[:2]
    if abs(width * other_height / (height * other_width) - 1) < _SAME_PROPORTIONS:
        return [(one, other)]
    return [(one, other), (_middle(one, other), other), (one, _middle(other, one))]


def _middle(image: ImageRGB, other: ImageRGB) -> ImageRGB:
    """The largest part around the middle that has the proportions of another image."""
    (height, width), (other_height, other_width) = image.shape[:2], other.shape[:2]
    part = place(other_width, other_height, Target("letterbox", width, height, enlarge=True))
    return np.ascontiguousarray(image[part.top : part.top + part.down, part.left : part.left + part.across])


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
