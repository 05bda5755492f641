"""Which labelled photos a network learns from, and which are held out to score it on."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from prep.core.randomness import digest

MOST_PHOTOS = 60
"""Photos that are learnt from: more than can be looked at in the minutes of a training."""

HELD_OUT_SHARE, MOST_HELD_OUT = 0.25, 8
"""Of the labelled photos; they are looked at after each epoch."""

_MOST_LOOKED_AT = 400


@dataclass(frozen=True)
class LabelledPhoto:
    """A labelled photo.  classes: indices in its mask.  group, split: as index.csv has them, or empty."""

    stem: str
    classes: frozenset[int]
    group: str = ""
    split: str = ""


@dataclass(frozen=True)
class PhotoChoice:
    """Stems of the photos that are learnt from, and of those that are held out."""

    train: tuple[str, ...]
    held_out: tuple[str, ...]


def choose_photos(
    labelled: Sequence[LabelledPhoto], is_painted: Callable[[str], bool], learnt_before: Collection[str] = ()
) -> PhotoChoice | None:
    """Deal labelled photos out; None unless some can be learnt from, with two classes at least, and some held out.

    learnt_before: stems of photos that a network has learnt from which goes on learning: they are not held out.
    is_painted: whether people painted on a photo themselves; one on which they only accepted proposals scores nothing.
    By chance, but the same for the same names. Where photos of val and test are labelled, these are held out, and no
    others: what scores the final model teaches nothing here. Else a quarter is, where possible so that no class is
    missing from the rest; photos of the same group as a held-out one are then not learnt from, if others are there.
    """
    photos = sorted(labelled, key=lambda photo: digest(0, "network", photo.stem))[:_MOST_LOOKED_AT]
    reserved = [photo for photo in photos if photo.split in ("val", "test")]
    free = [photo for photo in photos if photo.split in ("train", "")]
    number = min(MOST_HELD_OUT, max(1, round(HELD_OUT_SHARE * len(photos))))
    known = {photo.group for photo in photos if photo.stem in learnt_before} - {""}
    candidates = [each for each in reserved or free if each.stem not in learnt_before and each.group not in known]
    held_out = _held_out(candidates, free, number, is_painted)
    groups = {photo.group for photo in held_out} - {""}
    rest = [photo for photo in free if photo not in held_out]
    apart = [photo for photo in rest if photo.group not in groups]
    train = (apart if _is_enough(apart) else rest)[:MOST_PHOTOS]
    if not held_out or not _is_enough(train):
        return None
    return PhotoChoice(tuple(photo.stem for photo in train), tuple(photo.stem for photo in held_out))


def _held_out(
    candidates: Sequence[LabelledPhoto], free: Sequence[LabelledPhoto], number: int, is_painted: Callable[[str], bool]
) -> list[LabelledPhoto]:
    """Candidates one after the other, each the first one that takes the fewest classes from what is free to learn."""
    left = list(candidates)
    chosen: list[LabelledPhoto] = []
    holding = Counter(value for photo in free for value in photo.classes)
    while left and len(chosen) < number:
        lost = [sum(holding[value] == 1 for value in each.classes) if each in free else 0 for each in left]
        least: int = min(lost)
        photo = left[lost.index(least)]
        if chosen and least:  # rather fewer photos to score on than a class less
            break
        left.remove(photo)
        if is_painted(photo.stem):
            chosen.append(photo)
            holding -= Counter(photo.classes)
    return chosen


def _is_enough(photos: Sequence[LabelledPhoto]) -> bool:
    return len({value for photo in photos for value in photo.classes}) > 1
