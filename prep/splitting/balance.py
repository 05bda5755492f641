"""Class pixels of samples: what a split is balanced by, and how well it came out."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from prep.dataset.index import SPLITS, Sample
from prep.splitting.stratify import Groups

ClassPixels = Mapping[str, NDArray[np.int64]]
"""(C,) pixels of each class, by stem."""


def groups_of(units: Sequence[Sequence[Sample]], pixels: ClassPixels) -> Groups:
    """Sizes, class pixels and class presence of units of samples."""
    classes = len(next(iter(pixels.values()), np.zeros(0)))
    counts = [np.stack([pixels[sample.stem] for sample in members]) for members in units]
    return Groups(
        np.array([len(members) for members in units], np.int64),
        np.array([count.sum(axis=0) for count in counts], np.int64).reshape(len(units), classes),
        np.array([(count > 0).sum(axis=0) for count in counts], np.int64).reshape(len(units), classes),
    )


def absent_classes(names: Sequence[str], samples: Sequence[Sample], pixels: ClassPixels) -> tuple[tuple[str, str], ...]:
    """(split, class) where a class that the dataset holds has no pixel in a split that has samples."""
    totals = {
        split: np.sum([pixels[sample.stem] for sample in samples if sample.split == split], axis=0)
        for split in SPLITS
        if any(sample.split == split for sample in samples)
    }
    whole = np.sum(list(totals.values()), axis=0)
    return tuple(
        (split, name)
        for split, total in totals.items()
        for index, name in enumerate(names)
        if whole[index] and not total[index]
    )


def share_deviation(parts: Sequence[Sequence[NDArray[np.int64]]]) -> float:
    """Largest difference between a class's share of the pixels of one part and of all, 0..1; parts of (C,) counts."""
    totals = np.array([np.sum(part, axis=0) for part in parts if part], np.float64)
    whole = totals.sum(axis=0)
    shares = totals / np.maximum(totals.sum(axis=1, keepdims=True), 1)
    return float(np.abs(shares - whole / max(whole.sum(), 1)).max())
