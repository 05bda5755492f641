"""Pairs that names tell without a pattern: one mask an image, or of several kinds of masks the one that is known."""

import re
import shlex
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from prep.core.errors import SegError
from prep.core.folder_names import SPLIT_WORDS, names_labels, split_word
from prep.core.words import counted, list_some
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.archive import is_zip, label_bytes
from prep.labels.layouts.affixes import (
    SAME_STEM,
    Patterns,
    Relation,
    in_places,
    relate,
    relate_in_places,
    says_mask,
    suggest_patterns,
)
from prep.labels.layouts.kinds import PICTURES, folder_version
from prep.labels.layouts.whole_names import WholeNames, partners, partners_of_own_names, varying_words
from prep.labels.pixels.binary import is_two_valued
from prep.labels.reader import RawLabel

_BEST = (
    ("labelids", "Cityscapes: labelIds are the numbers of its classes"),
    ("labeltrainids", "labelTrainIds are numbers of classes, as Cityscapes and mmsegmentation write them"),
    ("watershed_mask", "PixelAnnotationTool: the watershed mask is the finished one"),
    ("___fuse", "SuperAnnotate: fuse holds a colour a class, save one an object"),
    ("manual1", "DRIVE: the first observer's masks are the truth, and mask is the field of view"),
)
"""Ends of masks' names that are taken before others of the same images, and why."""
_KINDS = PICTURES | {"labelids", "labeltrainids", "trainids", "instanceids", "watershed", "fuse", "save"}
"""Words of names that say of which kind a mask is."""
_LOOKED_AT = 20


@dataclass(frozen=True)
class NamedPairs:
    """(image stem, label stem), labels of other kinds that were left out, and a note that says how names pair.

    by_own_names: whether they lie in folders of other splits, so that those of the images count.
    apart: of a pair that was left out, because it stands apart from these: why, and what to do; empty without.
    """

    pairs: tuple[tuple[str, str], ...]
    left_out: frozenset[str]
    note: str
    by_own_names: bool = False
    apart: str = ""


def pairs_by_name(images: Sequence[str], labels: Sequence[str]) -> NamedPairs | None:
    """Pair masks whose names are those of images with something added; None if that is not certain.

    It is certain where each image has one mask of a kind, and all masks have the same added, or a word that says mask.
    Raises SegError where images have several masks and nobody knows which is meant.
    """
    relation = relate(images, labels)
    found = pairs_of_relation(relation, suggest_patterns(images, labels))
    if found and len(_kinds(relation)) > 1:
        _refuse_several_parts(WholeNames(images), found.pairs)
    return found


def pairs_in_places(images: Mapping[str, str], labels: Sequence[RawLabel]) -> NamedPairs | None:
    """Pair as pairs_by_name does by the names of files in their folders, each in folders of its own place.

    images: names of photos in their folders, by stem.  train/i0.png is the image of train/anna_i0.png, and of no mask
    in val. None where no folder tells a place, or that is not certain.
    """
    own = own_names_of(labels)
    relation = relate_in_places(images, own)
    found = pairs_of_relation(relation)
    if found and len(_kinds(relation)) > 1:
        for ours, theirs in in_places(images, own):
            pairs = [(images[image], own[label]) for image, label in found.pairs if label in theirs.values()]
            _refuse_several_parts(WholeNames(ours), pairs)
    other = next(((image, label) for image, label in found.pairs if image != label), None) if found else None
    if found and other and images[other[0]] == own[other[1]]:
        return replace(found, note=f"paired by names in folders of one split each: {other[0]} with {other[1]}")
    return found


def lie_in_places(images: Mapping[str, str], labels: Sequence[RawLabel]) -> bool:
    """Whether all masks lie in folders of places in which photos lie, too; images: as pairs_in_places."""
    return bool(in_places(images, own_names_of(labels)))


def have_a_folder_each(images: Mapping[str, str], labels: Sequence[RawLabel]) -> bool:
    """Whether each photo lies alone in its folder, and several masks in that folder's masks/; images: as above."""
    places = in_places(images, own_names_of(labels))
    inside = all(names_labels(PurePath(label.name).parent.name) for label in labels)
    return inside and {len(ours) for ours, _ in places} == {1} and any(len(theirs) > 1 for _, theirs in places)


def own_names_of(labels: Sequence[RawLabel]) -> dict[str, str]:
    """The name that each mask has in its folder, by stem; empty where one has a stem that does not end with it."""
    files = {label.stem: PurePath(label.part if is_zip(label.path) else label.path.name).name for label in labels}
    own = {stem: unicodedata.normalize("NFC", file.partition(".")[0]) for stem, file in files.items()}
    return own if all(name and stem.endswith(name) for stem, name in own.items()) else {}


