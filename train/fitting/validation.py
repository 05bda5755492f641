"""Validation of an epoch: whole images against their masks, and the loss on patches cut edge to edge."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from prep.core.classes import IGNORE_INDEX
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.images.geometry import middle, reflected
from prep.images.imageio import ImageRGB, IndexMask
from train.data.prefetch import prefetch
from train.fitting.losses import Loss
from train.fitting.timing.look import Look
from train.scoring.metrics import Confusion, confusion_matrix
from train.windows.predictor import Predictor, TorchModel

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_VALIDATION_SHARE = 0.5
"""Validation may cost at most this share of the training between two of them."""


@dataclass(frozen=True)
class Validation:
    """What a validation found: one confusion matrix over all pixels, and the mean loss of a pixel; nan without any."""

    confusion: Confusion
    loss: float


@dataclass(frozen=True)
class Validator:
    """Measures a model on the samples of one process; nothing is augmented.

    size: side of the patches on which the loss is measured, batch: how many at once; as in training.
    look: what of the samples is looked at, where there is no time for all.
    """

    predictor: Predictor
    model: TorchModel
    loss: Loss
    dataset: Dataset
    samples: Sequence[Sample]
    size: int
    batch: int
    fabric: "Fabric"
    look: Look | None = None

    def __call__(self) -> Validation:
        """Label each image, compare with its mask, and sum over all processes."""
        classes = len(self.dataset.classes)
        confusion = np.zeros((classes, classes), np.int64)
        loss, counted = 0.0, 0.0
        predictor = self.predictor.changed(overlap=0.0) if self.look and self.look.plain else self.predictor
        for image, mask in prefetch(self._decoded(), 2):
            confusion += confusion_matrix(mask, predictor(image), classes)
            image_loss, amount = self._loss_of(image, mask)
            loss, counted = loss + image_loss, counted + amount
        fabric = self.fabric
        if fabric.world_size > 1:
            sums = torch.tensor([loss, counted, *confusion.ravel()], dtype=torch.float64, device=fabric.device)
            loss, counted, *cells = fabric.all_reduce(sums, reduce_op="sum").tolist()
            confusion = np.array(cells, np.int64).reshape(classes, classes)  # exact up to 2**53 pixels
        return Validation(confusion, loss / counted if counted else math.nan)

    def _decoded(self) -> Iterator[tuple[ImageRGB, IndexMask]]:
        fabric = self.fabric
        samples = self.look.chosen(self.samples) if self.look else self.samples
        most = self.look.pixels if self.look else None
        for sample in samples[fabric.global_rank :: fabric.world_size]:
            image, mask = self.dataset.image(sample), self.dataset.mask(sample)
            yield (image, mask) if most is None else (middle(image, most), middle(mask, most))

    def _loss_of(self, image: ImageRGB, mask: IndexMask) -> tuple[float, float]:
        """Sum of the loss over pixels, and how many were counted; see Loss.amount."""
        patches, masks = edge_to_edge(image, mask, self.size)
        total, counted = 0.0, 0.0
        for first in range(0, len(patches), self.batch):
            truth = masks[first : first + self.batch].to(self.predictor.device)
            amount = float(self.loss.amount(truth))
            logits = self.model.logits(patches[first : first + self.batch].to(self.predictor.device))
            total += float(self.loss(logits, truth)) * amount
            counted += amount
        return total, counted


def epochs_between_validations(samples: Sequence[Sample], patch_pixels: int, overlap: float) -> int:
    """Every how many epochs to validate: less often where the samples are many for the patches of an epoch.

    patch_pixels: what an epoch shows.  overlap: share of a window that the next one covers again.
    """
    pixels = sum(sample.width * sample.height for sample in samples)
    # A pixel costs one forward pass for each window over it and one for the loss; training costs about three.
    cost = pixels * (1 / (1 - overlap) ** 2 + 1) / (3 * patch_pixels)
    return max(1, math.ceil(cost / _VALIDATION_SHARE))


def edge_to_edge(image: ImageRGB, mask: IndexMask, size: int) -> tuple[Tensor, Tensor]:
    """Cut (H, W) into patches side by side: (N, S, S, 3) and (N, S, S); mirrored and ignored beyond the borders."""
    height, width = mask.shape
    down, across = -(-height // size), -(-width // size)
    rows, columns = reflected(0, down * size, height), reflected(0, across * size, width)
    pixels = image[rows][:, columns].reshape(down, size, across, size, 3).swapaxes(1, 2)
    truth = np.full((down * size, across * size), IGNORE_INDEX, np.uint8)
    truth[:height, :width] = mask
    labels = truth.reshape(down, size, across, size).swapaxes(1, 2)
    return (
        torch.from_numpy(np.ascontiguousarray(pixels).reshape(-1, size, size, 3)),
        torch.from_numpy(np.ascontiguousarray(labels).reshape(-1, size, size)),
    )
