"""Which photo belongs to which label, by their stems, and where the photos are."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from prep.core.errors import SegError
from prep.core.words import counted, list_some, natural_key, verb
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import PHOTOS
from prep.images.finding import FoundFile, find_photos, photos_beside, refuse_equal_stems
from prep.labels.reader import LabelSource

Patterns = tuple[str, str]
"""Stem of an image and of its label, each with one {} for the part that they share: 'Img_{}' 'Mask_{}'."""

SAME_STEM: Patterns = ("{}", "{}")


@dataclass(frozen=True)
class Pairing:
    """(image stem, label stem) of each pair, and the stems that found no partner; all sorted."""

    pairs: tuple[tuple[str, str], ...]
    images_alone: tuple[str, ...]
    labels_alone: tuple[str, ...]


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


def suggest_patterns(images: Sequence[str], labels: Sequence[str], paired: int) -> Patterns | None:
    """Find patterns that make more than `paired` pairs, from what all images, and all labels, begin and end with."""
    patterns = _common_pattern(images), _common_pattern(labels)
    found = len(pair_stems(images, labels, patterns).pairs)
    return patterns if found > paired else None


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
    """The raw photos to bring in; None if the dataset has its images already."""
    if given is not None:
        return _by_label_stems(find_photos([given]), labels)
    present = {sample.stem for sample in before.samples if sample.image} if before is not None else set()
    if present and (not labels.photos or not present.isdisjoint(label.stem for label in labels.labels)):
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
    raise SegError(
        f"{root}: has no folder photos/; say with --images FOLDER where the photos are "
        "(if there are no labels yet: 'seg-prep resize', then 'seg-prep annotate')"
    )


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
) -> tuple[Pairing, list[str]]:
    """Pair, and refuse what is left over, unless it may be skipped or has a mask already; and notes on how."""
    stems = [label.stem for label in labels.labels]
    if in_order:
        return _in_order(images, stems)
    pairing = pair_stems(images, stems, patterns)
    if labels.names_photos and (pairing.pairs or not images):
        return pairing, []
    if labels.in_order and not pairing.pairs and patterns == SAME_STEM:
        return _in_order(images, stems)
    labelled = {sample.stem for sample in before.samples if sample.is_labelled} if before else set()
    alone = tuple(stem for stem in pairing.images_alone if stem not in labelled)
    pairing = replace(pairing, images_alone=alone)
    if pairing.pairs and (skip_unpaired or not (alone or pairing.labels_alone)):
        return pairing, []
    parts = []
    if alone:
        parts.append(f"{counted(len(alone), 'image')} {verb(len(alone), 'has', 'have')} no mask: {list_some(alone)}")
    if masks := len(pairing.labels_alone):
        parts.append(
            f"{counted(masks, 'mask')} {verb(masks, 'has', 'have')} no image: {list_some(pairing.labels_alone)}"
        )
    suggestion = suggest_patterns(images, stems, len(pairing.pairs))
    if suggestion is not None:
        remedy = f"pair them with --match '{suggestion[0]}' '{suggestion[1]}'"
    elif pairing.pairs:
        remedy = (
            f"rename or remove them, or convert only the {counted(len(pairing.pairs), 'pair')} with --skip-unpaired"
        )
    else:
        remedy = (
            "say with --match 'IMAGE_{}' 'MASK_{}' which part of the names they share, or with --in-order that the "
            "first image belongs to the first mask and so on"
        )
    raise SegError("; ".join(parts) + f". Nothing was written; {remedy}")


def _in_order(images: Sequence[str], labels: Sequence[str]) -> tuple[Pairing, list[str]]:
    pairing = pair_in_order(images, labels)
    ordered = sorted(pairing.pairs, key=lambda pair: natural_key(pair[0]))
    (first_image, first_label), (last_image, last_label) = ordered[0], ordered[-1]
    note = f"paired in order: {first_image} with {first_label} ... {last_image} with {last_label}; look at some"
    return pairing, [note]


def _keys(stems: Sequence[str], pattern: str) -> Mapping[str, str]:
    before, brackets, after = pattern.partition("{}")
    if not brackets or "{}" in after:
        raise SegError(f"--match {pattern!r}: a pattern needs one {{}} for the part that image and label share")
    before, after = (unicodedata.normalize("NFC", text) for text in (before, after))  # as stems are
    expression = re.compile(f"{re.escape(before)}(.+){re.escape(after)}", re.DOTALL)
    return {match[1]: stem for stem in stems if (match := expression.fullmatch(stem))}


def _common_pattern(stems: Sequence[str]) -> str:
    prefix = _common_start(stems).rstrip("0123456789")
    rest = [stem[len(prefix) :] for stem in stems]
    suffix = _common_start([text[::-1] for text in rest])[::-1].lstrip("0123456789")
    return f"{prefix}{{}}{suffix}"


def _common_start(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)  # in order, so what these two share all share
    length = next((i for i, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    return first[:length]
