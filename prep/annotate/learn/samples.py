"""What is learnt from: a bounded number of painted pieces of each photo, and how much each of them counts."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prep.annotate.learn.features import Features
from prep.annotate.learn.pieces import Pieces, painted
from prep.annotate.learn.trees import Trees, grow
from prep.images.imageio import IndexMask

MOST = 2_500
"""Samples of the open photo, and as many of all others: twice as many are learnt from in a tenth of a second."""

_OWN_SHARE = 2 / 3
"""Of the weight of a class that falls to the open photo, where it has that class: its strokes are corrections."""


@dataclass(frozen=True)
class Samples:
    """Painted pieces: features (n, F), classes (n,), and which pieces of their photo they are (n,)."""

    features: Features
    classes: NDArray[np.intp]
    places: NDArray[np.intp]

    @classmethod
    def none(cls, pieces: Pieces) -> "Samples":
        """Of a photo on which nothing is painted."""
        return cls(pieces.features[:0], np.zeros(0, np.intp), np.zeros(0, np.intp))

    def __len__(self) -> int:
        return len(self.classes)

    def thinned(self, most: int, seed: int) -> "Samples":
        """At most about so many, chosen by chance, evenly from all classes; the same ones for the same seed."""
        if len(self) <= most:
            return self
        order = np.random.default_rng(seed).permutation(len(self))
        classes = self.classes[order]
        by_class = np.argsort(classes, kind="stable")
        counts = np.bincount(classes)
        rank = np.arange(len(classes)) - np.repeat(np.cumsum(counts) - counts, counts)
        quota = max(1, most // int((counts > 0).sum()))
        kept = np.sort(order[by_class[rank < quota]])
        return Samples(self.features[kept], self.classes[kept], self.places[kept])


def samples_of(pieces: Pieces, by_hand: IndexMask, classes: int, stem: str) -> Samples:
    """Those of a photo, by the mask (H, W) with what people painted themselves."""
    chosen, values = painted(pieces, by_hand, classes)
    return Samples(pieces.features[chosen], values, chosen).thinned(MOST, zlib.crc32(stem.encode()))


@dataclass(frozen=True)
class Learnt:
    """What was learnt: trees, and the class (C,) of the dataset that each of theirs is."""

    trees: Trees
    classes: NDArray[np.uint8]

    def __call__(self, pieces: Pieces, own: Samples) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The most probable class of all pieces of a photo, and its probability in percent, rounded down; (N,) each.

        own: samples of this photo, which were learnt from.
        """
        of_tree = np.searchsorted(self.classes, own.classes)
        probability = pieces.neighbours.even(self.trees(pieces.features), own.places, of_tree)
        confidence = np.minimum(probability.max(axis=1) * 100 + 1e-3, 100).astype(np.uint8)
        return self.classes[probability.argmax(axis=1)], confidence


def learn(own: Samples, others: Sequence[Samples]) -> Learnt | None:
    """Learn the classes of the strokes; None while these are not two at least.

    own: samples of the photo to label.  others: those of other photos.
    """
    quota = MOST // max(1, len(others))
    parts = [own, *(part.thinned(quota, place) for place, part in enumerate(others))]
    features = np.concatenate([part.features for part in parts])
    values = np.concatenate([part.classes for part in parts])
    there, values = np.unique(values, return_inverse=True)
    if len(there) < 2:
        return None
    weights = _weights(values, np.arange(len(values)) < len(own), len(there))
    return Learnt(grow(features, values, weights, len(there), seed=0), there.astype(np.uint8))


def _weights(values: NDArray[np.intp], is_own: NDArray[np.bool_], classes: int) -> NDArray[np.float64]:
    """(n,) A class weighs as much as was painted of it: who paints little of a thin class means little of it."""
    groups = 2 * values + is_own
    counts = np.bincount(groups, minlength=2 * classes).reshape(classes, 2)
    both = np.asarray(counts.all(axis=1), np.bool_)
    shares = np.where(both[:, None], [1 - _OWN_SHARE, _OWN_SHARE], 1.0) * counts.sum(axis=1, keepdims=True)
    return np.asarray((shares / np.maximum(counts, 1)).ravel()[groups])
