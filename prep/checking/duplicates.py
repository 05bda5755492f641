"""Checks of images against each other: the same one twice, one scene twice, two masks for one image."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from prep.checking.findings import Finding, found
from prep.checking.sample import MaskFacts, SampleFacts
from prep.core.words import counted, verb
from prep.dataset.index import SPLITS
from prep.images.imageio import read_mask
from prep.images.likeness.similar import exact_duplicates, near_duplicates

BySample = Mapping[str, SampleFacts]


def check_duplicates(root: Path, samples: Sequence[SampleFacts], workers: int | None) -> Iterator[Finding]:
    """All findings about images that are equal, or show the same. workers: as of `run_jobs`."""
    known = {facts.stem: facts for facts in samples}
    prints = {facts.stem: facts.print for facts in samples if facts.print is not None}
    exact = exact_duplicates(prints)
    contradicting = [stems for stems in exact if _contradicts(stems, known)]
    yield from _leaks([stems for stems in exact if _is_torn(stems, known)], known)
    yield from _different_masks(root, contradicting, known)
    yield from _near(near_duplicates(prints, workers), known)
    yield from _copies([stems for stems in exact if not _is_torn(stems, known) and stems not in contradicting])


def _is_torn(stems: Sequence[str], known: BySample) -> bool:
    """Whether they are in several splits."""
    return len({known[stem].sample.split for stem in stems}.intersection(SPLITS)) > 1


def _in_split(stem: str, known: BySample) -> str:
    return f"{stem} ({known[stem].sample.split})" if known[stem].sample.split else stem


def _leaks(sets: Sequence[Sequence[str]], known: BySample) -> Iterator[Finding]:
    return found("leak", [" = ".join(_in_split(stem, known) for stem in stems) for stems in sets])


def _copies(sets: Sequence[Sequence[str]]) -> Iterator[Finding]:
    return found("duplicate-image", [" = ".join(stems) for stems in sets], n=sum(len(stems) - 1 for stems in sets))


def _contradicts(stems: Sequence[str], known: BySample) -> bool:
    """Whether equal images have masks of their size that differ."""
    return len({labels.digest for stem in stems if (labels := _fitting(known[stem]))}) > 1


def _different_masks(root: Path, sets: Sequence[Sequence[str]], known: BySample) -> Iterator[Finding]:
    names, total = [], 0
    for stems in sets:
        masks = [read_mask(root / known[stem].mask.name) for stem in stems if _fitting(known[stem])]
        pixels = int(np.any([mask != masks[0] for mask in masks[1:]], axis=0).sum())
        names.append(f"{' = '.join(stems)} ({counted(pixels, 'pixel')})")
        total += pixels
    return found("different-masks", names, pixels=f"{counted(total, 'pixel')} {verb(total, 'differs', 'differ')}")


def _fitting(facts: SampleFacts) -> MaskFacts | None:
    """The labels of a mask that has the size of its image."""
    is_fitting = facts.labels and not facts.labels.strange and facts.mask.size == facts.image.size
    return facts.labels if is_fitting else None


def _near(sets: Sequence[Sequence[str]], known: BySample) -> Iterator[Finding]:
    torn = [stems for stems in sets if _is_torn(stems, known) and _pixels_differ(stems, known)]
    whole = [stems for stems in sets if not _is_torn(stems, known) and _pixels_differ(stems, known)]
    pairs = [pair for stems in torn for pair in _pairs_across(stems, known)]
    yield from found("near-leak", [" ~ ".join(_in_split(stem, known) for stem in pair) for pair in pairs])
    yield from found(
        "near-duplicate", [" ~ ".join(stems) for stems in whole],
        n=sum(map(len, whole)), sets=counted(len(whole), "set"),
    )  # fmt: skip


def _pixels_differ(stems: Sequence[str], known: BySample) -> bool:
    return len({found.pixels for stem in stems if (found := known[stem].print)}) > 1


def _pairs_across(stems: Sequence[str], known: BySample) -> list[tuple[str, str]]:
    """Every image outside the set's largest split, with the most similar one of another split; no exact copies."""
    splits = [known[stem].sample.split for stem in stems]
    home = max(SPLITS, key=splits.count)
    pairs = []
    for stem in (stem for stem in stems if known[stem].sample.split in set(SPLITS) - {home}):
        others = [
            other
            for other in stems
            if known[other].sample.split in set(SPLITS) - {known[stem].sample.split}
            and _pixels_differ([stem, other], known)
        ]
        if others:
            pairs.append((stem, min(others, key=lambda other: _distance(stem, other, known))))
    return pairs


def _distance(stem: str, other: str, known: BySample) -> int:
    """Bits in which the perceptual hashes differ."""
    one, two = known[stem].print, known[other].print
    return (one.perceptual ^ two.perceptual).bit_count() if one and two else 0
