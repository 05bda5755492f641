"""Count every sample of a dataset, so that a view of any part of it is a sum; little is kept of each sample."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.dataset.stats import NOTHING, Count, Histogram, sum_histograms

NO_MASK = "no mask"
"""The part of a dataset whose samples have none; the other parts are its splits, "" among them."""


@dataclass(frozen=True)
class CountedSample:
    """A sample with the pixels (C,) of its classes."""

    sample: Sample
    pixels: NDArray[np.int64]


@dataclass(frozen=True)
class ReadableSamples:
    """The samples with an image that can be read, and the stems of those that cannot.

    sums: counts of all samples of a split that have a mask, and of those that have none.
    """

    counted: tuple[CountedSample, ...]
    unreadable: tuple[str, ...]
    sums: Mapping[str, Histogram] = field(default_factory=dict)

    @property
    def labelled(self) -> tuple[CountedSample, ...]:
        """Those with a mask."""
        return tuple(one for one in self.counted if one.sample.mask)

    def of_split(self, split: str) -> tuple[CountedSample, ...]:
        """Those with a mask in this split."""
        return tuple(one for one in self.labelled if one.sample.split == split)

    @property
    def total(self) -> Histogram:
        """Counts of all."""
        return sum_histograms([NOTHING, *self.sums.values()])

    @property
    def total_labelled(self) -> Histogram:
        """Counts of those with a mask."""
        return sum_histograms([NOTHING, *(counts for part, counts in self.sums.items() if part != NO_MASK)])

    def total_of(self, split: str) -> Histogram:
        """Counts of those with a mask in this split."""
        return self.sums.get(split, NOTHING)


def survey(dataset: Dataset, workers: int | None = None, progress: Progress = silent) -> ReadableSamples:
    """Read and count all samples that have an image; damaged ones do not stop it."""
    samples = [sample for sample in dataset.samples if sample.image]
    sums: dict[str, Histogram] = {}

    def take(counted: tuple[str, Histogram] | None) -> NDArray[np.int64] | None:
        if counted is None:
            return None
        part, counts = counted
        sums[part] = sums.get(part, NOTHING) + counts
        return counts.classes[: len(dataset.classes)].copy()  # a view would keep the rest

    counts = run_jobs(_TryCount(dataset.without_samples()), samples, workers, progress, take=take)
    found = list(zip(samples, counts, strict=True))
    return ReadableSamples(
        tuple(CountedSample(sample, pixels) for sample, pixels in found if pixels is not None),
        tuple(sample.stem for sample, pixels in found if pixels is None),
        sums,
    )


def sum_pixels(counted: Iterable[CountedSample], classes: int) -> NDArray[np.int64]:
    """(C,) pixels of each class in all of them."""
    total = np.zeros(classes, np.int64)
    for one in counted:
        total += one.pixels
    return total


@dataclass(frozen=True)
class _TryCount:
    """The part of the dataset that a sample belongs to, and its counts; None if it cannot be read."""

    dataset: Dataset

    def __call__(self, sample: Sample) -> tuple[str, Histogram] | None:
        try:
            return sample.split if sample.mask else NO_MASK, Count(self.dataset)(sample)
        except SegError:
            return None  # named in Survey.unreadable

    def killed(self, sample: Sample, problem: str) -> None:
        """As of one that cannot be read."""
