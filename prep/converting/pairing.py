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
from prep.labels.layouts.affixes import SAME_STEM, Patterns, are_two_sides, fits, offered_patterns, places_of, relate
from prep.labels.layouts.by_name import (
    NamedPairs,
    cross_splits,
    have_a_folder_each,
    lie_in_places,
    own_names_of,
    pairs_by_name,
    pairs_by_whole_names,
    pairs_in_places,
    partner_of_each,
)
from prep.labels.pairs.numbers import are_shifted, begin_apart, out_of_listing, runs_apart
from prep.labels.pairs.own_names import (
    other_splits,
    own_name_elsewhere,
    pairs_of_own_names,
    pairs_of_sample_folders,
    patterns_of_own_names,
)
from prep.labels.pairs.sibling_folders import of_other_places
from prep.labels.pairs.strays import without_strays
from prep.labels.reader import LabelSource, RawLabel

NO_NAMES: Mapping[str, str] = MappingProxyType({})
"""Of photos that lie in no folders, or in the dataset."""


@dataclass(frozen=True)
class Pairing:
    """(image stem, label stem) of each pair, and the stems that found no partner; all sorted.

    notes: how they were paired, where names are not equal.  left_out: labels of another kind than those in pairs.
    by_own_names: whether labels lie in folders of other splits than their images, whose splits count.
    apart: of an image and a mask that are no pair, because they stand apart from others: why, and what to do.
    """

    pairs: tuple[tuple[str, str], ...]
    images_alone: tuple[str, ...]
    labels_alone: tuple[str, ...]
    notes: tuple[str, ...] = ()
    left_out: frozenset[str] = frozenset()
    by_own_names: bool = False
    apart: str = ""


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
        _refuse_other_names(pairing, partner_of_each(images, labels.labels, own) or _of_own_names(labels.labels, own))
        return pairing
    pairing = pairing_of(images, labels, patterns, own)
    if labels.names_photos and (pairing.pairs or not images):
        if not skip_unpaired and are_shifted(images, stems, pairing.labels_alone):
            raise _unpaired(images, labels, pairing, own)
        return pairing
    labelled = {sample.stem for sample in before.samples if sample.is_labelled} if before else set()
    alone = tuple(stem for stem in pairing.images_alone if stem not in labelled)
    pairing = replace(pairing, images_alone=alone)
    if pairing.pairs and (skip_unpaired or not (alone or pairing.labels_alone)):
        return pairing
    if pairing.pairs and pairing.labels_alone and have_a_folder_each(own, labels.labels):
        raise _objects_or_lost(pairing)
    raise _unpaired(images, labels, pairing, own)


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
        anew = pairs_of_own_names(own, labels.labels, patterns)
        if anew is not None and len(anew.pairs) > len(pairing.pairs):
            return _of_pattern(_of_named(images, stems, anew), patterns)
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
    found = found or pairs_of_own_names(own, labels)
    found = without_strays(found, own, labels) if found else None
    if found is None or found.apart:
        found = pairs_of_sample_folders(own, labels) or found
    if found is None:
        return pairing
    stems = [label.stem for label in labels if label.stem not in found.left_out] if found.apart else ()
    return replace(_of_named(images, stems, found), left_out=found.left_out)


def _of_named(images: Sequence[str], stems: Sequence[str], found: NamedPairs) -> Pairing:
    """The pairing that names tell; stems: those of labels, of which some may have no image."""
    paired, labelled = {image for image, _ in found.pairs}, {label for _, label in found.pairs}
    alone = tuple(sorted(set(images) - paired)), tuple(sorted(set(stems) - labelled))
    notes = (found.note,) if found.note else ()
    return Pairing(found.pairs, *alone, notes, by_own_names=found.by_own_names, apart=found.apart)


def _of_own_names(labels: Sequence[RawLabel], own: Mapping[str, str]) -> Mapping[str, str]:
    """The image of each label where names in folders tell it of all; else empty."""
    found = pairs_of_own_names(own, labels)
    return {label: image for image, label in found.pairs} if found else {}