def pairs_of_relation(relation: Relation, varying: Patterns = SAME_STEM) -> NamedPairs | None:
    """varying: patterns of the only part in which names differ, where there are such."""
    if relation.alone or not relation.found:
        return None
    kinds = _kinds(relation)
    if any(cross_splits(*patterns) for patterns in kinds):
        return None
    several = Counter(image for image, _ in relation.found.values())
    if max(several.values()) == 1:
        sure = len(kinds) == 1 or all(label == "{}" or says_mask(label) or _says_split(label) for _, label in kinds)
        pairs = [(image, label) for label, (image, _) in relation.found.items()]
        return NamedPairs(tuple(sorted(pairs)), frozenset(), _note(kinds)) if sure else None
    return _best_kind(kinds, len(several), varying)


def _refuse_several_parts(images: WholeNames, pairs: Sequence[tuple[str, str]]) -> None:
    """SegError where names of masks that differ in several parts have those of other images in them: mask_1_2."""
    for image, label in pairs:
        others = images.held_in(label) - images.held_in(image)
        if others and image.casefold() != label.casefold():
            raise SegError(
                f"{label} has the names of several images in it ({list_some(sorted({image, *others}))}), and nothing "
                "says which part of such names is that of the image. Nothing was written; say with --match and two "
                "patterns, {} for the part that image and mask share, or call each mask as its image is called"
            )


def pairs_by_whole_names(
    images: Sequence[str], labels: Sequence[RawLabel], own: Mapping[str, str]
) -> NamedPairs | None:
    """Pair labels with the one photo each whose whole name theirs hold, beside what differs; None where not all do.

    own: names of photos in their folders, by stem.
    Raises SegError where what differs may be classes, of which nothing else would be left.
    """
    found = partner_of_each(images, labels, own)
    pairs = sorted((image, label) for label, image in found.items())
    words = varying_words(pairs)
    if not pairs or words & _KINDS:
        return None
    if words and _are_two_valued(labels):
        raise _are_these_classes(pairs, sorted(words))
    image, label = next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])
    note = f"paired by whole names, each of which stands in that of its partner alone: {image} with {label}"
    return NamedPairs(tuple(pairs), frozenset(), note)


def partner_of_each(images: Sequence[str], labels: Sequence[RawLabel], own: Mapping[str, str]) -> dict[str, str]:
    """The image of each label by whole names, empty where these do not tell it of all."""
    stems = [label.stem for label in labels]
    return partners_of_own_names(own, stems) or partners(images, stems) or _partners_in_places(own, labels)


def _partners_in_places(images: Mapping[str, str], labels: Sequence[RawLabel]) -> dict[str, str]:
    """The same of names that files have in their folders, each in folders of its own place."""
    places = in_places(images, own_names_of(labels))
    found = [partners([*ours], [*theirs]) for ours, theirs in places]
    if not all(found):
        return {}
    return {
        theirs[label]: ours[image]
        for (ours, theirs), pairs in zip(places, found, strict=True)
        for label, image in pairs.items()
    }


