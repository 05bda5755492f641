"""Pairs by name that stand apart from all others: the photo of such a mask may be lost, and this another one."""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from prep.core.folder_names import split_word
from prep.core.words import counted
from prep.labels.layouts.by_name import NamedPairs, own_names_of
from prep.labels.reader import RawLabel

_NO_PLACE = frozenset({"all", "full"})
"""Words of folders that say no more than that they hold all splits."""


def without_strays(found: NamedPairs, images: Mapping[str, str], labels: Sequence[RawLabel]) -> NamedPairs:
    """The pairs that names tell without those that stand apart; images: names of photos in their folders, by stem."""
    own = own_names_of(labels)
    strays = in_other_folders(found.pairs, images, own)
    if not strays:
        return found
    gone = frozenset(strays)
    pairs = tuple(pair for pair in found.pairs if pair not in gone)
    other = next(((image, label) for image, label in pairs if image != label), None)
    note = f"paired by name: {other[0]} with {other[1]}" if other else ""
    return replace(found, pairs=pairs, note=note, apart=strays[0])


def how_to_place(image: str, label: str, pairs: int, skip: str) -> str:
    """What to type where a pair stands apart from others; pairs: how many these are; skip: how to leave it out."""
    return (
        f"by its name {label} is of {image}, which lies in a folder of another name, while those of all others agree. "
        "If the image of such a mask is lost, or the mask of such an image, convert only the "
        f"{counted(pairs, 'pair')} with {skip}; if they belong together all the same, move the mask into a folder that "
        "is called as that of its image"
    )


def in_other_folders(
    pairs: Sequence[tuple[str, str]], images: Mapping[str, str], own: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Pairs of which one file lies in a folder of another place, where others lie alike; splits are no places here.

    There lie other versions of photos (augmented/3.jpg), and other photos (unlabeled/3.jpg beside train/), whatever
    became of images/3.jpg.  images, own: names of photos and labels in their folders, by stem.
    """

    def lie_alike(image: str, label: str) -> bool:
        return image == label or words_of_place(place_in(images, image)) == words_of_place(place_in(own, label))

    apart = [pair for pair in pairs if not lie_alike(*pair)]
    return apart if len(apart) < len(pairs) else []


def place_in(own: Mapping[str, str], stem: str) -> str:
    """What a stem has before the name of its file, of folders (train_)."""
    return stem.removesuffix(own.get(stem, stem))


@functools.lru_cache(maxsize=4096)
def words_of_place(place: str) -> tuple[str, ...]:
    """The words of folders beside those that say a split."""
    words = re.findall(r"[^\W\d_]+|\d+", place.lower())
    return tuple(word for word in words if word not in _NO_PLACE and not split_word(word))
