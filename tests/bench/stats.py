"""Measures mean, standard deviation and class counts of a dataset of JPEG images, in one process.

Plain ways, both with Pillow: two passes over the files in float64 (exact to rounding), and one pass with float32
sums and sums of squares (what most recipes do; here its mean is off by 1e-4, its std by 5e-4).
Class counts by np.bincount.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from prep.core.classes import write_classes
from prep.core.files import write_bytes
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import CLASSES as CLASSES_FILE
from prep.dataset.dataset_files import INDEX
from prep.dataset.index import Sample, write_index
from prep.dataset.stats import compute_stats
from prep.images.imageio import write_png
from tests.bench.pictures import CLASSES, HEIGHT, WIDTH, blob_mask, photo
from tests.bench.sidebyside import Comparison, require

IMAGES = 16

Moments = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]


def comparisons(folder: Path) -> Iterator[Comparison]:
    """One dataset of photos."""
    dataset = photo_dataset(folder, IMAGES)
    stats = compute_stats(dataset, "all", workers=1)
    for name, way, tolerance in (("two passes", plain_two_passes, 1e-9), ("one pass", plain_one_pass, 1e-3)):
        mean, std, counts = way(dataset)
        close = np.allclose(mean, stats.mean, 0, tolerance) and np.allclose(std, stats.std, 0, tolerance)
        require(close, f"mean or std of {name}: {mean - stats.mean}, {std - stats.std}")
        require(counts.tolist() == [entry.pixels for entry in stats.classes], f"class counts of {name}")
    yield Comparison(
        job="mean, std, class counts",
        ours=lambda: compute_stats(dataset, "all", workers=1),
        plain={
            "two passes, float64": lambda: plain_two_passes(dataset),
            "one pass, float32": lambda: plain_one_pass(dataset),
        },
        work=IMAGES * WIDTH * HEIGHT / 1e6,
        unit="MP",
    )


def photo_dataset(root: Path, number: int) -> Dataset:
    """Images of 1000 x 800 as JPEG, quality 95, with their masks."""
    for name in ("images", "masks"):
        (root / name).mkdir(parents=True)
    samples = []
    for seed in range(number):
        mask = blob_mask(seed)
        sample = Sample(
            f"photo_{seed:03d}", f"images/photo_{seed:03d}.jpg", f"masks/photo_{seed:03d}.png", WIDTH, HEIGHT
        )
        write_bytes(root / sample.image, simplejpeg.encode_jpeg(photo(mask, seed), quality=95))
        write_png(root / sample.mask, mask)
        samples.append(sample)
    write_classes(root / CLASSES_FILE, CLASSES)
    write_index(root / INDEX, samples)
    return Dataset.open(root)


def plain_two_passes(dataset: Dataset) -> Moments:
    """Mean first, then the squared distances from it."""
    total, pixels = np.zeros(3), 0
    counts = np.zeros(len(CLASSES), np.int64)
    for sample in dataset.samples:
        image = np.asarray(Image.open(dataset.root / sample.image), np.float64) / 255
        total += image.sum(axis=(0, 1))
        pixels += sample.width * sample.height
        mask = np.asarray(Image.open(dataset.root / sample.mask))
        counts += np.bincount(mask.ravel(), minlength=len(CLASSES))
    mean = total / pixels
    squares = np.zeros(3)
    for sample in dataset.samples:
        image = np.asarray(Image.open(dataset.root / sample.image), np.float64) / 255
        squares += ((image - mean) ** 2).sum(axis=(0, 1))
    return mean, np.sqrt(squares / pixels), counts


def plain_one_pass(dataset: Dataset) -> Moments:
    """Sums and sums of squares."""
    total, squares, pixels = np.zeros(3, np.float32), np.zeros(3, np.float32), 0
    counts = np.zeros(len(CLASSES), np.int64)
    for sample in dataset.samples:
        image = np.asarray(Image.open(dataset.root / sample.image), np.float32) / 255
        total += image.sum(axis=(0, 1))
        squares += (image**2).sum(axis=(0, 1))
        pixels += sample.width * sample.height
        mask = np.asarray(Image.open(dataset.root / sample.mask))
        counts += np.bincount(mask.ravel(), minlength=len(CLASSES))
    mean = total.astype(np.float64) / pixels
    return mean, np.sqrt(squares / pixels - mean**2), counts
