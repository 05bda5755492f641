"""Pair images with labels by their stems."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prep.core.errors import SegError
from prep.core.words import natural_key

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


def _keys(stems: Sequence[str], pattern: str) -> Mapping[str, str]:
    before, brackets, after = pattern.partition("{}")
    if not brackets or "{}" in after:
        raise SegError(f"--match {pattern!r}: a pattern needs one {{}} for the part that image and label share")
    before, after = (unicodedata.normalize("NFC", text) for text in (before, after))  # as stem_of does
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
