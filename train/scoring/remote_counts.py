"""Labels the images of a dataset on a cluster, and counts there where prediction and truth meet."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prep.core.failures import Tried, Trying
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.geo.pixel_size import PixelSize
from prep.images.imageio import IndexMask
from train.runs.remote import RemoteModel
from train.scoring.boundary import boundary_counts
from train.scoring.grounded import Grounded
from train.scoring.metrics import Confusion, Counts, confusion_matrix, counts_of

GroundedSample = tuple[Sample, PixelSize | None]
"""A sample, and the size of its pixels on the ground, where the model goes by that."""


@dataclass(frozen=True)
class _Work:
    """dataset: folder and classes."""

    model: RemoteModel
    dataset: Dataset

    def guess(self, job: GroundedSample) -> IndexMask:
        sample, pixel = job
        return self.model.open().on_ground(pixel)(self.dataset.image(sample))


class _Count(_Work):
    def __call__(self, job: GroundedSample) -> tuple[Confusion, Counts]:
        guess, truth, classes = self.guess(job), self.dataset.mask(job[0]), len(self.dataset.classes)
        confusion = confusion_matrix(truth, guess, classes)
        return confusion, counts_of(confusion, boundary_counts(truth, guess, classes))


class _Pack(_Work):
    def __call__(self, job: GroundedSample) -> bytes:
        return compressed_mask(self.guess(job))


def compressed_mask(guess: IndexMask) -> bytes:
    """The pixels of a mask, compressed."""
    return zlib.compress(np.ascontiguousarray(guess).data, level=1)


def count_remotely(
    model: RemoteModel, dataset: Dataset, samples: Sequence[Sample], grounded: Grounded, progress: Progress = silent
) -> list[Tried[tuple[Confusion, Counts]]]:
    """Confusion matrix (C, C) and counts (C, 5) of each sample, by the workers of the cluster that is at hand."""
    return run_jobs(Trying(_Count(model, dataset.without_samples())), _placed(samples, grounded), progress=progress)


def pack_remotely(
    model: RemoteModel, dataset: Dataset, samples: Sequence[Sample], grounded: Grounded
) -> dict[str, bytes]:
    """The predicted masks of some samples, compressed, by stem."""
    found = run_jobs(_Pack(model, dataset.without_samples()), _placed(samples, grounded))
    return {sample.stem: content for sample, content in zip(samples, found, strict=True)}


def _placed(samples: Sequence[Sample], grounded: Grounded) -> list[GroundedSample]:
    return [(sample, grounded.pixel(sample)) for sample in samples]
