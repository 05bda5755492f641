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
    """Painted pieces: features (n, F) and classes (n,)."""

    features: Features
    classes: NDArray[np.intp]

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
        return Samples(self.features[kept], self.classes[kept])


def samples_of(pieces: Pieces, by_hand: IndexMask, classes: int, stem: str) -> Samples:
    """Those of a photo, by the mask (H, W) with what people painted themselves."""
    chosen, values = painted(pieces, by_hand, classes)
    return Samples(pieces.features[chosen], values).thinned(MOST, zlib.crc32(stem.encode()))


def learn(own: Samples, others: Sequence[Samples], classes: int) -> Trees | None:
    """Trees that know the classes of the strokes; None while these are not of two classes at least.

    own: samples of the photo to label.  others: those of other photos.
    """
    quota = MOST // max(1, len(others))
    parts = [own, *(part.thinned(quota, place) for place, part in enumerate(others))]
    features = np.concatenate([part.features for part in parts])
    values = np.concatenate([part.classes for part in parts])
    is_own = np.arange(len(values)) < len(own)
    if len(np.unique(values)) < 2:
        return None
    return grow(features, values, _weights(values, is_own, classes), classes, seed=0)


def _weights(values: NDArray[np.intp], is_own: NDArray[np.bool_], classes: int) -> NDArray[np.float64]:
    """(n,) All classes weigh the same, however much of each was painted."""
    groups = 2 * values + is_own
    counts = np.bincount(groups, minlength=2 * classes).reshape(classes, 2)
    both = np.asarray(counts.all(axis=1), np.bool_)
    shares = np.where(both[:, None], [1 - _OWN_SHARE, _OWN_SHARE], 1.0)
    return np.asarray((shares / np.maximum(counts, 1)).ravel()[groups])
