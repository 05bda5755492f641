"""Count every sample of a dataset by itself, so that a view of any part of it is a sum."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from prep.core.errors import SegError
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.dataset.dataset import Dataset, Sample
from prep.dataset.stats import Count, Histogram, sum_histograms

_NOTHING = Histogram(0, np.zeros((3, 256), np.int64), *(np.zeros(256, np.int64) for _ in range(3)))


@dataclass(frozen=True)
class CountedSample:
    """A sample with the counts of its pixels."""

    sample: Sample
    counts: Histogram


@dataclass(frozen=True)
class Survey:
    """The samples with an image that can be read, and the stems of those that cannot."""

    counted: tuple[CountedSample, ...]
    unreadable: tuple[str, ...]

    @property
    def labelled(self) -> tuple[CountedSample, ...]:
        """Those with a mask."""
        return tuple(one for one in self.counted if one.sample.mask)

    def of_split(self, split: str) -> tuple[CountedSample, ...]:
        """Those with a mask in this split."""
        return tuple(one for one in self.labelled if one.sample.split == split)


def survey(dataset: Dataset, workers: int | None = None, progress: Progress = silent) -> Survey:
    """Read and count all samples that have an image; damaged ones do not stop it."""
    samples = [sample for sample in dataset.samples if sample.image]
    counts = list(zip(samples, run_jobs(_TryCount(dataset), samples, workers, progress), strict=True))
    return Survey(
        tuple(CountedSample(sample, found) for sample, found in counts if found),
        tuple(sample.stem for sample, found in counts if not found),
    )


def total(counted: Iterable[CountedSample]) -> Histogram:
    """Sum of the counts; of nothing, zeros."""
    return sum_histograms([_NOTHING, *(one.counts for one in counted)])


@dataclass(frozen=True)
class _TryCount:
    dataset: Dataset

    def __call__(self, sample: Sample) -> Histogram | None:
        try:
            return Count(self.dataset)(sample)
        except SegError:
            return None  # named in Survey.unreadable
