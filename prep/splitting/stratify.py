"""Deal groups of samples out to bins (splits, folds) so that each bin is a small picture of the whole.

Few groups are dealt out in every possible way and the best is taken. More are dealt out at random, then groups are
exchanged between two bins at a time as long as that helps (2-exchange local search, from a few starts).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from prep.core.randomness import Stream

_EMPTY, _EXCESS, _ABSENT, _PRESENCE, _UNEVEN = 1e9, 1e7, 1e3, 0.1, 0.01
"""What an empty bin, a sample too many, an absent class, and unequal presence and size weigh against pixel shares."""

_RARE = 0.2
"""Deviations of a share weigh more for rare classes, but none counts as rarer than this: the largest deviation is
what people look at, and with a small number here large ones of frequent classes were accepted."""

_MOST_EXHAUSTIVE = 3_000_000
_CANDIDATES = 40
_ROUNDS = 120
_PATIENCE = 4
_STARTS = 3


@dataclass(frozen=True)
class Groups:
    """What is dealt out: one row a group.

    sizes: (G,) samples.  pixels: (G, C) pixels of each class.  present: (G, C) samples that hold the class.
    """

    sizes: NDArray[np.int64]
    pixels: NDArray[np.int64]
    present: NDArray[np.int64]

    @cached_property
    def features(self) -> NDArray[np.float64]:
        """(G, 1 + 2 C): size, pixels, presence; whole numbers, so that sums are exact in any order."""
        return np.concatenate([self.sizes[:, None], self.pixels, self.present], axis=1).astype(np.float64)


@dataclass(frozen=True)
class Bins:
    """Where groups go: samples wanted in each bin, and how much it matters that one is not empty, not without a class.

    targets: (B,) samples; nothing goes where 0 is wanted.  importance: (B,).
    kept: (B, 1 + 2 C) features of what is there already and stays.
    """

    targets: Sequence[int]
    importance: Sequence[float]
    kept: NDArray[np.float64] | None = None

    @property
    def usable(self) -> list[int]:
        """Bins that something may go to."""
        return [number for number, target in enumerate(self.targets) if target > 0]


def deal_out(groups: Groups, bins: Bins, stream: Stream) -> NDArray[np.int64]:
    """Choose a bin for each group, (G,).

    In this order: no bin is empty; sizes are as wanted (exactly, if single samples can fill up; otherwise to within
    the size of an ordinary group); no class is absent from a bin; shares of pixels, and of samples that hold a
    class, are those of the whole.
    """
    goal = _Goal(groups, bins)
    count, usable = len(groups.sizes), len(bins.usable)
    if count == 0 or usable < 2:
        return np.full(count, bins.usable[0] if usable else 0, np.int64)
    if usable**count * usable * groups.features.shape[1] <= _MOST_EXHAUSTIVE:
        return _best_of_all(goal, stream)
    found = [_improve(goal, _start(goal, stream), stream) for _ in range(_STARTS)]
    return min(found, key=goal.of_whole)


class _Goal:
    """What a way of dealing out costs, bin by bin; less is better."""

    def __init__(self, groups: Groups, bins: Bins) -> None:
        self.groups, self.bins = groups, bins
        self.features = groups.features
        self.classes = groups.pixels.shape[1]
        self.kept = np.zeros((len(bins.targets), self.features.shape[1])) if bins.kept is None else bins.kept
        whole = self.features.sum(axis=0) + self.kept.sum(axis=0)
        pixels = whole[1 : 1 + self.classes]
        self.shares = pixels / max(pixels.sum(), 1)
        self.presence = whole[1 + self.classes :] / max(whole[0], 1)
        self.exists = pixels > 0
        self.slack = float(np.median(groups.sizes)) - 1 if len(groups.sizes) else 0.0

    def of(self, number: int, totals: NDArray[np.float64], excess: float = _EXCESS) -> NDArray[np.float64]:
        """Cost of bin `number` for each of (..., 1 + 2 C) totals, rounded so that no machine sees other ties."""
        samples, pixels = totals[..., 0], totals[..., 1 : 1 + self.classes]
        target, importance = self.bins.targets[number], self.bins.importance[number]
        off = np.abs(samples - target)
        shares = pixels / np.maximum(pixels.sum(axis=-1, keepdims=True), 1)
        presence = totals[..., 1 + self.classes :] / np.maximum(samples[..., None], 1)
        cost = _EMPTY * importance * (samples == 0) + excess * np.maximum(off - self.slack, 0)
        cost += _ABSENT * importance * ((pixels == 0) & self.exists).sum(axis=-1)
        cost += _UNEVEN * (off / max(target, 1)) ** 2
        cost += ((shares - self.shares) ** 2 / (self.shares + _RARE)).sum(axis=-1)
        cost += _PRESENCE * ((presence - self.presence) ** 2 / (self.presence + _RARE)).sum(axis=-1)
        return np.asarray(np.round(cost, 10))

    def totals(self, owner: NDArray[np.int64]) -> NDArray[np.float64]:
        """(B, 1 + 2 C) of one way of dealing out, (G,)."""
        totals = self.kept.copy()
        np.add.at(totals, owner, self.features)
        return totals

    def of_whole(self, owner: NDArray[np.int64]) -> float:
        totals = self.totals(owner)
        return sum(float(self.of(number, totals[number])) for number in self.bins.usable)


def _best_of_all(goal: _Goal, stream: Stream) -> NDArray[np.int64]:
    """Try every way; among equals the seed chooses."""
    usable = np.array(goal.bins.usable)
    count = len(goal.groups.sizes)
    ways = usable[np.indices((len(usable),) * count).reshape(count, -1).T]
    cost = np.zeros(len(ways))
    for number in usable.tolist():
        totals = goal.kept[number] + (ways == number).astype(np.float64) @ goal.features
        cost += goal.of(number, totals)
    best = np.flatnonzero(cost <= cost.min() + 1e-9)
    return np.asarray(ways[best[stream.integer(0, len(best) - 1)]], np.int64)


def _start(goal: _Goal, stream: Stream) -> NDArray[np.int64]:
    """Large groups first, otherwise in random order, each where most is missing; the last where nothing is yet."""
    sizes = goal.groups.sizes
    missing = np.array(goal.bins.targets, np.float64) - goal.kept[:, 0]
    empty = {number for number in goal.bins.usable if goal.kept[number, 0] == 0}
    shuffled = _shuffled(np.arange(len(sizes)), stream)
    owner = np.zeros(len(sizes), np.int64)
    for placed, group in enumerate(shuffled[np.argsort(-sizes[shuffled], kind="stable")].tolist()):
        choices = empty if 0 < len(sizes) - placed <= len(empty) else goal.bins.usable
        number = max(sorted(choices), key=lambda each: missing[each])
        missing[number] -= sizes[group]
        empty.discard(number)
        owner[group] = number
    return owner


def _improve(goal: _Goal, owner: NDArray[np.int64], stream: Stream) -> NDArray[np.int64]:
    """Exchange groups while that helps: first with sizes left loose, to bring classes everywhere, then strictly."""
    totals = goal.totals(owner)
    pairs = list(combinations(goal.bins.usable, 2))
    for excess, rounds in ((1.0, 2), (_EXCESS, _ROUNDS)):
        quiet = 0
        for _ in range(rounds):
            helped = [_exchange(goal, owner, totals, pair, excess, stream) for pair in pairs]
            quiet = 0 if any(helped) else quiet + 1
            if quiet == _PATIENCE:
                break
    return owner


def _exchange(
    goal: _Goal,
    owner: NDArray[np.int64],
    totals: NDArray[np.float64],
    pair: tuple[int, int],
    excess: float,
    stream: Stream,
) -> bool:
    """Do the best exchange of two groups, or move of one, between two bins; False if none helps.

    Of large bins some groups are tried, those first that hold a class which the other bin lacks.
    """
    one, other = pair
    mine, theirs = (_candidates(goal, owner, totals, *way, stream) for way in ((one, other), (other, one)))
    nothing = np.zeros((1, goal.features.shape[1]))
    give = np.concatenate([goal.features[mine], nothing])
    take = np.concatenate([goal.features[theirs], nothing])
    change = take[None] - give[:, None]
    cost = goal.of(one, totals[one] + change, excess) + goal.of(other, totals[other] - change, excess)
    row, column = divmod(int(np.argmin(cost)), len(take))
    if cost[row, column] > cost[-1, -1] - 1e-8:
        return False
    if row < len(mine):
        owner[mine[row]] = other
    if column < len(theirs):
        owner[theirs[column]] = one
    totals[one] += change[row, column]
    totals[other] -= change[row, column]
    return True


def _candidates(
    goal: _Goal, owner: NDArray[np.int64], totals: NDArray[np.float64], source: int, target: int, stream: Stream
) -> NDArray[np.int64]:
    members = np.flatnonzero(owner == source)
    if len(members) <= _CANDIDATES:
        return members
    lacking = (totals[target, 1 : 1 + goal.classes] == 0) & goal.exists
    members = _shuffled(members, stream)
    wanted = (goal.groups.pixels[members][:, lacking] > 0).any(axis=1)
    return np.asarray(members[np.argsort(~wanted, kind="stable")][:_CANDIDATES])


def _shuffled(numbers: NDArray[np.int64], stream: Stream) -> NDArray[np.int64]:
    return np.asarray(numbers[np.argsort(stream.words16(len(numbers)), kind="stable")])
