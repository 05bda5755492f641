"""Pairs by what files are called in their folders, where folders differ, and by folders that hold one pair each."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from prep.core.folder_names import split_word
from prep.core.words import counted
from prep.labels.layouts.affixes import Patterns, Relation, are_two_sides, fits, in_places, relate, suggest_patterns
from prep.labels.layouts.by_name import NamedPairs, own_names_of, pairs_of_relation
from prep.labels.pairs.strays import in_other_folders, of_other_folder, place_in, words_of_place
from prep.labels.reader import RawLabel


def pairs_of_own_names(
    images: Mapping[str, str], labels: Sequence[RawLabel], patterns: Patterns | None = None
) -> NamedPairs | None:
    """Pair by names in folders, whatever splits these are of: photos were divided anew after their masks were drawn.

    images: as pairs_in_places.  patterns: what a person says of these names; labels that do not fit are left out.
    None unless each name stands once among images, and once among labels, each label has an image (or a person gave
    patterns), their folders differ in splits only, and no name is a mere number where both folders say a split.
    """
    own = own_names_of(labels)
    ours, theirs = ({name: stem for stem, name in names.items()} for names in (images, own))
    in_folders = any(stem != name for names in (images, own) for stem, name in names.items())
    if not in_folders or len(ours) < len(images) or len(theirs) < len(own):
        return None
    by_name = relate([*ours], [*theirs]) if patterns is None else _by_patterns([*ours], [*theirs], patterns)
    if by_name.alone and patterns is None:
        return None
    relation = Relation({theirs[label]: (ours[image], how) for label, (image, how) in by_name.found.items()}, ())
    if not _differ_in_splits_only(images, own, relation):
        return None
    strays = in_other_folders([(image, label) for label, (image, _) in relation.found.items()], images, own)
    relation = _without(relation, {label for _, label in strays})
    found = pairs_of_relation(relation)
    if found is None:
        return None
    other = next((pair for pair in found.pairs if pair[0] != pair[1]), None if strays else found.pairs[0])
    note = f"paired by names in their folders, each of which stands once: {' with '.join(other)}" if other else ""
    splits = ((_split_in(place_in(images, ours)), _split_in(place_in(own, theirs))) for ours, theirs in found.pairs)
    if moved := sum(all(both) and both[0] != both[1] for both in splits):
        note += f"; {counted(moved, 'image')} in another split than the mask, as divided anew: that of the image counts"
    return replace(found, note=note, by_own_names=True, apart=of_other_folder(strays))


def _by_patterns(images: Sequence[str], labels: Sequence[str], patterns: Patterns) -> Relation:
    """Labels whose parts in place of {} are equal to those of images; what fits neither is no label of these."""
    ours = {core: image for image in images if (core := fits(image, patterns[0])) is not None}
    cores = {label: core for label in labels if (core := fits(label, patterns[1])) is not None}
    found = {label: (ours[core], patterns) for label, core in cores.items() if core in ours}
    return Relation(found, tuple(label for label in cores if label not in found))


def _without(relation: Relation, labels: Collection[str]) -> Relation:
    return replace(relation, found={label: hit for label, hit in relation.found.items() if label not in labels})


def _differ_in_splits_only(images: Mapping[str, str], own: Mapping[str, str], relation: Relation) -> bool:
    """Whether folders of what would be paired say no different places beside splits, and names do not count in each.

    Names of all of val that differ from each other by a number may stand in train as well, which is not there.
    """
    ours, theirs, names = set[str](), set[str](), set[str]()
    alike: dict[tuple[str, str], bool] = {}
    are_numbers = False
    for label, (image, _) in relation.found.items():
        places = place_in(images, image), place_in(own, label)
        if places not in alike:
            words = [words_of_place(place) for place in places]
            alike[places] = (words[0] == words[1] or not all(words)) and not are_two_sides(*places)
        if not alike[places]:
            return False
        ours.add(_split_in(places[0]))
        theirs.add(_split_in(places[1]))
        names.add(re.sub(r"\d+", "", images[image]))
        are_numbers = are_numbers or images[image].isdecimal() or own[label].isdecimal()
    if are_numbers and ours != {""} and theirs != {""}:
        return False
    count = len(names) == 1 and len(ours) == len(theirs) == 1
    return not (count and "" not in ours | theirs and ours != theirs)


def _are_of_two_frames(stem: str, image: str, label: str) -> bool:
    """Whether names differ in numbers only; not of a photo that is called as its folder (2/images/2.png)."""
    is_called_as_folder = stem == image or stem.removesuffix(image).rstrip("_").endswith(image)
    plain_image, plain_label = (re.sub(r"\d+", "0", name) for name in (image, label))
    return image != label and plain_image == plain_label and not is_called_as_folder


def _split_in(place: str) -> str:
    """The first split that folders, or a stem, say; empty where they say none."""
    return next(filter(None, map(split_word, re.findall(r"[^\W\d_]+", place))), "")


def other_splits(images: Sequence[str], labels: Sequence[str]) -> tuple[str, str] | None:
    """A split of images and one of labels, where all stems say one, and no images and labels the same; else None."""
    ours, theirs = ({*map(_split_in, stems)} for stems in (images, labels))
    return (min(ours), min(theirs)) if ours and theirs and "" not in ours | theirs and not ours & theirs else None


def patterns_of_own_names(images: Mapping[str, str], labels: Sequence[RawLabel]) -> Patterns | None:
    """Patterns that pair names in folders, of which some labels have those of no image; images: as above."""
    patterns = suggest_patterns([*images.values()], [*own_names_of(labels).values()])
    return patterns if pairs_of_own_names(images, labels, patterns) else None


def own_name_elsewhere(images: Mapping[str, str], labels: Sequence[RawLabel]) -> tuple[str, str] | None:
    """An image and a label that is called after it in another folder, by stem; images: as above; None without."""
    own = own_names_of(labels)
    if not any(stem != name for names in (images, own) for stem, name in names.items()):
        return None
    ours, theirs = ({name: stem for stem, name in names.items()} for names in (images, own))
    found = relate([*ours], [*theirs]).found
    return next(((ours[image], theirs[label]) for label, (image, _) in found.items()), None)


def pairs_of_sample_folders(images: Mapping[str, str], labels: Sequence[RawLabel]) -> NamedPairs | None:
    """Pair the only image with the only label of each folder (p1/images/p1.png and p1/masks/x.png); images: as above.

    None where a folder says a split and nothing else, a label has the name of an image in another one, or names of
    photos that are not called as their folders differ from those of labels in numbers only: frame_1 is not frame_8.
    """
    own = own_names_of(labels)
    places = in_places(images, own)
    if len(places) < 2 or any(len(ours) != 1 or len(theirs) != 1 for ours, theirs in places):
        return None
    pairs = sorted((image, label) for ours, theirs in places for image in ours.values() for label in theirs.values())
    times, names = Counter(own.values()), {*images.values()}
    for image, label in pairs:
        is_of_other = own[label] in names and own[label] != images[image] and times[own[label]] == 1
        if (
            is_of_other
            or not words_of_place(place_in(own, label))
            or _are_of_two_frames(image, images[image], own[label])
        ):
            return None
    image, label = next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])
    note = f"paired by folders, each of which holds one image and one mask: {image} with {label}"
    return NamedPairs(tuple(pairs), frozenset(), note)