def _in_places(own: Mapping[str, str], labels: Sequence[RawLabel], patterns: Patterns) -> Pairing | None:
    """Pairs by patterns of the names that files have in their folders, for folders of the same places; None without."""
    ours, theirs = (
        {
            (place, core): stem
            for stem, place in places_of(names).items()
            if (core := fits(names[stem], pattern)) is not None
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
    return replace(pairing, labels_alone=left, notes=(*pairing.notes, note), left_out=gone)


def _objects_or_lost(pairing: Pairing) -> SegError:
    """Several masks beside the one photo of a folder, one of which has its name, by chance or not."""
    alone = pairing.labels_alone
    return SegError(
        f"{counted(len(alone), 'mask')} {verb(len(alone), 'has', 'have')} no image: {list_some(alone)}. Each lies in "
        "the folder of one photo with a mask of that photo's name. Nothing was written; if all masks of a folder are "
        "of objects in its photo, add --from object-masks; if that of the photo's name is the mask of all of it, "
        f"--skip-unpaired converts the {counted(len(pairing.pairs), 'pair')} and leaves the others out"
    )


def _unpaired(images: Sequence[str], source: LabelSource, pairing: Pairing, own: Mapping[str, str]) -> SegError:
    """What is left over, and how to go on; own: as pair_labels."""
    labels, skip = [label.stem for label in source.labels], how_to_skip(source)
    parts = []
    if alone := pairing.images_alone:
        parts.append(f"{counted(len(alone), 'image')} {verb(len(alone), 'has', 'have')} no mask: {list_some(alone)}")
    if masks := len(pairing.labels_alone):
        parts.append(
            f"{counted(masks, 'mask')} {verb(masks, 'has', 'have')} no image: {list_some(pairing.labels_alone)}"
        )
    if apart := other_splits(images, labels):
        remedy = (
            f"the images are of {apart[0]}, and the masks of {apart[1]}: a mask is of no image of another split. Name "
            "the images and the masks of one split; if these are of each other all the same, call the folders of both "
            "alike"
        )
    elif said := of_other_places(own, source.labels):
        remedy = said
    elif are_shifted(images, labels, pairing.labels_alone):
        remedy = (
            "their numbers begin at another one, so that equal numbers would be of other images; if the first image "
            "belongs to the first mask and so on, add --in-order"
        )
        if pairing.pairs:
            remedy += f"; if equal names belong together, {skip} converts {len(pairing.pairs)} of them"
    elif pairing.pairs and begin_apart(images, labels):
        remedy = (
            "their numbers begin one apart, so that equal numbers may be of other images: look at some. If the first "
            "mask is of the first image and so on, rename the masks; if equal names belong together, "
            f"{skip} converts {len(pairing.pairs)} of them"
        )
    elif pairing.apart:
        remedy = f"{pairing.apart}; otherwise convert only the {counted(len(pairing.pairs), 'pair')} with {skip}"
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
        elsewhere = own_name_elsewhere(own, source.labels)
        told = patterns_of_own_names(own, source.labels) if elsewhere else None
        remedy = f"pair them with {_match(told)}" if told else _how_names_pair(images, labels, elsewhere)
        ordered = list(zip(sorted(images, key=natural_key), sorted(labels, key=natural_key), strict=False))
        if others := next((pair for pair in ordered if are_two_sides(*pair)), None):
            remedy += f"; {others[1]} is of another side than {others[0]}"
        elif len(images) == len(labels) and elsewhere is None:
            remedy += "; or add --in-order if the first image belongs to the first mask and so on"
    return SegError("; ".join(parts) + f". Nothing was written; {remedy}")


def _suggested(images: Sequence[str], labels: Sequence[str]) -> tuple[Patterns, int]:
    """Patterns that pair these names, and how many they pair: of all names, or of at least half of the labels."""
    patterns = offered_patterns(images, labels)
    if cross_splits(*patterns):
        patterns = SAME_STEM
    return patterns, len(pair_stems(images, labels, patterns).pairs)


def _match(patterns: Patterns) -> str:
    return shlex.join(["--match", *patterns])


def _how_names_pair(images: Sequence[str], labels: Sequence[str], elsewhere: tuple[str, str] | None = None) -> str:
    """elsewhere: an image and a label that are called alike in folders that are not."""
    patterns, number = _suggested(images, labels) if images and labels else (SAME_STEM, 0)
    if number:
        return f"pair them with {_match(patterns)}"
    if elsewhere:
        return (
            f"masks have names of images in other folders ({elsewhere[1]} and {elsewhere[0]}); where these belong "
            "together, move each mask into a folder that is called as that of its image"
        )
    return "say with --match and two patterns, {} for the part that they share, how the names of images and masks pair"


def _in_order(images: Sequence[str], labels: Sequence[str]) -> Pairing:
    pairing = pair_in_order(images, labels)
    ordered = sorted(pairing.pairs, key=lambda pair: natural_key(pair[0]))
    (first_image, first_label), (last_image, last_label) = ordered[0], ordered[-1]
    two = out_of_listing(images)
    taken = f" (as numbers count, {two[0]} before {two[1]})" if two else ""
    note = f"paired in order{taken}: {first_image} with {first_label} ... {last_image} with {last_label}; look at some"
    return replace(pairing, notes=(note, *runs_apart(ordered)))


def _refuse_two_orders(images: Sequence[str]) -> None:
    """SegError where a tool that numbered the photos may have taken img2 or img10 first."""
    if not (two := out_of_listing(images)):
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


def _keys(stems: Sequence[str], pattern: str) -> Mapping[str, str]:
    return {core: stem for stem in stems if (core := fits(stem, pattern)) is not None}
