"""Exact and near-duplicates among images: the same scene saved, scaled, cropped, turned, flipped or taken again.

Three steps: signs of low frequencies are compared for all pairs, which is fast and coarse; of the pairs they propose,
those whose details correlate too little at half the size are dropped, many at once; the others are laid over each other
as small grey images, and their details have to correlate. Pairs that others have joined already need no look.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.images.imageio import ImageRGB
from prep.images.likeness.all_pairs import compare_all
from prep.images.likeness.details import (
    DETAIL_SIDE,
    Thumbnail,
    details_fit,
    details_of,
    half_details,
    may_fit,
    oriented,
    turned_halves,
)
from prep.images.likeness.low_frequencies import ORIENTATIONS, ClosePairs, Orientation, signs_of


@dataclass(frozen=True, slots=True)
class ImageSigns:
    """What is kept of an image for comparison.

    pixels: hash of the pixels and their shape; equal means an exact duplicate.
    perceptual: the signs of its low frequencies, as the 143 bits of a number.
    thumbnail: 64 x 64 grey values, row by row.
    """

    pixels: str
    perceptual: int
    thumbnail: bytes = field(repr=False)


def fingerprint(image: ImageRGB) -> ImageSigns:
    """Fingerprint of an image (H, W, 3); such signs are the pHash of Zauner 2010, http://phash.org/docs/."""
    pixels = hashlib.sha256(repr(image.shape).encode("ascii"))
    pixels.update(np.ascontiguousarray(image).data)
    small = cv2.resize(image, (DETAIL_SIDE, DETAIL_SIDE), interpolation=cv2.INTER_AREA)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
    return ImageSigns(pixels.hexdigest()[:32], signs_of(grey), grey.tobytes())


def exact_duplicates(prints: Mapping[str, ImageSigns]) -> list[list[str]]:
    """Sets of at least two stems whose images have the same pixels, sorted."""
    first: dict[str, str] = {}
    return join_sets((first.setdefault(prints[stem].pixels, stem), stem) for stem in sorted(prints))


def near_duplicates(prints: Mapping[str, ImageSigns], workers: int | None = 1) -> list[list[str]]:
    """Sets of at least two stems whose images show the same scene, exact duplicates among them, sorted.

    If A shows the same as B and B the same as C, the three are one set. Images without details (one colour) are
    only ever exact duplicates. workers: as of `run_jobs`, for the signs; the details are compared in this process.
    """
    exact = exact_duplicates(prints)
    copies = {stem for same in exact for stem in same[1:]}
    stems: list[str] = []
    halves = np.empty((len(prints), DETAIL_SIDE // 2, DETAIL_SIDE // 2), np.int8)
    for stem in sorted(prints.keys() - copies):
        half = half_details(_grey(prints[stem]))
        if half is not None:
            halves[len(stems)] = half
            stems.append(stem)
    search = _Search([prints[stem] for stem in stems], halves[: len(stems)])
    compare_all([prints[stem].perceptual for stem in stems], search.look_at, workers)
    near = ((stems[one], stems[other]) for one, other in search.joined)
    return join_sets([*((same[0], stem) for same in exact for stem in same[1:]), *near])


def join_sets(pairs: Iterable[tuple[str, str]], least: int = 2) -> list[list[str]]:
    """Sets that these pairs connect, directly or by others, with `least` members or more; all sorted."""
    parents: dict[str, str] = {}

    def root(stem: str) -> str:
        while parents.setdefault(stem, stem) != stem:
            parents[stem] = parents[parents[stem]]
            stem = parents[stem]
        return stem

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        parents[high] = low
    sets: dict[str, list[str]] = {}
    for stem in sorted(parents):
        sets.setdefault(root(stem), []).append(stem)
    return sorted(found for found in sets.values() if len(found) >= least)


class _Search:
    """Finds pairs of images, by their numbers, whose details fit: as many as connect those that do.

    joined: the pairs.
    """

    def __init__(self, prints: Sequence[ImageSigns], halves: NDArray[np.int8]) -> None:
        self.joined: list[tuple[int, int]] = []
        self._prints, self._halves = prints, halves
        self._sets = np.arange(len(prints))  # the number of the set that each image is in
        self._members: dict[int, list[int]] = {}

    def look_at(self, pairs: ClosePairs) -> None:
        """Join those of these pairs that fit, unless others have joined them already."""
        apart = self._sets[pairs.ones] != self._sets[pairs.others]
        ones, others, turns = pairs.ones[apart], pairs.others[apart], pairs.turns[apart]
        if not len(ones):
            return
        halves = turned_halves(self._halves[others], turns)
        firsts, starts = np.unique(ones, return_index=True)
        for one, start, end in zip(firsts.tolist(), starts.tolist(), [*starts[1:].tolist(), len(ones)], strict=True):
            likely = start + np.flatnonzero(may_fit(self._halves[one], halves[start:end]))
            details = details_of(_grey(self._prints[one])) if len(likely) else None
            for other, turn in zip(others[likely].tolist(), turns[likely].tolist(), strict=True):
                if details is not None and self._sets[one] != self._sets[other]:
                    self._join_if_fit(one, details, other, ORIENTATIONS[turn])

    def _join_if_fit(self, one: int, details: Thumbnail, other: int, orientation: Orientation) -> None:
        if details_fit(details, oriented(_grey(self._prints[other]), orientation), orientation):
            self._join(one, other)

    def _join(self, one: int, other: int) -> None:
        self.joined.append((one, other))
        sets = (int(self._sets[one]), int(self._sets[other]))
        small, large = sorted(sets, key=lambda each: len(self._members.get(each, (each,))))
        moving = self._members.pop(small, [small])
        self._sets[moving] = large
        self._members.setdefault(large, [large]).extend(moving)


def _grey(print_: ImageSigns) -> Thumbnail:
    return np.frombuffer(print_.thumbnail, np.uint8).reshape(DETAIL_SIDE, DETAIL_SIDE).astype(np.float32)
