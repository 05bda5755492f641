"""Measures patches: cutting 20 of 96 px from every image, and reading an epoch of them in batches, in one process.

The plain way is the one of the published project: read with Pillow, crop at random, write all four flips of image
and mask as PNG; the trainer opens the PNGs one by one. Ours writes every crop once into two arrays, which the
reader maps and flips itself; `--format png` writes the same files as the plain way.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import PATCH_IMAGES, PATCH_MASKS
from prep.patching.patch_files import FLIPS
from prep.patching.patches import cut_patches
from synth.dataset import generate
from tests.bench.sidebyside import Comparison, require

SOURCES = 16
SIZE, PER_IMAGE, BATCH = 96, 20, 16
PATCHES = SOURCES * PER_IMAGE * len(FLIPS)

_FLIP_CODES = {1: 1, 2: 0, 3: -1}
"""What cv2.flip calls the orientations 1 to 3 of FLIPS; it is several times faster than a copy of np.flip."""

Batch = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def comparisons(folder: Path) -> Iterator[Comparison]:
    """Cutting to arrays, cutting to PNG, and reading both."""
    ours, classic = (generate(folder / name, n=SOURCES, test=0, workers=1) for name in ("npy", "png"))
    plain = folder / "plain"

    def remove() -> None:
        for root in (ours.root / "patches", classic.root / "patches", plain):
            shutil.rmtree(root, ignore_errors=True)

    ways = {"Pillow, every flip a PNG": lambda: plain_cut(ours, plain)}
    yield Comparison(
        job=f"cut {SOURCES} x {PER_IMAGE} patches, as arrays",
        ours=lambda: cut_patches(ours, size=SIZE, per_image=PER_IMAGE, workers=1),
        plain=ways,
        work=PATCHES,
        unit="patches",
        reset=remove,
        rounds=5,
    )
    yield Comparison(
        job="the same, --format png",
        ours=lambda: cut_patches(classic, size=SIZE, per_image=PER_IMAGE, patch_format="png", workers=1),
        plain=ways,
        work=PATCHES,
        unit="patches",
        reset=remove,
        rounds=5,
    )
    arrays = cut_patches(ours, size=SIZE, per_image=PER_IMAGE, workers=1, overwrite=True).folder
    files = cut_patches(classic, size=SIZE, per_image=PER_IMAGE, patch_format="png", workers=1, overwrite=True).folder
    for mapped, opened in zip(mapped_epoch(arrays), png_epoch(files), strict=True):
        require(all(map(np.array_equal, mapped, opened)), "batches of arrays and of PNG files differ")
    yield Comparison(
        job=f"read an epoch in batches of {BATCH}",
        ours=lambda: sum(len(images) for images, _ in mapped_epoch(arrays)),
        plain={"PNG files, Pillow": lambda: sum(len(images) for images, _ in png_epoch(files))},
        work=PATCHES,
        unit="patches",
    )


def plain_cut(dataset: Dataset, folder: Path) -> None:
    """images/p0.png, masks/p0.png, ...: random crops in four orientations."""
    random = np.random.default_rng(0)
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    number = 0
    for sample in dataset.samples:
        image = np.array(Image.open(dataset.root / sample.image))
        mask = np.array(Image.open(dataset.root / sample.mask))
        for _ in range(PER_IMAGE):
            top = int(random.integers(0, image.shape[0] - SIZE, endpoint=True))
            left = int(random.integers(0, image.shape[1] - SIZE, endpoint=True))
            window = slice(top, top + SIZE), slice(left, left + SIZE)
            for axes in FLIPS:
                Image.fromarray(np.flip(image[window], axes)).save(folder / "images" / f"p{number}.png")
                Image.fromarray(np.flip(mask[window], axes)).save(folder / "masks" / f"p{number}.png")
                number += 1


def mapped_epoch(folder: Path) -> Iterator[Batch]:
    """All crops in all orientations, shuffled, from the memory-mapped arrays: (16, S, S, 3) and (16, S, S)."""
    images, masks = (np.load(folder / name, mmap_mode="r") for name in (PATCH_IMAGES, PATCH_MASKS))
    for numbers in _batches():
        crops, flips = np.divmod(numbers, len(FLIPS))
        batch = images[crops], masks[crops]
        for pixels in batch:
            for place in np.flatnonzero(flips):
                pixels[place] = cv2.flip(pixels[place], _FLIP_CODES[flips[place]])
        yield batch


def png_epoch(folder: Path) -> Iterator[Batch]:
    """The same batches from PNG files."""
    for numbers in _batches():
        images = [np.asarray(Image.open(folder / "images" / f"p{number}.png")) for number in numbers]
        masks = [np.asarray(Image.open(folder / "masks" / f"p{number}.png")) for number in numbers]
        yield np.stack(images), np.stack(masks)


def _batches() -> list[NDArray[np.int64]]:
    order = np.random.default_rng(0).permutation(PATCHES)
    return [order[start : start + BATCH] for start in range(0, PATCHES, BATCH)]
