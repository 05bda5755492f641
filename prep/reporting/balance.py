"""How evenly the splits share samples, groups and classes."""

from collections.abc import Sequence
from dataclasses import dataclass

from prep.dataset.index import SPLITS
from prep.reporting.survey import CountedSample, ReadableSamples, sum_pixels


@dataclass(frozen=True)
class SplitRow:
    """One split: samples, groups (a sample without a group is its own), pixels, and the share of each class.

    shares: of the labelled pixels of the split, by class.
    """

    name: str
    samples: int
    groups: int
    pixels: int
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Deviation:
    """A class whose share in a split is furthest from its share in the whole dataset."""

    index: int
    split: str
    share: float
    whole: float


@dataclass(frozen=True)
class Balance:
    """The splits that hold samples, in their order, and the whole dataset beside them."""

    splits: tuple[SplitRow, ...]
    whole: SplitRow

    def deviation(self, index: int) -> Deviation | None:
        """Largest difference between the share of a class in a split and in the whole; None without splits."""
        found = [Deviation(index, row.name, row.shares[index], self.whole.shares[index]) for row in self.splits]
        return max(found, key=lambda one: abs(one.share - one.whole), default=None)

    def largest(self) -> list[Deviation]:
        """The deviations of all classes that occur, largest first."""
        found = [self.deviation(index) for index, share in enumerate(self.whole.shares) if share]
        return sorted((one for one in found if one), key=lambda one: -abs(one.share - one.whole))


def balance(found: ReadableSamples, classes: int) -> Balance:
    """Compare the splits of the labelled samples."""
    rows = [_row(name, found.of_split(name), classes) for name in SPLITS]
    return Balance(tuple(row for row in rows if row.samples), _row("all", found.labelled, classes))


def _row(name: str, counted: Sequence[CountedSample], classes: int) -> SplitRow:
    pixels = sum_pixels(counted, classes)
    labelled = int(pixels.sum())
    return SplitRow(
        name,
        len(counted),
        len({(bool(one.sample.group), one.sample.group or one.sample.stem) for one in counted}),
        sum(one.sample.width * one.sample.height for one in counted),
        tuple(int(own) / labelled if labelled else 0.0 for own in pixels),
    )
