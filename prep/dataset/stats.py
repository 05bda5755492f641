"""Exact statistics of a dataset, from histograms in whole numbers added up in any order."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX
from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.core.files import write_text
from prep.core.jobs import sum_jobs
from prep.core.jsonio import read_record
from prep.core.progress import Progress, Say, silent
from prep.dataset.damaged import any_mended, leave_out
from prep.dataset.dataset import Dataset, writes
from prep.dataset.dataset_files import STATS
from prep.dataset.index import SPLITS, Sample
from prep.dataset.missing import no_masks
from prep.dataset.transaction import Transaction, writing
from prep.dataset.weights import (
    effective_beta,
    effective_number_weights,
    inverse_frequency_weights,
    median_frequency_weights,
)
from prep.images.imageio import ImageRGB, IndexMask

ALL = "all"

_STRIP_PIXELS = 1 << 23
"""OpenCV returns counts as float32, exact only up to 2**24; a strip stays below."""


@dataclass(frozen=True)
class Histogram:
    """Counts of one image or many; adding two is exact, so their order does not matter.

    channels: (3, 256) pixels by value, RGB.  classes: (256,) pixels by mask value.
    present: (256,) images that hold the value.  beside: (256,) labelled pixels of those images.
    """

    images: int
    channels: NDArray[np.int64]
    classes: NDArray[np.int64]
    present: NDArray[np.int64]
    beside: NDArray[np.int64]

    def __add__(self, other: "Histogram") -> "Histogram":
        return Histogram(
            self.images + other.images,
            self.channels + other.channels,
            self.classes + other.classes,
            self.present + other.present,
            self.beside + other.beside,
        )


NOTHING = Histogram(0, np.zeros((3, 256), np.int64), *(np.zeros(256, np.int64) for _ in range(3)))
"""The counts of no image."""


@dataclass(frozen=True)
class ClassStats:
    """One class: pixels, images that hold it, share of all labelled pixels, and loss weights (0 if it is absent).

    weight: by median frequency; training uses this one.  inverse_weight: by inverse frequency.
    effective_weight: by the effective number of pixels.  See prep/dataset/weights.py.
    """

    index: int
    name: str
    pixels: int
    images: int
    frequency: float
    weight: float
    inverse_weight: float
    effective_weight: float


@dataclass(frozen=True)
class Stats:
    """What stats.json holds.

    split: what was counted: "train", "val", "test" or "all".  split_hash: of which sample was in which split then.
    images, pixels: of them in all.  ignored_pixels: of their masks (255), which count for no class.
    mean, std: RGB in 0..1 over all pixels of the images.  effective_beta: the beta of the effective weights.
    masks_hash, images_hash: of the masks and images that were counted.
    left_out: stems of samples that were not counted, because a file of theirs cannot be read.
    """

    split: str
    split_hash: str
    images: int
    pixels: int
    ignored_pixels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    effective_beta: float
    classes: tuple[ClassStats, ...]
    masks_hash: str = ""
    images_hash: str = ""
    left_out: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Plain data as it stands in stats.json, which says of samples left out only where there are some."""
        found = {**vars(self), "classes": [vars(entry) for entry in self.classes]}
        return {name: value for name, value in found.items() if value or name != "left_out"}


def histogram(image: ImageRGB, mask: IndexMask | None) -> Histogram:
    """Count the values of one image (H, W, 3) and its mask (H, W), if it has one."""
    channels = np.stack([count_values(image, channel) for channel in range(3)])
    classes = np.zeros(256, np.int64) if mask is None else count_values(mask)
    present = (classes > 0).astype(np.int64)
    labelled = int(classes.sum() - classes[IGNORE_INDEX])
    return Histogram(1, channels, classes, present, present * labelled)


