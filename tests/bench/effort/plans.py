"""Which tool is the cheapest for a region: each is tried on all of it, gesture after gesture."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.bench.effort.gestures import KEY_S, Gesture, Tool
from tests.bench.effort.regions import Area, Mask, Region

_ENOUGH = 0.85
"""Of a region: what is left of it then are slivers, which come later in the order of their size."""

_MOST = 60
"""Gestures of a plan."""


@dataclass
class Hand:
    """What is chosen on the page: changing it costs keys. sizes: of the tools that have been used."""

    tool: str = ""
    value: int = -1
    sizes: dict[str, int] = field(default_factory=dict)

    def seconds(self, gesture: Gesture) -> float:
        """Of the gesture and of the keys before it."""
        size = self.sizes.get(gesture.tool, gesture.size)
        changes = self.tool != gesture.tool, self.value != gesture.value, size != gesture.size
        return gesture.seconds + KEY_S * sum(changes)

    def make(self, gesture: Gesture) -> None:
        """Choose what it needs."""
        self.tool, self.value = gesture.tool, gesture.value
        self.sizes[gesture.tool] = gesture.size


@dataclass
class Plan:
    """Gestures of one tool for a region, the pixels that are right after them and were not before, and the seconds.

    share: of the region that is done then.
    """

    gestures: list[Gesture] = field(default_factory=list)
    gains: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    share: float = 0.0

    @property
    def rate(self) -> float:
        """Pixels a second; less, if the tool ends before the region does."""
        return sum(self.gains) / sum(self.seconds) * min(1.0, self.share / _ENOUGH)


def gain_of(gesture: Gesture, truth: Mask, shown: Mask) -> int:
    """How many pixels more are right after it."""
    true, before = truth[gesture.place][gesture.pixels], shown[gesture.place][gesture.pixels]
    return int((true == gesture.value).sum()) - int(((true == before) & (true != 255)).sum())


def plans_for(region: Region, tools: Sequence[Tool], hand: Hand, truth: Mask, shown: Mask) -> list[Plan]:
    """What each tool does with a region, those without a gesture that makes anything better left out."""
    found: list[Plan] = []
    best = 0.0
    for tool in tools:
        plan = _plan(region, tool, hand, truth, shown, best)
        if plan.gestures:
            found.append(plan)
            best = max(best, plan.rate)
    return found


def _plan(region: Region, tool: Tool, hand: Hand, truth: Mask, shown: Mask, best: float) -> Plan:
    """Until the region is done, or it is clear that another tool is better, which does `best` pixels a second."""
    plan, size = Plan(), int(region.pixels.sum())
    hand = Hand(hand.tool, hand.value, dict(hand.sizes))
    left = region.pixels.copy()
    while len(plan.gestures) < _MOST and plan.share < _ENOUGH:
        gesture = tool(_tight(region, left))
        if gesture is None or (gain := gain_of(gesture, truth, shown)) <= 0:
            break
        plan.gestures.append(gesture)
        plan.gains.append(gain)
        plan.seconds.append(hand.seconds(gesture))
        hand.make(gesture)
        _take(left, region, gesture)
        plan.share = 1 - int(left.sum()) / size
        if sum(plan.gains) / sum(plan.seconds) < best:
            break
    return plan


def _tight(region: Region, left: Area) -> Region:
    """What is left of a region, in no more than the space it takes."""
    rows, columns = (np.flatnonzero(left.any(axis=axis)) for axis in (1, 0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Region(region.value, region.top + int(rows[0]), region.left + int(columns[0]), left[box])


def _take(left: Area, region: Region, gesture: Gesture) -> None:
    """Remove from what is left of a region what was painted."""
    down, right = gesture.top - region.top, gesture.left - region.left
    painted = gesture.pixels[max(0, -down) :, max(0, -right) :]
    there = left[max(0, down) :, max(0, right) :]
    height, width = (min(sides) for sides in zip(painted.shape, there.shape, strict=True))
    there[:height, :width] &= ~painted[:height, :width]
