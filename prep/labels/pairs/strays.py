"""Pairs by name that stand apart from all others: the photo of such a mask may be lost, and this another one."""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from prep.core.folder_names import split_word
from prep.labels.layouts.affixes import says_mask
from prep.labels.layouts.by_name import NamedPairs, own_names_of
from prep.labels.reader import RawLabel

_NO_PLACE = frozenset({"all", "full"})
"""Words of folders that say no more than that they hold all splits."""


def without_strays(found: NamedPairs, images: Mapping[str, str], labels: Sequence[RawLabel]) -> NamedPairs:
    """The pairs that names tell without those that stand apart; images: names of photos in their folders, by stem."""
    own = own_names_of(labels)
    folders = in_other_folders(found.pairs, images, own)
    gone = {*folders}
    names = _with_other_names([pair for pair in found.pairs if pair not in gone], images, own)
    gone |= {*names}
    if not gone:
        return found
    pairs = tuple(pair for pair in found.pairs if pair not in gone)
    other = next(((image, label) for image, label in pairs if image != label), None)
    note = f"paired by name: {other[0]} with {other[1]}" if other else ""
    return replace(found, pairs=pairs, note=note, apart=of_other_folder(folders) or _of_other_name(names))


def of_other_folder(strays: Sequence[tuple[str, str]]) -> str:
    """What to say of such pairs, by the first of them; empty without."""
    return "".join(
        f"by its name {label} is of {image}, which lies in a folder of another name, while those of all others agree: "
        "if they belong together all the same, move the mask into a folder that is called as that of its image"
        for image, label in strays[:1]
    )


def _of_other_name(strays: Sequence[tuple[str, str]]) -> str:
    return "".join(
        f"{label} and {image} may be of one scene, and the names of most others are equal: if they belong together "
        "all the same, call the mask as its image is called"
        for image, label in strays[:1]
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


def _with_other_names(
    pairs: Sequence[tuple[str, str]], images: Mapping[str, str], own: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Pairs of which one name has more than the other (p1_aug, p1_old), where at least as many have equal names.

    So are other versions of photos and masks called, whatever became of p1.  A word that says mask is none of these.
    """
    named = {pair: (_as_equal(images.get(pair[0], pair[0])), _as_equal(own.get(pair[1], pair[1]))) for pair in pairs}
    other = [pair for pair, (image, label) in named.items() if pair[0] != pair[1] and image != label]
    apart = [pair for pair in other if not _is_mask_of(*named[pair])]
    return apart if len(pairs) >= len(other) + len(apart) else []


def _as_equal(name: str) -> str:
    """A name as it is compared: capitals count as small letters, and numbers are without leading zeros."""
    return (name.lstrip("0") or "0") if name.isdecimal() else name.casefold()


def _is_mask_of(image: str, label: str) -> bool:
    """Whether all that the name of a mask has more than that of its image are words for masks, or splits."""
    before, found, after = label.partition(image)
    words = re.findall(r"[^\W\d_]+", f"{before} {after}")
    return bool(found and words) and all(says_mask(word) or split_word(word) for word in words)


def place_in(own: Mapping[str, str], stem: str) -> str:
    """What a stem has before the name of its file, of folders (train_)."""
    return stem.removesuffix(own.get(stem, stem))


@functools.lru_cache(maxsize=4096)
def words_of_place(place: str) -> tuple[str, ...]:
    """The words of folders beside those that say a split."""
    words = re.findall(r"[^\W\d_]+|\d+", place.lower())
    return tuple(word for word in words if word not in _NO_PLACE and not split_word(word))
