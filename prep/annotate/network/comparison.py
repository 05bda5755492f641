"""Who proposes better on photos that neither has learnt from: the network, or what strokes teach."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.annotate.learn.learner import MOST_OTHER_PHOTOS
from prep.annotate.learn.pieces import Pieces, pieces_of
from prep.annotate.learn.samples import Learnt, Samples, learn, samples_of_photo
from prep.annotate.model.proposer import Proposer, class_lookup
from prep.annotate.network.training_set import BY_HAND, DATASET, HELD_OUT
from prep.core.classes import IGNORE_INDEX
from prep.core.jsonio import or_null
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.images.imageio import IndexMask, read_mask

StrokeConfusion = NDArray[np.int64]
"""(C, C) pixels, rows = truth; the last column is no class at all."""


@dataclass(frozen=True)
class HeldOutScores:
    """Mean IoU, 0..1, on what people painted on the photos that were held out.

    network, strokes: None where nothing can be scored, and for strokes also where they teach nothing yet.
    photos: number that were held out.  trained: number that were learnt from.
    """

    network: float | None
    strokes: float | None
    photos: int
    trained: int

    @property
    def network_is_better(self) -> bool:
        """Whether the network should propose."""
        return self.network is not None and (self.strokes is None or self.network > self.strokes)


def score_held_out(folder: Path, network: Proposer) -> HeldOutScores:
    """Score both on the photos of a training set that were held out; SegError if a file of it cannot be read."""
    dataset = Dataset.open(folder / DATASET)
    classes = len(dataset.classes)
    train, held_out = dataset.of_split("train"), dataset.of_split("val")
    learnt = _learnt(dataset, train[:MOST_OTHER_PHOTOS], folder / BY_HAND)
    lookup = class_lookup(network.classes, dataset.classes.names)
    found: list[StrokeConfusion] = [np.zeros((classes, classes + 1), np.int64) for _ in range(2)]
    for sample in held_out:
        truth, image = read_mask(folder / HELD_OUT / f"{sample.stem}.png"), dataset.image(sample)
        found[0] += confusion_of(truth, lookup[network(image, lambda share: None, sample).mask], classes)
        if learnt is not None:
            found[1] += confusion_of(
                truth, _by_strokes(learnt, pieces_of(image, sample.width, sample.height), truth), classes
            )
    strokes = None if learnt is None else mean_iou(found[1])
    return HeldOutScores(mean_iou(found[0]), strokes, len(held_out), len(train))


def _learnt(dataset: Dataset, samples: Sequence[Sample], by_hand: Path) -> Learnt | None:
    """What the page would have learnt from the strokes of these photos, for one without any."""
    parts = []
    for sample in samples:
        pieces = pieces_of(dataset.image(sample), sample.width, sample.height)
        parts.append(
            samples_of_photo(pieces, read_mask(by_hand / f"{sample.stem}.png"), len(dataset.classes), sample.stem)
        )
    return learn(Samples.none(pieces), [part for part in parts if len(part)])


def _by_strokes(learnt: Learnt, pieces: Pieces, like: IndexMask) -> IndexMask:
    small = learnt(pieces, Samples.none(pieces))[0][pieces.labels]
    return np.asarray(cv2.resize(small, like.shape[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)


def confusion_of(truth: IndexMask, proposed: IndexMask, classes: int) -> StrokeConfusion:
    """Count the pixels of two masks (H, W) whose truth is a class; what is proposed may be 255."""
    there = truth != IGNORE_INDEX
    columns = np.minimum(proposed[there], classes).astype(np.int64)
    counts = np.bincount(truth[there].astype(np.int64) * (classes + 1) + columns, minlength=classes * (classes + 1))
    return counts.reshape(classes, classes + 1)


def mean_iou(confusion: StrokeConfusion) -> float | None:
    """Mean IoU of the classes that are there; None where none is."""
    right = np.diagonal(confusion)
    there = confusion.sum(axis=1)
    union = there + confusion[:, :-1].sum(axis=0) - right
    mean = float((right[there > 0] / union[there > 0]).mean()) if there.any() else math.nan
    return or_null(mean)
