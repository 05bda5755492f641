"""Score patches instead of whole images, as published student projects do, to compare figures with theirs.

Their protocol: random patches of the training size; patches without any foreground dropped;
each patch labelled alone, by the network itself; mean IoU without the classes that a patch lacks. It is reported pooled
(France1/unet-multiclass-pytorch), as a mean over batches (Keras and torchmetrics code that averages what each batch
gives) and as a mean over patches. Those projects also split patches, not images: nearly every patch that they test has
pixels of its image, or its own flipped copy, in the training set. The same measures of the training images show that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.core.progress import Progress, silent
from prep.core.randomness import Stream
from prep.core.words import counted
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.dataset.snapshot import Snapshot
from prep.images.geometry import crop_sample
from prep.images.imageio import ImageRGB, IndexMask
from prep.patching.crops import choose_crops
from train.scoring.metrics import Counts, confusion_matrix, counts_of, mean_without_nan, summarize
from train.scoring.split_scores import SplitScores, samples_of
from train.windows.predictor import Predictor
from train.windows.windows import best_class

PATCHES_PER_IMAGE, BATCH = 20, 16
"""Patches of an image and of a batch, as in the project named above."""


@dataclass(frozen=True)
class ProtocolScore:
    """Mean IoU under one protocol.  number: how many `units` (images, batches, patches) it is a mean of, or pools."""

    protocol: str
    split: str
    units: str
    number: int
    mean_iou: float


def whole_image_scores(scored: SplitScores) -> list[ProtocolScore]:
    """The honest score, and the mean of the images' own mean IoU."""
    number = len(scored.images)
    return [
        ProtocolScore("whole images, pooled", scored.split, "images", number, scored.scores.mean_iou),
        ProtocolScore("whole images, mean over images", scored.split, "images", number, scored.mean_of_images),
    ]


def patch_scores(
    predictor: Predictor, dataset: Dataset, split: str, size: int, seed: int = 0, progress: Progress = silent
) -> list[ProtocolScore]:
    """Mean IoU of random patches of `size` pixels of a split: pooled, mean over batches, mean over patches.

    An image's patches depend on the seed and its stem. Raises SegError if no patch holds any foreground, or if an image
    or mask was changed meanwhile.
    """
    samples = samples_of(dataset, split)
    before = Snapshot(dataset, samples, "no scores were written, type the command again")
    found = []
    for done, sample in enumerate(samples, start=1):
        found.append(_count_patches(predictor, dataset, sample, size, seed))
        progress(done, len(samples))
    before.refuse_change("patches of them were scored")
    counts = np.concatenate(found)
    if not len(counts):
        raise SegError(f"{dataset.root}: no patch of {counted(size, 'pixel')} of {split} holds any foreground to score")
    batches = _batches(counts, seed)
    return [
        ProtocolScore("patches, pooled", split, "patches", len(counts), float(summarize(counts.sum(axis=0)).mean_iou)),
        ProtocolScore("patches, mean over batches", split, "batches", len(batches), _mean_iou(batches)),
        ProtocolScore("patches, mean over patches", split, "patches", len(counts), _mean_iou(counts)),
    ]


def _mean_iou(counts: Counts) -> float:
    """(N, C, 5) -> mean of the N mean IoUs."""
    return mean_without_nan(summarize(counts).mean_iou)


def _batches(counts: Counts, seed: int) -> Counts:
    """(P, C, 5) counts of patches -> (B, C, 5) of batches in random order, the last one smaller."""
    stream = Stream(seed, "batches", len(counts))
    order = np.argsort(stream.integers(len(counts), 1 << 40), kind="stable")
    return np.add.reduceat(counts[order], np.arange(0, len(counts), BATCH), axis=0)


def _count_patches(predictor: Predictor, dataset: Dataset, sample: Sample, size: int, seed: int) -> Counts:
    """(P, C, 5) counts of the patches of one image that hold foreground."""
    image, mask = dataset.image(sample), dataset.mask(sample)
    stream = Stream(seed, "patch protocol", sample.stem)
    crops = choose_crops(mask, size, PATCHES_PER_IMAGE, 0.0, (), stream)
    patches = [crop_sample(image, mask, crop.top, crop.left, size) for crop in crops]
    patches = [patch for patch in patches if has_foreground(patch[1], dataset.classes)]
    number = len(dataset.classes)
    none = np.zeros((number, 2), np.int64)
    guesses = _label(predictor, [patch[0] for patch in patches])
    matrices = [confusion_matrix(patch[1], guess, number) for patch, guess in zip(patches, guesses, strict=True)]
    return np.array([counts_of(matrix, none) for matrix in matrices], np.int64).reshape(-1, number, 5)


def has_foreground(mask: IndexMask, classes: ClassMap) -> bool:
    """Whether a mask (H, W) holds a class besides the background."""
    return bool(np.isin(mask, classes.foreground).any())


def _label(predictor: Predictor, patches: Sequence[ImageRGB]) -> list[IndexMask]:
    """Label each patch (S, S, 3) alone: no windows, no surroundings."""
    guesses: list[IndexMask] = []
    for first in range(0, len(patches), BATCH):
        batch = torch.from_numpy(np.stack(patches[first : first + BATCH])).to(predictor.device)
        guesses += [best_class(scores).cpu().numpy() for scores in predictor.model(batch)]
    return guesses