def _are_two_valued(labels: Sequence[RawLabel]) -> bool:
    """Whether masks that are looked at hold something and the rest, and nothing says what."""
    seen = labels[:: max(1, len(labels) // _LOOKED_AT)]
    return all(_is_image(label) and is_two_valued(label.path, label_bytes(label)) for label in seen)


def _is_image(label: RawLabel) -> bool:
    file = label.part if is_zip(label.path) else label.path
    return PurePath(file).suffix.lower() in IMAGE_SUFFIXES


def _are_these_classes(pairs: Sequence[tuple[str, str]], words: Sequence[str]) -> SegError:
    image = pairs[0][0]
    shown = list_some([f"{label} of {image}" for image, label in pairs[:2]])
    return SegError(
        f"{counted(len(pairs), 'mask')} of two values, whose names add to those of their photos what differs "
        f"({list_some(words)}: {shown}). Nothing was written. If these are classes, save a mask of each class for each "
        f"photo, black where it has none, in a folder a class: masks/{words[0]}/{image}.png; if they are none, call "
        f"each mask as its photo is called: {image}.png"
    )


def _says_split(pattern: str) -> bool:
    """Whether a mask's name has a split more, because masks lie in folders of train and val, and photos do not.

    Also beside a word that says mask (x_train_id).
    """
    words = re.findall(r"[a-z]+", pattern.lower())
    others = [word for word in words if word not in SPLIT_WORDS]
    return len(others) < len(words) and all(says_mask(word) or word in ("id", "ids") for word in others)


def cross_splits(image: str, label: str) -> bool:
    """Whether a mask would be of a photo in another split, where numbers begin anew: val_4 of train_4."""
    ours, theirs = ({*map(split_word, re.findall(r"[a-z]+", pattern.lower()))} - {""} for pattern in (image, label))
    return bool(ours and theirs and not ours & theirs)


def _kinds(relation: Relation) -> Mapping[Patterns, dict[str, str]]:
    """Label by image, of each kind: what images' and labels' names have beside what they share."""
    kinds: dict[Patterns, dict[str, str]] = {}
    for label, (image, patterns) in relation.found.items():
        kinds.setdefault(patterns, {})[image] = label
    return kinds


def _best_kind(kinds: Mapping[Patterns, Mapping[str, str]], images: int, varying: Patterns) -> NamedPairs:
    masks: dict[str, dict[str, str]] = {}
    for (_, pattern), found in kinds.items():
        masks.setdefault(pattern, {}).update(found)
    for end, why in _BEST:
        best = [pattern for pattern in masks if pattern.lower().endswith(end)]
        if len(best) == 1 and len(masks[best[0]]) == images:
            others = [pattern for pattern in masks if pattern != best[0]]
            listed = ", ".join(f"{len(masks[pattern])} named {pattern}" for pattern in others)
            rest = frozenset(label for pattern in others for label in masks[pattern].values())
            note = f"{why}; left out: {listed}; --match with the two patterns takes others"
            return NamedPairs(tuple(sorted(masks[best[0]].items())), rest, note)
    commands, as_parts = [_command(pattern, kinds, images) for pattern in masks], _as_parts(list(masks))
    if images == 1 and varying != SAME_STEM:  # mask_2_1 and mask_2_4 may be of 1 and 4 as well
        varied = f"  {shlex.join(['--match', *varying])} --skip-unpaired   each is of another image"
        commands = [varied, *([] if as_parts else commands)]
    raise SegError(
        f"{counted(images, 'image')} and {counted(sum(map(len, masks.values())), 'mask')} of several kinds: which "
        "masks are meant? Nothing was written; type the same command with one of\n"
        + "\n".join([*commands, *as_parts])
        + _as_classes(masks)
    )


def _as_classes(masks: Mapping[str, Mapping[str, str]]) -> str:
    """How masks of a class each are to be called, where what tells them apart stands in front of the image's name."""
    if not all(re.fullmatch(r"[^\W\d_]+[ _\-.]{}", pattern) for pattern in masks):
        return ""
    pattern, found = next(iter(masks.items()))
    image, label = min(found.items())
    name = pattern.removesuffix("{}")
    return (
        f"\nIf each is of a class, put each class into a folder of its name ({name[:-1]}/{image} for {label}), and "
        "type the same command"
    )


def _as_parts(patterns: Sequence[str]) -> list[str]:
    """What merges masks whose names differ by a number only."""
    words = [word for pattern in patterns for word in re.split(r"[ _{}\-]+", pattern)]
    if len({re.sub(r"\d+", "", pattern) for pattern in patterns}) > 1 or any(map(folder_version, words)):
        return []
    return [
        "  --from object-masks   each is of an object: all of a photo in one mask",
        "  --from class-masks    each is of a class, which the number tells",
    ]


def _command(label: str, kinds: Mapping[Patterns, Mapping[str, str]], images: int) -> str:
    """What takes the masks of a pattern: --match, or their folder where names of their images differ in more ways.

    images: how many have masks; those that have none of this pattern are skipped.
    """
    own = {before: found for (before, after), found in kinds.items() if after == label}
    firsts = {before: min((label, image) for image, label in found.items()) for before, found in own.items()}
    shown = [f"{counted(len(own[before]), 'mask')}, {image} with {mask}" for before, (mask, image) in firsts.items()]
    if len(own) == 1:
        (before, found), *_ = own.items()
        skipped = " --skip-unpaired" if len(found) < images else ""
        return f"  --match '{before}' '{label}'{skipped}   {shown[0]}"
    return f"  the folder of these masks alone as SOURCE: {'; '.join(shown)}"


def _note(kinds: Mapping[Patterns, Mapping[str, str]]) -> str:
    if kinds.keys() == {SAME_STEM}:
        image, label = min(kinds[SAME_STEM].items())
        what = "leading zeros" if image.casefold() != label.casefold() else "upper and lower case"
        return f"paired by names that differ in {what} only: {image} with {label}"
    how = []
    for (before, after), found in kinds.items():
        image, label = min(found.items())
        how.append(f"{len(found)} as '{before}' '{after}' ({image} with {label})")
    return f"paired by name: {', '.join(how)}"
