"""Extremely randomised trees (Geurts, Ernst and Wehenkel 2006), grown level by level for all trees at once in numpy.

They learn from a few strokes in hundredths of a second, and as well as scikit-learn's, which would have made seg-prep
alone larger than its 500 MB (tests/bench/NOTES.md has both).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prep.annotate.learn.features import Features

LeafPlaces = NDArray[np.intp]

TREES = 40
DEPTH = 9

_OTHERS = 2_000
"""Samples that a tree learns from beside those of the open photo: more of them, or deeper trees, label no better."""

_AT_ONCE = 512
"""Rows that are labelled at once: their features stay in the cache of a core."""

_COARSER = 0.002
"""What a question loses of its worth with each place of its feature, which begin with the finest: after a few strokes
many questions are as good, and those about the surroundings blur the outlines."""


@dataclass(frozen=True)
class Trees:
    """All nodes of all trees; the first TREES of them are the roots.

    feature: (n,) the one that is asked, -1 in a leaf.  threshold: (n,) above it one goes right.
    left: (n,) the left child; the right one follows it.  shares: (n, C) of the classes, by weight.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    shares: NDArray[np.float32]

    def __call__(self, features: Features) -> NDArray[np.float32]:
        """Probability of each class: (N, F) -> (N, C), rows that add up to 1."""
        leaf = self.feature < 0
        feature = np.where(leaf, 0, self.feature).astype(np.intp)
        threshold = np.where(leaf, np.float32(np.inf), self.threshold)
        # Who has arrived stays: nothing is above infinity, and the left child of a leaf is itself.
        left = np.where(leaf, np.arange(len(leaf)), self.left)
        found = np.empty((len(features), self.shares.shape[1]), np.float32)
        for start in range(0, len(features), _AT_ONCE):
            leaves = _leaves(features[start : start + _AT_ONCE], feature, threshold, left)
            self.shares.take(leaves, axis=0).sum(axis=0, out=found[start : start + _AT_ONCE])
        return found / np.float32(TREES)


def _leaves(features: Features, feature: LeafPlaces, threshold: NDArray[np.float32], left: LeafPlaces) -> LeafPlaces:
    """(N, F) -> (TREES, N), where each ends in each tree."""
    flat, starts = features.ravel(), np.arange(len(features)) * features.shape[1]
    node = np.repeat(np.arange(TREES)[:, None], len(features), axis=1)
    for _ in range(DEPTH):  # `take` is much faster than brackets are
        node = left.take(node) + (flat.take(starts + feature.take(node)) > threshold.take(node))
    return node


@dataclass
class _Entries:
    """Which sample is in which node of a level: (n,) each; one sample is once in every tree."""

    sample: LeafPlaces
    node: LeafPlaces

    def kept(self, chosen: NDArray[np.bool_]) -> "_Entries":
        return self.at(np.flatnonzero(chosen))

    def at(self, places: LeafPlaces) -> "_Entries":
        return _Entries(self.sample.take(places), self.node.take(places))


def grow(features: Features, groups: LeafPlaces, worth: NDArray[np.float64], own: int, seed: int) -> Trees:
    """Learn from samples: (N, F), and the group of each (N,), 0 to G - 1.

    worth: (G, C) what a sample of a group weighs, in the column of its class.  own: how many of the first samples all
    trees learn from; of more than _OTHERS after these each takes a part.  The same seed gives the same trees.
    """
    rng = np.random.default_rng(seed)
    nodes, first = TREES, 0
    chosen = [_chosen(len(features), own, rng) for _ in range(TREES)]
    entries = _Entries(np.concatenate(chosen), np.repeat(np.arange(TREES), len(chosen[0])))
    levels: list[Trees] = []
    for depth in range(DEPTH + 1):
        sums = _sums(entries.node * len(worth) + groups.take(entries.sample), nodes, worth)
        feature, threshold = np.full(nodes, -1, np.int32), np.zeros(nodes, np.float32)
        mixed = (sums > 0).sum(axis=1) > 1
        entries = entries.kept(mixed.take(entries.node))
        if depth < DEPTH and len(entries.node):
            short = entries.node.astype(np.uint16)  # TREES x 2^DEPTH nodes at most; short numbers sort fast
            entries = entries.at(np.argsort(short, kind="stable"))
            _split(features, groups, worth, entries, sums, feature, threshold, rng)
        split = feature >= 0
        left = np.where(split, first + nodes + 2 * (np.cumsum(split) - 1), 0).astype(np.int32)
        levels.append(Trees(feature, threshold, left, _shares(sums)))
        entries = entries.kept(split.take(entries.node))
        asked = entries.sample * features.shape[1] + feature.take(entries.node)
        right = features.ravel().take(asked) > threshold.take(entries.node)
        first, nodes = first + nodes, 2 * int(split.sum())
        entries.node = left.take(entries.node).astype(np.intp) - first + right
        if not nodes:
            break
    return Trees(*(np.concatenate([getattr(level, name) for level in levels]) for name in Trees.__annotations__))


def _chosen(number: int, own: int, rng: np.random.Generator) -> LeafPlaces:
    others = np.arange(own, number)
    return np.concatenate([np.arange(own), rng.permutation(others)[:_OTHERS] if len(others) > _OTHERS else others])


def _sums(codes: LeafPlaces, nodes: int, worth: NDArray[np.float64]) -> NDArray[np.float64]:
    """(nodes, C) total weight of each class in each node.  codes: of each sample, node * G + group."""
    counts = np.bincount(codes, minlength=nodes * len(worth)).reshape(nodes, len(worth))
    return np.asarray(counts @ worth, np.float64)


def _shares(sums: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(sums / sums.sum(axis=1, keepdims=True), np.float32)


def _split(
    features: Features,
    groups: LeafPlaces,
    worth: NDArray[np.float64],
    entries: _Entries,
    sums: NDArray[np.float64],
    feature: NDArray[np.int32],
    threshold: NDArray[np.float32],
    rng: np.random.Generator,
) -> None:
    """Give each node that has entries the best of a few random questions, in place; none if no value differs.

    entries: sorted by their nodes.
    """
    nodes, starts, counts = np.unique(entries.node, return_index=True, return_counts=True)
    place = np.arange(len(nodes)).repeat(counts)
    codes, total = place * len(worth) + groups.take(entries.sample), sums[nodes]
    flat, rows = features.ravel(), entries.sample * features.shape[1]
    best = np.full(len(nodes), -np.inf)
    for _ in range(round(features.shape[1] ** 0.5)):
        asked = rng.integers(features.shape[1], size=len(nodes), dtype=np.int32)
        values = flat.take(rows + asked.repeat(counts))
        low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        limit = (low + (high - low) * rng.random(len(nodes), np.float32)).astype(np.float32)
        limit = np.minimum(limit, np.nextafter(high, np.float32(-np.inf)))  # somebody always goes right
        right = _sums(codes.take(np.flatnonzero(values > limit.repeat(counts))), len(nodes), worth)
        purity = np.where(high > low, _purity(right) + _purity(total - right), -np.inf) * (1 - _COARSER * asked)
        better = purity > best
        best[better] = purity[better]
        feature[nodes[better]], threshold[nodes[better]] = asked[better], limit[better]


def _purity(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weight of a node times one minus its Gini impurity: the larger the sum of both children, the better."""
    return np.asarray((sums**2).sum(axis=1) / np.maximum(sums.sum(axis=1), 1e-12))
