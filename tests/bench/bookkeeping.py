"""What scoring, auditing and planning do beside the network: python -m tests.bench.bookkeeping score 10000.

Images and predictions are a few arrays in memory, shown again and again under other names.
"""

import sys
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import ClassMap
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample, read_index, write_index
from prep.images.imageio import ImageRGB, IndexMask
from prep.photos.rendering import OWN_RANGES

if TYPE_CHECKING:
    import torch

    from train.windows.image_rows import ImageRows

CLASSES = ClassMap(("background", "line", "ellipse"), ((0, 0, 0), (255, 0, 0), (0, 255, 0)))
SIDE, DIFFERENT = 64, 61


def _probabilities(number: int) -> NDArray[np.float32]:
    random = np.random.default_rng(number)
    found = np.kron(random.random((3, 4, 4)), np.ones((1, SIDE // 4, SIDE // 4))) + 0.1
    return np.asarray(found / found.sum(axis=0), np.float32)


PREDICTED = [_probabilities(number) for number in range(DIFFERENT)]
MASKS = [_probabilities(1000 + number).argmax(axis=0).astype(np.uint8) for number in range(DIFFERENT)]


class Repeated(Dataset):
    """The same few images and masks under many names."""

    def image(self, sample: Sample) -> ImageRGB:
        """Its number, in all pixels."""
        return np.full((SIDE, SIDE, 3), int(sample.stem) * 7 % DIFFERENT, np.uint8)

    def mask(self, sample: Sample) -> IndexMask:
        """One of the few."""
        return MASKS[int(sample.stem) % DIFFERENT]


class Repeating:
    """Predicts what the image says."""

    classes, rendering, scale = CLASSES, OWN_RANGES, SimpleNamespace(ground=None)

    def on_ground(self, pixel: object) -> "Repeating":
        """The same, whatever the size of a pixel on the ground."""
        return self

    def probabilities(self, image: ImageRGB) -> NDArray[np.float32]:
        """(C, H, W)."""
        return PREDICTED[int(image[0, 0, 0])]

    def probability_strips(self, source: "ImageRows") -> Iterator[tuple[int, "torch.Tensor"]]:
        """The same as one strip."""
        import torch  # which `plan` does without

        yield 0, torch.from_numpy(self.probabilities(source.rows(0, SIDE)))

    def __call__(self, image: ImageRGB) -> IndexMask:
        """(H, W)."""
        return self.probabilities(image).argmax(axis=0).astype(np.uint8)


def repeated(size: int) -> Dataset:
    """A dataset of so many samples, none on the disk."""
    names = (f"{number:07d}" for number in range(size))
    return Repeated(Path(), CLASSES, tuple(Sample(name, f"i{name}", "m", SIDE, SIDE, split="test") for name in names))


def score(size: int) -> None:
    """Count every image, sort, make the intervals, write the table of images."""
    from train.scoring.intervals import uncertainty_of
    from train.scoring.score_files import write_per_image
    from train.scoring.split_scores import score_split

    scored = score_split(Repeating(), repeated(size), "test")  # type: ignore[arg-type]
    uncertainty_of(scored)
    with TemporaryDirectory() as folder:
        write_per_image(Path(folder), scored, CLASSES)


def audit(size: int) -> None:
    """Find the regions of every sample, and rank them."""
    from train.auditing.audit import audit as audited

    assert audited(Repeating(), repeated(size), "test").ranked_samples  # type: ignore[arg-type]


def plan(size: int) -> None:
    """Write and read an index, and hand out jobs that do nothing."""
    from prep.core.jobs import run_jobs

    with TemporaryDirectory() as folder:
        path = Path(folder) / "index.csv"
        write_index(path, repeated(size).samples)
        assert len(run_jobs(attrgetter("width"), read_index(path), 2)) == size


JOBS = {"score": score, "audit": audit, "plan": plan}

if __name__ == "__main__":
    JOBS[sys.argv[1]](int(sys.argv[2]))
