"""Numbers in names of photos and labels: whether they count both alike, and where they fall out of step."""

import re
from collections.abc import Collection, Mapping, Sequence

from prep.core.words import natural_key

_STEPS = 0.25
"""Numbers that fall out of step more often than at this share of pairs are not those of one series."""

_MANY = 3
_NUMBERED = re.compile(r"([^\W\d_]+(?:[ _\-.]+[^\W\d_]+)*)[ _\-.]*(\d+)")
_NO_KINDS = frozenset({"mask", "masks", "label", "labels", "object", "obj", "instance", "inst", "seg", "gt"})


def are_shifted(images: Sequence[str], labels: Sequence[str], labels_alone: Collection[str]) -> bool:
    """Whether images and masks are as many, all called by numbers, and those of the masks begin at another one.

    img_1 .. img_4 with mask_0 .. mask_3: what has the same number belongs to another image.
    """
    if len(images) != len(labels) or not labels_alone or len(images) < 2:
        return False
    ours, theirs = ([*map(_number_in, sorted(stems, key=natural_key))] for stems in (images, labels))
    shift = (theirs[0] or 0) - (ours[0] or 0)
    return shift != 0 and all(
        one is not None and other is not None and other - one == shift for one, other in zip(ours, theirs, strict=True)
    )


def begin_apart(images: Sequence[str], labels: Sequence[str]) -> bool:
    """Whether images and masks are numbered without a gap, and the masks begin one before the images or after them.

    img_1 .. img_5 with img_0 .. img_3: the masks of some were never made, or all are one off.
    """
    ours, theirs = (
        sorted(number for stem in stems if (number := _number_in(stem)) is not None) for stems in (images, labels)
    )
    if len(ours) < len(images) or len(theirs) < len(labels):
        return False
    without_gap = all(each[-1] - each[0] == len(each) - 1 for each in (ours, theirs))
    return without_gap and abs(theirs[0] - ours[0]) == 1 and theirs[0] not in ours


def _number_in(stem: str) -> int | None:
    """The last number in a name."""
    found = re.findall(r"(?<![A-Za-z\d])\d+|\d+(?![A-Za-z\d])", stem)  # not the 8 of leftImg8bit
    return int(found[-1]) if found else None


def out_of_listing(images: Sequence[str]) -> tuple[str, str] | None:
    """Two images of which numbers say that the first is before the second, and a plain listing has them otherwise."""
    listed = zip(sorted(images, key=natural_key), sorted(images), strict=True)
    return next(((numbered, plain) for numbered, plain in listed if numbered != plain), None)


def runs_apart(ordered: Sequence[tuple[str, str]]) -> list[str]:
    """A note where the numbers of images and masks keep step, and then do not: one of them may be missing there."""
    numbers = [(_number_in(image), _number_in(label)) for image, label in ordered]
    if not all(one is not None and other is not None for one, other in numbers):
        return []
    shifts = [(other or 0) - (one or 0) for one, other in numbers]
    apart = [place for place in range(1, len(shifts)) if shifts[place] != shifts[place - 1]]
    if not apart or len(apart) > _STEPS * len(shifts):
        return []
    (before, of_before), (image, label) = ordered[apart[0] - 1], ordered[apart[0]]
    return [
        f"the numbers keep step up to {before} with {of_before}, and then comes {image} with {label}: an image or a "
        "mask may be missing there, and all that follow would be of other images"
    ]


def numbered_kinds(photos: Sequence[Collection[str]]) -> dict[str, str]:
    """What names are without their numbers, where all have one, and photos several of a kind; empty for one kind.

    photos: the names of masks in each: cell_0, cell_1 and edge_0.
    """
    told = {name: found for name in set().union(*photos) if (found := _NUMBERED.fullmatch(name))}
    kinds = {name: found[1] for name, found in told.items()}
    words = {kind.lower() for kind in kinds.values()}
    if len(words) < 2 or words & _NO_KINDS or min(map(len, words)) == 1:
        return {}
    if any(name not in told for names in photos for name in names):
        return {}
    several = any(len({kinds[name].lower() for name in names}) < len(names) for names in photos)
    return kinds if several else {}


def differ(photos: Sequence[Collection[str]]) -> bool:
    """Whether names of some photo are none of another one."""
    return len({frozenset(names) for names in photos}) > 1


def may_be_counted(photos: Sequence[Collection[str]], kinds: Mapping[str, str]) -> bool:
    """Whether a photo has three or more of a kind, and photos other numbers of it; layer_1 and layer_2 are classes.

    photos, kinds: as numbered_kinds.
    """
    of_kind: dict[str, set[frozenset[str]]] = {}
    for names in photos:
        for kind in {kinds[name] for name in names}:
            of_kind.setdefault(kind, set()).add(frozenset(name for name in names if kinds[name] == kind))
    several = [own for own in of_kind.values() if max(map(len, own)) > 1]
    return any(len(names) >= _MANY for own in several for names in own) and all(len(own) > 1 for own in several)


def are_counted(photos: Sequence[Collection[str]], kinds: Mapping[str, str]) -> bool:
    """Whether numbers count each kind of a photo, or all that it has, from 0 or 1 on without a gap.

    Those that count all differ between photos.  photos, kinds: as numbered_kinds.
    """
    own = [[(kinds[name], int(name.removeprefix(kinds[name]).lstrip(" _-."))) for name in names] for names in photos]
    starts: dict[str, set[int]] = {}
    if all(_counts_each(numbers, starts) for numbers in own) and all(len(first) == 1 for first in starts.values()):
        return True
    return differ(photos) and all(_counts([number for _, number in numbers]) for numbers in own)


def _counts_each(numbers: Sequence[tuple[str, int]], starts: dict[str, set[int]]) -> bool:
    """Whether numbers count each kind; starts: gets the first of each."""
    of_kind: dict[str, list[int]] = {}
    for kind, number in numbers:
        of_kind.setdefault(kind, []).append(number)
    for kind, own in of_kind.items():
        starts.setdefault(kind, set()).add(min(own))
    return all(map(_counts, of_kind.values()))


def _counts(numbers: Sequence[int]) -> bool:
    first = min(numbers)
    return first in (0, 1) and sorted(numbers) == [*range(first, first + len(numbers))]
