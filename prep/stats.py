"""Exact statistics of a dataset, from histograms in whole numbers added up in any order."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.classes import IGNORE_INDEX
from prep.dataset import SPLITS, Dataset, Sample
from prep.errors import SegError
from prep.executor import run_jobs
from prep.files import read_bytes, write_text
from prep.imageio import ImageRGB, IndexMask
from prep.progress import Progress, silent
from prep.transaction import Transaction

STATS = "stats.json"

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


@dataclass(frozen=True)
class ClassStats:
    """One class: pixels, images that hold it, share of all labelled pixels, loss weight (0 if it is absent)."""

    index: int
    name: str
    pixels: int
    images: int
    frequency: float
    weight: float


@dataclass(frozen=True)
class Stats:
    """What stats.json holds; mean and std are RGB in 0..1 over all pixels of the images."""

    split: str
    split_hash: str
    images: int
    pixels: int
    ignored_pixels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    classes: tuple[ClassStats, ...]

    def to_json(self) -> dict[str, object]:
        """Plain data as it stands in stats.json."""
        return {**vars(self), "classes": [vars(entry) for entry in self.classes]}


def histogram(image: ImageRGB, mask: IndexMask) -> Histogram:
    """Count the values of one image (H, W, 3) and its mask (H, W)."""
    channels = np.stack([count_values(image, channel) for channel in range(3)])
    classes = count_values(mask)
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


def median_frequency_weights(pixels: NDArray[np.int64], beside: NDArray[np.int64]) -> list[float]:
    """Weight rare classes up: median of all f, divided by f of the class; 0 for a class without pixels.

    f = pixels of the class / labelled pixels of the images that hold it (`beside`), both (C,).
    Source: Eigen and Fergus 2015, section 6.3.2, https://arxiv.org/abs/1411.4734
    """
    frequencies = [int(own) / int(all_) if own else 0.0 for own, all_ in zip(pixels, beside, strict=True)]
    present = sorted(value for value in frequencies if value)
    if not present:
        return frequencies
    middle = len(present) // 2
    median = present[middle] if len(present) % 2 else (present[middle - 1] + present[middle]) / 2
    return [median / value if value else 0.0 for value in frequencies]


def compute_stats(
    dataset: Dataset,
    split: str = "train",
    workers: int | None = None,
    progress: Progress = silent,
) -> Stats:
    """Count one split ("train", "val", "test") or "all" labelled samples; SegError if it holds none."""
    samples = dataset.of_split() if split == "all" else dataset.of_split(split)
    if not samples:
        raise SegError(f"{dataset.root}: no labelled samples in {split}; choose another --split")
    total = sum_histograms(run_jobs(_Count(dataset), samples, workers, progress))
    number = len(dataset.classes)
    labelled = int(total.classes[:number].sum())
    weights = median_frequency_weights(total.classes[:number], total.beside[:number])
    moments = [mean_and_std(channel) for channel in total.channels]
    return Stats(
        split=split,
        split_hash=dataset.split_hash(),
        images=total.images,
        pixels=int(total.channels[0].sum()),
        ignored_pixels=int(total.classes[IGNORE_INDEX]),
        mean=tuple(mean for mean, _ in moments),
        std=tuple(std for _, std in moments),
        classes=tuple(
            ClassStats(
                index,
                name,
                int(total.classes[index]),
                int(total.present[index]),
                int(total.classes[index]) / labelled if labelled else 0.0,
                weights[index],
            )
            for index, name in enumerate(dataset.classes.names)
        ),
    )


def sum_histograms(histograms: Sequence[Histogram]) -> Histogram:
    """Add up at least one histogram."""
    total = histograms[0]
    for other in histograms[1:]:
        total = total + other
    return total


@dataclass(frozen=True)
class _Count:
    dataset: Dataset

    def __call__(self, sample: Sample) -> Histogram:
        return histogram(self.dataset.image(sample), self.dataset.mask(sample))


def save_stats(dataset: Dataset, stats: Stats, *, overwrite: bool) -> None:
    """Write stats.json; SegError if it exists with other contents and `overwrite` is not set."""
    with Transaction(dataset.root, "stats", {}) as change:
        text = json.dumps(stats.to_json(), indent=2, ensure_ascii=False) + "\n"
        write_text(change.path(STATS), text)
        change.commit(overwrite=overwrite)


def read_stats(path: Path) -> Stats:
    """Read stats.json; SegError if it is not ours."""
    try:
        data = json.loads(read_bytes(path))
        classes = tuple(ClassStats(**entry) for entry in data.pop("classes"))
        return Stats(**{**data, "mean": tuple(data["mean"]), "std": tuple(data["std"]), "classes": classes})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SegError(f"{path}: not written by 'seg-prep stats'; run it again with --overwrite") from error


def ensure_stats(dataset: Dataset, progress: Progress = silent) -> tuple[Stats, bool]:
    """Return the statistics of the train split, and whether they had to be computed and saved now."""
    path = dataset.root / STATS
    if path.exists():
        stats = read_stats(path)
        if stats.split == SPLITS[0] and stats.split_hash == dataset.split_hash():
            return stats, False
        raise SegError(
            f"{path}: counted {stats.split} of another split than the dataset has now; run 'seg-prep stats --overwrite'"
        )
    stats = compute_stats(dataset, progress=progress)
    save_stats(dataset, stats, overwrite=False)
    return stats, True
