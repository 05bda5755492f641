"""Extremely randomised trees (Geurts, Ernst and Wehenkel 2006), grown level by level for all trees at once in numpy.

They learn from a few strokes in hundredths of a second, and as well as scikit-learn's, which would have made seg-prep
alone larger than its 500 MB (tests/bench/NOTES.md has both).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prep.annotate.learn.features import Features

Places = NDArray[np.intp]

TREES = 40
DEPTH = 12

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
        number, width = features.shape
        leaf = self.feature < 0
        feature = np.where(leaf, 0, self.feature)
        threshold = np.where(leaf, np.float32(np.inf), self.threshold)
        # Who has arrived stays: nothing is above infinity, and the left child of a leaf is itself.
        left = np.where(leaf, np.arange(len(leaf), dtype=np.int32), self.left)
        flat, starts = features.ravel(), np.arange(number, dtype=np.int64) * width
        found = np.zeros((number, self.shares.shape[1]), np.float32)
        for root in range(TREES):
            node = np.full(number, root, np.int32)
            for _ in range(DEPTH):
                node = left[node] + (flat[starts + feature[node]] > threshold[node]).view(np.int8)
            found += self.shares[node]
        return found / np.float32(TREES)


@dataclass
class _Entries:
    """Which sample is in which node of a level: (n,) each; one sample is once in every tree."""

    sample: Places
    node: Places

    def kept(self, chosen: NDArray[np.bool_]) -> "_Entries":
        return _Entries(self.sample[chosen], self.node[chosen])


def grow(features: Features, classes: Places, weights: NDArray[np.float64], number: int, seed: int) -> Trees:
    """Learn from samples: (N, F), the class of each (N,), 0 to `number` - 1, and its weight (N,), positive.

    The same seed gives the same trees.
    """
    rng = np.random.default_rng(seed)
    entries = _Entries(np.tile(np.arange(len(features)), TREES), np.repeat(np.arange(TREES), len(features)))
    nodes, first = TREES, 0
    levels: list[Trees] = []
    for depth in range(DEPTH + 1):
        sums = _sums(entries.node, classes[entries.sample], weights[entries.sample], nodes, number)
        feature, threshold = np.full(nodes, -1, np.int32), np.zeros(nodes, np.float32)
        mixed = (sums > 0).sum(axis=1) > 1
        entries = entries.kept(mixed[entries.node])
        if depth < DEPTH and len(entries.node):
            _split(features, classes, weights, entries, sums, feature, threshold, rng)
        split = feature >= 0
        left = np.where(split, first + nodes + 2 * (np.cumsum(split) - 1), 0).astype(np.int32)
        levels.append(Trees(feature, threshold, left, _shares(sums)))
        entries = entries.kept(split[entries.node])
        right = features[entries.sample, feature[entries.node]] > threshold[entries.node]
        first, nodes = first + nodes, 2 * int(split.sum())
        entries.node = left[entries.node].astype(np.intp) - first + right
        if not nodes:
            break
    return Trees(*(np.concatenate([getattr(level, name) for level in levels]) for name in Trees.__annotations__))


def _sums(
    group: Places, classes: Places, weights: NDArray[np.float64], groups: int, number: int
) -> NDArray[np.float64]:
    """(groups, number) total weight of each class in each group."""
    return np.asarray(
        np.bincount(group * number + classes, weights, groups * number).reshape(groups, number), np.float64
    )


def _shares(sums: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(sums / sums.sum(axis=1, keepdims=True), np.float32)


def _split(
    features: Features,
    classes: Places,
    weights: NDArray[np.float64],
    entries: _Entries,
    sums: NDArray[np.float64],
    feature: NDArray[np.int32],
    threshold: NDArray[np.float32],
    rng: np.random.Generator,
) -> None:
    """Give each node that has entries the best of a few random questions, in place; none if no value differs."""
    order = np.argsort(entries.node, kind="stable")
    sample = entries.sample[order]
    nodes, starts, counts = np.unique(entries.node[order], return_index=True, return_counts=True)
    place = np.repeat(np.arange(len(nodes)), counts)
    chosen, weight, total = classes[sample], weights[sample], sums[nodes]
    best = np.full(len(nodes), -np.inf)
    for _ in range(round(features.shape[1] ** 0.5)):
        asked = rng.integers(features.shape[1], size=len(nodes), dtype=np.int32)
        values = features[sample, asked[place]]
        low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        limit = (low + (high - low) * rng.random(len(nodes), np.float32)).astype(np.float32)
        limit = np.minimum(limit, np.nextafter(high, np.float32(-np.inf)))  # somebody always goes right
        right = _sums(place, chosen, weight * (values > limit[place]), len(nodes), total.shape[1])
        purity = np.where(high > low, _purity(right) + _purity(total - right), -np.inf) * (1 - _COARSER * asked)
        better = purity > best
        best[better] = purity[better]
        feature[nodes[better]], threshold[nodes[better]] = asked[better], limit[better]


def _purity(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weight of a node times one minus its Gini impurity: the larger the sum of both children, the better."""
    return np.asarray((sums**2).sum(axis=1) / np.maximum(sums.sum(axis=1), 1e-12))
