"""Of the pairs that fit when everything is compared in full, the search finds nearly all, in all eight orientations."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from prep.images.imageio import read_image
from prep.images.likeness.low_frequencies import ORIENTATIONS
from prep.images.likeness.similar import ImageSigns, fingerprint, near_duplicates
from tests.prep.images.likeness.all_pairs import near_duplicates_of_all_pairs
from tests.prep.images.likeness.scenes import Image, scene

LEAST_RECALL = 0.999

Random = np.random.Generator


def cropped(image: Image, random: Random) -> Image:
    top, left, bottom, right = (int(random.integers(0, side // 12)) for side in image.shape[:2] * 2)
    return image[top : len(image) - bottom, left : image.shape[1] - right]


def relighted(image: Image, random: Random) -> Image:
    values = image * random.uniform(0.6, 1.3) + random.normal(0, 12)
    return np.clip(values, 0, 255).astype(np.uint8)


def blurred(image: Image, random: Random) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), random.uniform(0.5, 4)), np.uint8)


def noisy(image: Image, random: Random) -> Image:
    return np.clip(image + random.normal(0, random.uniform(5, 50), image.shape), 0, 255).astype(np.uint8)


def tilted(image: Image, random: Random) -> Image:
    """By up to three degrees, a little enlarged."""
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), random.uniform(-3, 3), random.uniform(1, 1.08))
    return np.asarray(cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8)


CHANGES: tuple[Callable[[Image, Random], Image], ...] = (cropped, relighted, blurred, noisy, tilted)


def brought_into(image: Image, turn: int) -> Image:
    transposed, down, across = ORIENTATIONS[turn]
    image = image.transpose(1, 0, 2) if transposed else image
    image = image[::-1] if down else image
    return np.ascontiguousarray(image[:, ::-1] if across else image)


def pairs_of(image: Image, seed: int) -> Iterator[dict[str, ImageSigns]]:
    """An image and a copy of it: changed in each of the ways, and in two of them, in each orientation."""
    random = np.random.default_rng(seed)
    original = fingerprint(image)
    for turn in range(len(ORIENTATIONS)):
        copies = [change(image, random) for change in CHANGES]
        copies += [change(copies[int(random.integers(len(CHANGES)))], random) for change in CHANGES]
        for copy in copies:
            yield {"a": original, "b": fingerprint(brought_into(copy, turn))}


def finds_nearly_all(images: Sequence[Image], least: int) -> None:
    """Assert the recall, among so many pairs that fit at least."""
    pairs = (pair for number, image in enumerate(images) for pair in pairs_of(image, number))
    wanted = [pair for pair in pairs if near_duplicates_of_all_pairs(pair)]
    found = sum(near_duplicates(pair) != [] for pair in wanted)
    assert len(wanted) >= least
    assert found >= LEAST_RECALL * len(wanted)


def test_copies_of_all_kinds_are_found_as_by_full_comparison() -> None:
    finds_nearly_all([scene(seed, 150, 200) for seed in range(16)], 800)


def test_copies_of_photos_are_found_as_by_full_comparison() -> None:
    """Photos of asphalt: their finest structure is lost at half the size, where most pairs are dropped."""
    if "SEG_REAL_DATA" not in os.environ:
        pytest.skip("SEG_REAL_DATA names no folder of real data")
    paths = sorted((Path(os.environ["SEG_REAL_DATA"]) / "cracks" / "pics_resize").glob("*.jpg"))[::20]
    finds_nearly_all([read_image(path)[::2, ::2] for path in paths], 500)
