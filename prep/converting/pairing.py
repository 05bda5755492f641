"""Which photo belongs to which label, by their stems, and where the photos are."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from prep.core.errors import SegError
from prep.core.words import counted, list_some, natural_key, verb
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import PHOTOS
from prep.images.finding import FoundFile, find_photos, photos_beside, refuse_equal_stems
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.layouts.affixes import SAME_STEM, Patterns, fits, suggest_patterns
from prep.labels.layouts.by_name import pairs_by_name
from prep.labels.layouts.looks import proposals
from prep.labels.reader import LabelSource, RawLabel


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


def pair_stems(images: Sequence[str], labels: Sequence[str], patterns: Patterns = SAME_STEM) -> Pairing:
    """Pair stems whose parts in place of {} are equal; SegError if a pattern is wrong or a part stands twice."""
    image_keys = _keys(images, patterns[0])
    label_keys = _keys(labels, patterns[1])
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
            f"{len(labels)} masks cannot be paired in order with {len(images)} images; both numbers have to be equal. "
            "Leave only the photos that were labelled, or say with --match 'IMAGE_{}' 'MASK_{}' how names pair"
        )
    pairs = zip(sorted(images, key=natural_key), sorted(labels, key=natural_key), strict=True)
    return Pairing(tuple(sorted(pairs)), (), ())


def photos_to_bring(
    root: Path, source: Path, given: Path | None, labels: LabelSource, before: Dataset | None
) -> list[FoundFile] | None:
    """The raw photos to bring in, of which none is a label; None if the dataset has its images already."""
    if given is not None:
        if labels.photos and given.resolve() == source.resolve():
            return labels.photo_files
        return _by_label_stems(find_photos([given], without={label.path for label in labels.labels}), labels)
    present = {sample.stem for sample in before.samples if sample.image} if before is not None else set()
    named = {*labels.photos, *(label.stem for label in labels.labels)}
    if present and (not labels.photos or not present.isdisjoint(named)):
        return None  # labels of other photos bring those
    if labels.photos:
        return labels.photo_files
    if (root / PHOTOS).is_dir():
        return find_photos([root / PHOTOS])
    if beside := photos_beside(source):
        refuse_equal_stems(beside)
        return beside
    if labels.names_photos:
        return []
    if labels.reader == "npy":
        raise _photos_of_numpy(source)
    files = [FoundFile(each.path, each.path.relative_to(source).as_posix()) for each in _inside(source, labels)]
    if ways := proposals(source, files):
        start = f"seg-prep masks convert {shlex.quote(str(source))} -o {shlex.quote(str(root))} "
        commands = [
            start + way if way.startswith("--match") else f"seg-prep masks convert {way} -o {root}" for way in ways
        ]
        raise SegError(
            f"{source}: no name here says which images are photos and which are masks. As they look, type\n"
            + "\n".join(f"  {command}" for command in commands)
        )
    raise SegError(
        f"{root}: has no folder photos/, and no photos lie beside {source}; say with --images FOLDER where they are, "
        "or with --match '{}' '{}_mask' how names of photos and masks in one folder differ "
        "(if there are no labels yet: 'seg-prep resize', then 'seg-prep annotate')"
    )


def _photos_of_numpy(source: Path) -> SegError:
    return SegError(
        f"{source}: no photos beside these matrices. Say with --images FOLDER where image files of them are; photos "
        "that are NumPy files, too, have to lie in the folder that is named, in folders images/ and masks/"
    )


def _inside(source: Path, labels: LabelSource) -> list[RawLabel]:
    """Labels that are image files below the source."""
    return [
        each
        for each in labels.labels
        if each.path.is_relative_to(source) and each.path.suffix.lower() in IMAGE_SUFFIXES
    ]


def _by_label_stems(files: Sequence[FoundFile], labels: LabelSource) -> list[FoundFile]:
    """The files, of which those that the labels name have the stems of their labels."""
    stems = {path: stem for stem, path in labels.photos.items()}
    named = [FoundFile(f.path, f"{stems[f.path]}{f.path.suffix}") if f.path in stems else f for f in files]
    refuse_equal_stems(named)
    return named


def pair_labels(
    images: Sequence[str],
    labels: LabelSource,
    patterns: Patterns,
    before: Dataset | None,
    *,
    in_order: bool,
    skip_unpaired: bool,
) -> Pairing:
    """Pair, and refuse what is left over, unless it may be skipped or has a mask already."""
    stems = [label.stem for label in labels.labels]
    if in_order:
        return _in_order(images, stems)
    pairing = pairing_of(images, labels, patterns)
    if labels.names_photos and (pairing.pairs or not images):
        return pairing
    labelled = {sample.stem for sample in before.samples if sample.is_labelled} if before else set()
    alone = tuple(stem for stem in pairing.images_alone if stem not in labelled)
    pairing = replace(pairing, images_alone=alone)
    if pairing.pairs and (skip_unpaired or not (alone or pairing.labels_alone)):
        return pairing
    raise _unpaired(images, stems, pairing)


def pairing_of(images: Sequence[str], labels: LabelSource, patterns: Patterns) -> Pairing:
    """Pair by what the labels or a person say of names, or by what names themselves tell."""
    stems = [label.stem for label in labels.labels]
    pairing = pair_stems(images, stems, patterns)
    if labels.names_photos and (pairing.pairs or not images):
        return pairing
    if patterns != SAME_STEM:
        return _of_pattern(pairing, patterns)
    if labels.in_order:
        return pairing if pairing.pairs or len(images) != len(stems) else _in_order(images, stems)
    return _by_name(images, stems, pairing)


def _by_name(images: Sequence[str], labels: Sequence[str], pairing: Pairing) -> Pairing:
    """More pairs than equal names make, where names tell them."""
    found = pairs_by_name(images, labels) if pairing.labels_alone and images else None
    if found is None:
        return pairing
    paired = {image for image, _ in found.pairs}
    return Pairing(found.pairs, tuple(sorted(set(images) - paired)), (), (found.note,), found.left_out)


def _of_pattern(pairing: Pairing, patterns: Patterns) -> Pairing:
    """Without masks whose names are not of the pattern that a person gave for them."""
    others = [stem for stem in pairing.labels_alone if fits(stem, patterns[1]) is None]
    if not others or not pairing.pairs:
        return pairing
    note = f"left out, because their names are not {patterns[1]}: {counted(len(others), 'mask')} ({list_some(others)})"
    gone = frozenset(others)
    left = tuple(stem for stem in pairing.labels_alone if stem not in gone)
    return replace(pairing, labels_alone=left, notes=(note,), left_out=gone)


def _unpaired(images: Sequence[str], labels: Sequence[str], pairing: Pairing) -> SegError:
    """What is left over, and how to go on."""
    parts = []
    if alone := pairing.images_alone:
        parts.append(f"{counted(len(alone), 'image')} {verb(len(alone), 'has', 'have')} no mask: {list_some(alone)}")
    if masks := len(pairing.labels_alone):
        parts.append(
            f"{counted(masks, 'mask')} {verb(masks, 'has', 'have')} no image: {list_some(pairing.labels_alone)}"
        )
    suggestion = suggest_patterns(images, labels)
    if len(pair_stems(images, labels, suggestion).pairs) > len(pairing.pairs):
        remedy = f"pair them with --match '{suggestion[0]}' '{suggestion[1]}'"
    elif pairing.pairs:
        remedy = (
            f"rename or remove them, or convert only the {counted(len(pairing.pairs), 'pair')} with --skip-unpaired"
        )
        if alone and not pairing.labels_alone:
            remedy += "; if such images show nothing but background, --without-mask background gives them that mask"
    else:
        remedy = (
            "say with --match 'IMAGE_{}' 'MASK_{}' which part of the names they share, or with --in-order that the "
            "first image belongs to the first mask and so on"
        )
    return SegError("; ".join(parts) + f". Nothing was written; {remedy}")


def _in_order(images: Sequence[str], labels: Sequence[str]) -> Pairing:
    pairing = pair_in_order(images, labels)
    ordered = sorted(pairing.pairs, key=lambda pair: natural_key(pair[0]))
    (first_image, first_label), (last_image, last_label) = ordered[0], ordered[-1]
    note = f"paired in order: {first_image} with {first_label} ... {last_image} with {last_label}; look at some"
    return replace(pairing, notes=(note,))


def _keys(stems: Sequence[str], pattern: str) -> Mapping[str, str]:
    return {core: stem for stem in stems if (core := fits(stem, pattern)) is not None}
