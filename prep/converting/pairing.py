"""Which photo belongs to which label, by their stems."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from prep.converting.options import how_to_skip
from prep.core.errors import SegError
from prep.core.words import counted, list_some, natural_key, verb
from prep.dataset.dataset import Dataset
from prep.labels.layouts.affixes import SAME_STEM, Patterns, are_two_sides, fits, relate, suggest_patterns
from prep.labels.layouts.by_name import (
    have_a_folder_each,
    lie_in_places,
    own_names_of,
    pairs_by_name,
    pairs_by_whole_names,
    pairs_in_places,
    partner_of_each,
)
from prep.labels.reader import LabelSource, RawLabel

NO_NAMES: Mapping[str, str] = MappingProxyType({})
"""Of photos that lie in no folders, or in the dataset."""

_STEPS = 0.25
"""Numbers that fall out of step more often than at this share of pairs are not those of one series."""


@dataclass(frozen=True)
class Pairing:
    """(image stem, label stem) of each pair, and the stems that found no partner; all sorted.

    notes: how they were paired, where names are not equal.  left_out: labels of another kind than those in pairs.
    """

    pairs: tuple[tuple[str, str], ...]
    images_alone: tuple[str, ...]
    labels_alone: tuple[str, ...]
    notes: tuple[str, ...] = ()
    left_out: frozenset[str] = frozenset()


def pair_stems(images: Sequence[str], labels: Sequence[str], patterns: Patterns | None = None) -> Pairing:
    """Pair stems whose parts in place of {} are equal, or equal stems; SegError if a pattern is wrong."""
    of_image, of_label = patterns or SAME_STEM
    image_keys = _keys(images, of_image)
    label_keys = _keys(labels, of_label)
    shared = sorted(image_keys.keys() & label_keys.keys())
    pairs = sorted((image_keys[key], label_keys[key]) for key in shared)
    paired_images, paired_labels = {image for image, _ in pairs}, {label for _, label in pairs}
    return Pairing(
        tuple(pairs),
        tuple(sorted(set(images) - paired_images)),
        tuple(sorted(set(labels) - paired_labels)),
    )


def pair_in_order(images: Sequence[str], labels: Sequence[str]) -> Pairing:
    """Pair the first image with the first label and so on, both in natural order; SegError if the numbers differ."""
    if len(images) != len(labels):
        raise SegError(
            f"{counted(len(labels), 'mask')} cannot be paired in order with {counted(len(images), 'image')}; both "
            "numbers have to be equal. Leave only the photos that were labelled, or leave --in-order out and "
            f"{_how_names_pair(images, labels)}"
        )
    pairs = zip(sorted(images, key=natural_key), sorted(labels, key=natural_key), strict=True)
    return Pairing(tuple(sorted(pairs)), (), ())


def pair_labels(
    images: Sequence[str],
    labels: LabelSource,
    patterns: Patterns | None,
    before: Dataset | None,
    *,
    in_order: bool,
    skip_unpaired: bool,
    own: Mapping[str, str] = NO_NAMES,
) -> Pairing:
    """Pair, and refuse what is left over, unless it may be skipped or has a mask already.

    own: names that photos have in their folders, by stem.
    """
    stems = [label.stem for label in labels.labels]
    if in_order:
        pairing = _in_order(images, stems)
        _refuse_other_names(pairing, partner_of_each(images, labels.labels, own))
        return pairing
    pairing = pairing_of(images, labels, patterns, own)
    if labels.names_photos and (pairing.pairs or not images):
        if not skip_unpaired and _are_shifted(images, stems, pairing):
            raise _unpaired(images, stems, pairing, how_to_skip(labels))
        return pairing
    labelled = {sample.stem for sample in before.samples if sample.is_labelled} if before else set()
    alone = tuple(stem for stem in pairing.images_alone if stem not in labelled)
    pairing = replace(pairing, images_alone=alone)
    if pairing.pairs and (skip_unpaired or not (alone or pairing.labels_alone)):
        return pairing
    if pairing.pairs and pairing.labels_alone and have_a_folder_each(own, labels.labels):
        raise _objects_or_lost(pairing)
    raise _unpaired(images, stems, pairing, how_to_skip(labels))


def pairing_of(
    images: Sequence[str], labels: LabelSource, patterns: Patterns | None, own: Mapping[str, str] = NO_NAMES
) -> Pairing:
    """Pair by what the labels or a person say of names, or by what names themselves tell; own: as pair_labels."""
    stems = [label.stem for label in labels.labels]
    pairing = pair_stems(images, stems, patterns)
    if labels.names_photos and (pairing.pairs or not images):
        return pairing
    if patterns is not None:
        in_places = _in_places(own, labels.labels, patterns)
        if in_places is not None and len(in_places.pairs) > len(pairing.pairs):
            return in_places
        return _of_pattern(pairing, patterns)
    if labels.in_order:
        if pairing.pairs or len(images) != len(stems):
            return pairing
        _refuse_two_orders(images)
        return _in_order(images, stems)
    return _by_name(images, labels.labels, pairing, own)


def _by_name(images: Sequence[str], labels: Sequence[RawLabel], pairing: Pairing, own: Mapping[str, str]) -> Pairing:
    """More pairs than equal names make, where names tell them."""
    if not pairing.labels_alone or not images:
        return pairing
    if lie_in_places(own, labels):  # numbers begin anew in each split: train/4 and val/4 are two photos
        found = pairs_in_places(own, labels)
    else:
        found = pairs_by_name(images, [label.stem for label in labels])
    found = found or pairs_by_whole_names(images, labels, own)
    if found is None:
        return pairing
    paired = {image for image, _ in found.pairs}
    return Pairing(found.pairs, tuple(sorted(set(images) - paired)), (), (found.note,), found.left_out)


def _in_places(own: Mapping[str, str], labels: Sequence[RawLabel], patterns: Patterns) -> Pairing | None:
    """Pairs by patterns of the names that files have in their folders, for folders of the same places; None without."""
    ours, theirs = (
        {
            (stem.removesuffix(name), core): stem
            for stem, name in names.items()
            if (core := fits(name, pattern)) is not None
        }
        for names, pattern in zip((own, own_names_of(labels)), patterns, strict=True)
    )
    pairs = sorted((ours[key], theirs[key]) for key in ours.keys() & theirs.keys())
    images, masks = {image for image, _ in pairs}, {mask for _, mask in pairs}
    alone = sorted(label.stem for label in labels if label.stem not in masks)
    return Pairing(tuple(pairs), tuple(sorted(own.keys() - images)), tuple(alone)) if pairs else None


def _of_pattern(pairing: Pairing, patterns: Patterns) -> Pairing:
    """Without masks that are not of the pattern that a person gave: of other names, or of other kinds.

    x_color fits {} as well as x does, and is another mask of the image that has x; x_2 is of an image that is lost.
    """
    if not pairing.pairs:
        return pairing
    images = [*(image for image, _ in pairing.pairs), *pairing.images_alone]
    found = relate(images, pairing.labels_alone).found
    kinds = {label for label, (_, (_, added)) in found.items() if re.search("[A-Za-z]", added)}
    others = [stem for stem in pairing.labels_alone if stem in kinds or fits(stem, patterns[1]) is None]
    if not others:
        return pairing
    note = f"left out, because --match takes others: {counted(len(others), 'mask')} ({list_some(others)})"
    gone = frozenset(others)
    left = tuple(stem for stem in pairing.labels_alone if stem not in gone)
    return replace(pairing, labels_alone=left, notes=(note,), left_out=gone)


def _objects_or_lost(pairing: Pairing) -> SegError:
    """Several masks beside the one photo of a folder, one of which has its name, by chance or not."""
    alone = pairing.labels_alone
    return SegError(
        f"{counted(len(alone), 'mask')} {verb(len(alone), 'has', 'have')} no image: {list_some(alone)}. Each lies in "
        "the folder of one photo with a mask of that photo's name. Nothing was written; if all masks of a folder are "
        "of objects in its photo, add --from object-masks; if that of the photo's name is the mask of all of it, "
        f"--skip-unpaired converts the {counted(len(pairing.pairs), 'pair')} and leaves the others out"
    )


def _unpaired(images: Sequence[str], labels: Sequence[str], pairing: Pairing, skip: str) -> SegError:
    """What is left over, and how to go on; skip: how_to_skip."""
    parts = []
    if alone := pairing.images_alone:
        parts.append(f"{counted(len(alone), 'image')} {verb(len(alone), 'has', 'have')} no mask: {list_some(alone)}")
    if masks := len(pairing.labels_alone):
        parts.append(
            f"{counted(masks, 'mask')} {verb(masks, 'has', 'have')} no image: {list_some(pairing.labels_alone)}"
        )
    if _are_shifted(images, labels, pairing):
        remedy = (
            "their numbers begin at another one, so that equal numbers would be of other images; if the first image "
            "belongs to the first mask and so on, add --in-order"
        )
        if pairing.pairs:
            remedy += f"; if equal names belong together, {skip} converts {len(pairing.pairs)} of them"
    elif pairing.pairs and _begin_apart(images, labels):
        remedy = (
            "their numbers begin one apart, so that equal numbers may be of other images: look at some. If the first "
            "mask is of the first image and so on, rename the masks; if equal names belong together, "
            f"{skip} converts {len(pairing.pairs)} of them"
        )
    elif _suggested(images, labels)[1] > len(pairing.pairs):
        remedy = _how_names_pair(images, labels)
    elif pairing.pairs:
        remedy = f"rename or remove them, or convert only the {counted(len(pairing.pairs), 'pair')} with {skip}"
        if alone and not pairing.labels_alone:
            remedy += (
                "; if such images show nothing but background, --without-mask background gives them that mask "
                "(or whatever the class map calls that class)"
            )
    else:
        remedy = _how_names_pair(images, labels)
        ordered = list(zip(sorted(images, key=natural_key), sorted(labels, key=natural_key), strict=False))
        if others := next((pair for pair in ordered if are_two_sides(*pair)), None):
            remedy += f"; {others[1]} is of another side than {others[0]}"
        elif len(images) == len(labels):
            remedy += "; or add --in-order if the first image belongs to the first mask and so on"
    return SegError("; ".join(parts) + f". Nothing was written; {remedy}")


def _are_shifted(images: Sequence[str], labels: Sequence[str], pairing: Pairing) -> bool:
    """Whether images and masks are as many, all called by numbers, and those of the masks begin at another one.

    img_1 .. img_4 with mask_0 .. mask_3: what has the same number belongs to another image.
    """
    if len(images) != len(labels) or not pairing.labels_alone or len(images) < 2:
        return False
    ours, theirs = ([*map(_number_in, sorted(stems, key=natural_key))] for stems in (images, labels))
    shift = (theirs[0] or 0) - (ours[0] or 0)
    return shift != 0 and all(
        one is not None and other is not None and other - one == shift for one, other in zip(ours, theirs, strict=True)
    )


def _begin_apart(images: Sequence[str], labels: Sequence[str]) -> bool:
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
    found = re.findall(r"\d+", stem)
    return int(found[-1]) if found else None


def _suggested(images: Sequence[str], labels: Sequence[str]) -> tuple[Patterns, int]:
    """Patterns that pair these names, and how many they pair."""
    patterns = suggest_patterns(images, labels)
    return patterns, len(pair_stems(images, labels, patterns).pairs)


def _how_names_pair(images: Sequence[str], labels: Sequence[str]) -> str:
    patterns, number = _suggested(images, labels) if images and labels else (SAME_STEM, 0)
    if number:
        return f"pair them with {shlex.join(['--match', *patterns])}"
    return "say with --match and two patterns, {} for the part that they share, how the names of images and masks pair"


def _in_order(images: Sequence[str], labels: Sequence[str]) -> Pairing:
    pairing = pair_in_order(images, labels)
    ordered = sorted(pairing.pairs, key=lambda pair: natural_key(pair[0]))
    (first_image, first_label), (last_image, last_label) = ordered[0], ordered[-1]
    two = _out_of_listing(images)
    taken = f" (as numbers count, {two[0]} before {two[1]})" if two else ""
    note = f"paired in order{taken}: {first_image} with {first_label} ... {last_image} with {last_label}; look at some"
    return replace(pairing, notes=(note, *_runs_apart(ordered)))


def _out_of_listing(images: Sequence[str]) -> tuple[str, str] | None:
    """Two images of which numbers say that the first is before the second, and a plain listing has them otherwise."""
    listed = zip(sorted(images, key=natural_key), sorted(images), strict=True)
    return next(((numbered, plain) for numbered, plain in listed if numbered != plain), None)


def _refuse_two_orders(images: Sequence[str]) -> None:
    """SegError where a tool that numbered the photos may have taken img2 or img10 first."""
    if not (two := _out_of_listing(images)):
        return
    place = sorted(images).index(two[1]) + 1
    digits = len(str(len(images)))
    raise SegError(
        f"which photo each label is of depends on the order of the photos, and there are two: as numbers count, "
        f"{two[0]} is before {two[1]}; in a plain listing, as MATLAB's dir and Python's sorted make it, {two[1]} is. "
        "Nothing was written. If the labels follow the numbers, add --in-order; if they follow the listing, put the "
        f"place in it before the name of each photo ({place:0{digits}}_{two[1]}); with gTruth.mat beside "
        "MATLAB's labels nothing has to be asked"
    )


def _refuse_other_names(pairing: Pairing, named: Mapping[str, str]) -> None:
    """SegError where names tell another photo of a mask than the order does. named: the photo of each label."""
    other = next(((image, label) for image, label in pairing.pairs if named.get(label, image) != image), None)
    if other is None:
        return
    image, label = other
    raise SegError(
        f"--in-order pairs {label} with {image}, and by its name it is of {named[label]}. Leave --in-order out: names "
        "tell of each mask which image it is of; if they are wrong, rename the masks"
    )


def _runs_apart(ordered: Sequence[tuple[str, str]]) -> list[str]:
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


def _keys(stems: Sequence[str], pattern: str) -> Mapping[str, str]:
    return {core: stem for stem in stems if (core := fits(stem, pattern)) is not None}
