"""A photo that is being labelled: what was painted, and what is proposed for the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.bench.effort.gestures import Gesture
from tests.bench.effort.plans import Hand
from tests.bench.effort.regions import Area, Mask, Region, classes_of, largest_wrong, mean_iou


@dataclass
class Canvas:
    """The state of a photo.

    by_hand: what was painted.  shown: that, and what is proposed for the rest, which Enter would accept.
    left_out: what no tool could make better.
    """

    truth: Mask
    by_hand: Mask
    shown: Mask
    left_out: Area
    hand: Hand = field(default_factory=Hand)
    proposed: bool = False

    @classmethod
    def empty(cls, truth: Mask) -> "Canvas":
        """Of a photo on which nothing is painted."""
        return cls(truth, np.full_like(truth, 255), np.full_like(truth, 255), truth == 255)

    def copy(self) -> "Canvas":
        """One that changes by itself."""
        hand = Hand(self.hand.tool, self.hand.value, dict(self.hand.sizes))
        return Canvas(
            self.truth, self.by_hand.copy(), self.shown.copy(), self.left_out.copy(), hand, proposed=self.proposed
        )

    def quality(self) -> float:
        """Mean IoU of what is shown."""
        return mean_iou(self.truth, self.shown)

    def paint(self, gestures: Sequence[Gesture]) -> float:
        """Make gestures, one after the other; the seconds that they take."""
        seconds = 0.0
        for gesture in gestures:
            seconds += self.hand.seconds(gesture)
            self.hand.make(gesture)
            for mask in (self.by_hand, self.shown):
                mask[gesture.place][gesture.pixels] = gesture.value
        return seconds

    def show(self, proposal: Mask | None) -> None:
        """Show what the page proposes, around what was painted; None = nothing."""
        if proposal is not None:
            self.proposed = True
            self.shown = np.where(self.by_hand == 255, proposal, self.by_hand)

    def largest(self, *classes: int) -> Region | None:
        """The largest wrong region, of one of these classes or of any."""
        wanted = np.array(classes, np.uint8) if classes else classes_of(self.truth)
        return largest_wrong(self.truth, self.shown, self.left_out, wanted)

    def dearest(self) -> Region | None:
        """That of the largest wrong regions of all classes which costs most of the mean IoU."""
        regions = [region for value in classes_of(self.truth).tolist() if (region := self.largest(value))]
        return max(regions, key=self.worth, default=None)

    def worth(self, region: Region) -> float:
        """What is added to the mean IoU when a region becomes right."""
        done = self.shown.copy()
        done[region.place][region.pixels] = region.value
        return mean_iou(self.truth, done) - self.quality()
