"""What is learnt from: a bounded number of painted pieces of each photo, and how much each of them counts."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prep.annotate.learn.features import Features
from prep.annotate.learn.pieces import Pieces, painted_pieces
from prep.annotate.learn.trees import Trees, grow
from prep.images.imageio import IndexMask

MOST_SAMPLES = 2_500
"""Samples of the open photo, and as many of all others: twice as many are learnt from in a tenth of a second."""

_OWN_SHARE = 2 / 3
"""Of the weight of a class that falls to the open photo, where it has that class: its strokes are corrections."""

_PRIOR_SHARE, _PRIOR_PIECES = 1 / 4, 100
"""Of the weight of a class that falls to what is expected of the open photo, before anything is painted on it; half of
that when so many pieces are painted. tests/bench/NOTES.md has what it helps."""


_OTHERS, _OWN, _PRIOR = 0, 1, 2
"""Where a sample is from: painted on another photo, on the open one, or expected there."""


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


def samples_of_photo(pieces: Pieces, by_hand: IndexMask, classes: int, stem: str) -> Samples:
    """Those of a photo, by the mask (H, W) with what people painted themselves."""
    chosen, values = painted_pieces(pieces, by_hand, classes)
    return Samples(pieces.features[chosen], values, chosen).thinned(MOST_SAMPLES, zlib.crc32(stem.encode()))


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


def learn(own: Samples, others: Sequence[Samples], prior: Samples | None = None) -> Learnt | None:
    """Learn the classes of the strokes; None while these are not two at least.

    own: samples of the photo to label.  others: those of other photos.  prior: pieces of the photo to label that are
    expected to be of these classes, by the others.
    """
    quota = MOST_SAMPLES // max(1, len(others))
    sources = [own, *(part.thinned(quota, place) for place, part in enumerate(others)), *([prior] if prior else [])]
    features = np.concatenate([part.features for part in sources])
    there, values = np.unique(np.concatenate([part.classes for part in sources]), return_inverse=True)
    if len(there) < 2:
        return None
    kinds = np.full(len(values), _OTHERS)
    kinds[: len(own)] = _OWN
    kinds[len(values) - len(prior or ()) :] = _PRIOR
    groups, present = 3 * values + kinds, np.zeros(3 * len(there), np.bool_)
    present[groups] = True
    worth = _worth(groups, len(there))[present]
    return Learnt(grow(features, (np.cumsum(present) - 1)[groups], worth, len(own), seed=0), there.astype(np.uint8))


def _worth(groups: NDArray[np.intp], classes: int) -> NDArray[np.float64]:
    """(3 C, C) A class weighs as much as was painted of it: who paints little of a thin class means little of it.

    groups: (n,) three times the class of each sample, and _OTHERS, _OWN or _PRIOR.
    """
    counts = np.bincount(groups, minlength=3 * classes).reshape(classes, 3)
    is_painted = np.asarray(counts[:, :_PRIOR].all(axis=1), np.bool_)
    shares = np.where(is_painted[:, None], [1 - _OWN_SHARE, _OWN_SHARE, 0.0], [1.0, 1.0, 0.0])
    is_expected = counts[:, _PRIOR] > 0
    prior_share = _PRIOR_SHARE * _PRIOR_PIECES / (_PRIOR_PIECES + counts[:, _OWN].sum())
    shares[is_expected] *= 1 - prior_share
    shares[is_expected, _PRIOR] = prior_share
    shares *= counts[:, :_PRIOR].sum(axis=1, keepdims=True)
    worth = np.zeros((3 * classes, classes))
    worth[np.arange(3 * classes), np.arange(3 * classes) // 3] = (shares / np.maximum(counts, 1)).ravel()
    return worth
