"""Plant wrong regions into the masks of a dataset: label errors whose place is known."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.dataset.dataset import Dataset
from prep.images.imageio import write_png

KINDS = ("swapped", "missed", "invented")
"""A region gets another foreground class; becomes background; or background becomes an ellipse of some class."""

_LEAST = 60
"""Smaller regions are not counted and not planted: nobody could see them."""


@dataclass(frozen=True)
class Planted:
    """One wrong region.  pixels: (H, W), where the mask was changed."""

    stem: str
    kind: str
    pixels: NDArray[np.bool_]


def plant(dataset: Dataset, share: float, seed: int = 0) -> tuple[list[Planted], int]:
    """Make `share` of the foreground regions of all masks wrong, the three kinds in turn; rewrites the mask files.

    Returns what was planted and how many regions there were.
    """
    random = np.random.default_rng(seed)
    masks = {sample.stem: dataset.mask(sample) for sample in dataset.of_split()}
    regions = [(stem, region) for stem, mask in masks.items() for region in _regions(mask, dataset)]
    chosen = random.permutation(len(regions))[: max(1, round(share * len(regions)))]
    planted: list[Planted] = []
    for number, place in enumerate(chosen):
        stem, region = regions[place]
        mask, kind = masks[stem], KINDS[number % len(KINDS)]
        pixels = _free_ellipse(mask, random) if kind == "invented" else region & (mask > 0)
        mask[pixels] = _wrong_class(mask[pixels], kind, dataset, random)
        planted.append(Planted(stem, kind, pixels))
    for sample in dataset.of_split():
        write_png(dataset.root / sample.mask, masks[sample.stem])
    return planted, len(regions)


def _regions(mask: NDArray[np.uint8], dataset: Dataset) -> list[NDArray[np.bool_]]:
    found = []
    for index in dataset.classes.foreground:
        number, labels = cv2.connectedComponents((mask == index).astype(np.uint8), connectivity=8)
        found += [labels == label for label in range(1, number) if np.sum(labels == label) >= _LEAST]
    return found


def _free_ellipse(mask: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.bool_]:
    """An ellipse of any size where only background is; all tries may fail in a full mask, then none."""
    for _ in range(200):
        center = [int(random.integers(0, side)) for side in mask.shape[::-1]]
        axes = [int(random.integers(5, 5 + min(mask.shape) // 8)) for _ in range(2)]
        canvas = np.zeros(mask.shape, np.uint8)
        drawn = cv2.ellipse(canvas, center, axes, float(random.integers(180)), 0, 360, 1, -1) > 0
        if not mask[drawn].any() and drawn.sum() >= _LEAST:
            return drawn
    return np.zeros(mask.shape, bool)


def _wrong_class(
    mask: NDArray[np.uint8], kind: str, dataset: Dataset, random: np.random.Generator
) -> NDArray[np.uint8]:
    if kind == "missed":
        return np.zeros_like(mask)
    if kind == "invented":
        return np.full_like(mask, random.choice(dataset.classes.foreground))
    foreground = list(dataset.classes.foreground)
    following = dict(zip(foreground, [*foreground[1:], foreground[0]], strict=True))
    return np.array([following[int(index)] for index in mask], np.uint8)