def count_values(pixels: NDArray[np.uint8], channel: int = 0) -> NDArray[np.int64]:
    """(256,) exact counts of the values of (H, W) or of one channel of (H, W, C)."""
    counts = np.zeros(256, np.int64)
    rows = max(1, _STRIP_PIXELS // pixels.shape[1])
    for top in range(0, pixels.shape[0], rows):
        strip = cv2.calcHist([pixels[top : top + rows]], [channel], None, [256], [0, 256])
        counts += strip.ravel().astype(np.int64)
    return counts


def mean_and_std(counts: NDArray[np.int64]) -> tuple[float, float]:
    """Mean and population standard deviation in 0..1 of (256,) counts, correctly rounded from whole numbers."""
    pixels = int(counts.sum())
    first = sum(value * int(count) for value, count in enumerate(counts))
    second = sum(value * value * int(count) for value, count in enumerate(counts))
    variance = (pixels * second - first * first) / (pixels * pixels * 255 * 255)
    return first / (pixels * 255), math.sqrt(variance)


def has_masks(dataset: Dataset) -> bool:
    """Whether any sample has a mask; of a dataset without masks, all images are counted."""
    return any(sample.mask for sample in dataset.samples)


def compute_stats(
    dataset: Dataset,
    split: str = "train",
    workers: int | None = None,
    progress: Progress = silent,
    failures: Failures | None = None,
) -> Stats:
    """Count one split ("train", "val", "test") or "all" labelled samples; SegError if it holds none.

    Of a dataset without masks, all images are counted, whatever the split.
    failures: of the samples with a damaged file, which are left out; without it, they are a SegError that lists them.
    """
    split = split if has_masks(dataset) else ALL
    samples = _samples_of(dataset, split)
    if not samples:
        raise SegError(f"{dataset.root}: no labelled samples in {split}; choose another --split")
    tally = sum_jobs(_TryCount(dataset.without_samples()), samples, workers, progress)
    leave_out(dict(tally.problems), len(samples), dataset, failures)
    total = tally.counts
    moments = [mean_and_std(channel) for channel in total.channels]
    return Stats(
        split=split,
        split_hash=dataset.split_hash(),
        images=total.images,
        pixels=int(total.channels[0].sum()),
        ignored_pixels=int(total.classes[IGNORE_INDEX]),
        mean=tuple(mean for mean, _ in moments),
        std=tuple(std for _, std in moments),
        effective_beta=effective_beta(total.classes[: len(dataset.classes)]),
        classes=class_stats(total, dataset.classes.names),
        masks_hash=_masks_hash(dataset, split),
        images_hash=dataset.images_hash(samples),
        left_out=tuple(sorted({*(stem for stem, _ in tally.problems), *_without_split(dataset, split)})),
    )


def _masks_hash(dataset: Dataset, split: str) -> str:
    return dataset.masks_hash() if split == ALL else dataset.masks_hash(split)


def is_stale(stats: Stats, dataset: Dataset) -> bool:
    """Whether the dataset has another split now, or other classes, masks or images, than those that were counted."""
    if tuple(entry.name for entry in stats.classes) != dataset.classes.names:
        return True
    if stats.split_hash != dataset.split_hash() or stats.masks_hash != _masks_hash(dataset, stats.split):
        return True
    if stats.images_hash != dataset.images_hash(_samples_of(dataset, stats.split)):
        return True
    return any_mended(dataset, stats.left_out)  # by a change of the index or the classes, the files being the same


def _samples_of(dataset: Dataset, split: str) -> list[Sample]:
    if not has_masks(dataset):
        return [sample for sample in dataset.samples if sample.image]
    return dataset.of_split() if split == ALL else dataset.of_split(split)


def _without_split(dataset: Dataset, split: str) -> Iterator[str]:
    """Samples that none could be given: of a dataset that is split otherwise, those that could not be read."""
    return (sample.stem for sample in dataset.of_split("") if split != ALL)


def class_stats(total: Histogram, names: Sequence[str]) -> tuple[ClassStats, ...]:
    """What the counts of some images say of each class."""
    pixels, beside = total.classes[: len(names)], total.beside[: len(names)]
    labelled = int(pixels.sum())
    weights = zip(
        median_frequency_weights(pixels, beside),
        inverse_frequency_weights(pixels),
        effective_number_weights(pixels, effective_beta(pixels)),
        strict=True,
    )
    return tuple(
        ClassStats(
            index,
            name,
            int(pixels[index]),
            int(total.present[index]),
            int(pixels[index]) / labelled if labelled else 0.0,
            *own,
        )
        for index, (name, own) in enumerate(zip(names, weights, strict=True))
    )


def sum_histograms(histograms: Sequence[Histogram]) -> Histogram:
    """Add up at least one histogram."""
    total = histograms[0]
    for other in histograms[1:]:
        total = total + other
    return total


@dataclass(frozen=True)
class Count:
    """Counts one sample that has an image."""

    dataset: Dataset

    def __call__(self, sample: Sample) -> Histogram:
        """Read and count; SegError if a file is damaged."""
        return histogram(self.dataset.image(sample), self.dataset.mask(sample) if sample.mask else None)


@dataclass(frozen=True)
class _Tally:
    """Counts of some samples, and of those that cannot be read the stem and why."""

    counts: Histogram
    problems: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: "_Tally") -> "_Tally":
        return _Tally(self.counts + other.counts, self.problems + other.problems)


@dataclass(frozen=True)
class _TryCount:
    dataset: Dataset

    def __call__(self, sample: Sample) -> _Tally:
        try:
            return _Tally(Count(self.dataset)(sample))
        except SegError as error:
            return self.killed(sample, str(error))

    def killed(self, sample: Sample, problem: str) -> _Tally:
        """As of one that cannot be read."""
        return _Tally(NOTHING, ((sample.stem, problem),))


@writes
def save_stats(dataset: Dataset, stats: Stats, *, overwrite: bool) -> None:
    """Write stats.json; SegError if it exists with other contents and `overwrite` is not set."""
    with Transaction(dataset.root, "stats", {}) as change:
        text = json.dumps(stats.to_json(), indent=2, ensure_ascii=False) + "\n"
        write_text(change.path(STATS), text)
        change.commit(overwrite=overwrite)


def read_stats(path: Path) -> Stats:
    """Read stats.json; SegError if it is not ours."""
    return read_record(path, Stats, remedy="count again with 'seg-prep stats --overwrite'")


def ensure_stats(dataset: Dataset, progress: Progress = silent, say: Say | None = None) -> tuple[Stats, bool]:
    """Return the statistics of the train split, and whether they had to be counted and saved now.

    Those of another split, or of masks or images that have changed since, are counted again, as those are that left
    samples out. Raises SegError if those that are there are of other samples on purpose, or if a sample is damaged.
    say: told who is changing the dataset now, and then this waits for it; without it, that is a SegError.
    """
    if not dataset.of_split():
        raise no_masks(dataset.root)
    if (standing := _standing(dataset)) is not None:
        return standing, False
    with writing(dataset.root, say):
        dataset = type(dataset).open(dataset.root)  # also one whose files lie in shards
        if (standing := _standing(dataset)) is not None:  # somebody else was faster
            return standing, False
        stats = compute_stats(dataset, progress=progress)
        save_stats(dataset, stats, overwrite=True)
    return stats, True


def _standing(dataset: Dataset) -> Stats | None:
    """The statistics that the dataset has, if they are of its train split as it is now."""
    path = dataset.root / STATS
    if not path.exists():
        return None
    stats = read_stats(path)
    if stats.split != SPLITS[0]:
        raise SegError(f"{path}: counted {stats.split}, not train; run 'seg-prep stats --overwrite'")
    return None if stats.left_out or is_stale(stats, dataset) else stats
