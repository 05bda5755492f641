"""What the tests of models in annotation share: a dataset to label, and a model without torch."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from prep.annotate.model.proposer import Proposal, Report
from prep.annotate.model.uncertainty import block_means
from prep.annotate.store.store import AnnotationStore
from prep.core.classes import write_classes
from prep.core.errors import SegError
from prep.dataset.index import Sample
from prep.images.imageio import ImageRGB
from tests.support import CLASSES, images_only


def store_of(root: Path, number: int = 4, size: tuple[int, int] = (24, 32)) -> AnnotationStore:
    """A dataset of images s0, s1, ... that nobody has labelled, with the classes background, line, ellipse."""
    images_only(root, [size] * number)
    write_classes(root / "classes.json", CLASSES)
    return AnnotationStore(root)


class FakeProposer:
    """Labels a pixel by its strongest channel; its blue value is how sure it is, its green one how unsure."""

    name = "fake"

    def __init__(self, classes: tuple[str, ...] = CLASSES.names, key: str = "0123456789abcdef") -> None:
        self.classes = classes
        self.key = key
        self.asked: list[ImageRGB] = []
        self.gate = threading.Semaphore(0)
        self.gated = False
        self.broken: Callable[[ImageRGB], bool] = lambda image: False

    def __call__(self, image: ImageRGB, report: Report, sample: Sample) -> Proposal:
        assert (sample.height, sample.width) == image.shape[:2]
        self.asked.append(image)
        report(0.0)
        while self.gated and not self.gate.acquire(timeout=0.01):
            report(0.5)
        if self.broken(image):
            raise SegError("this image is too much")
        return expected(image)


def expected(image: ImageRGB) -> Proposal:
    """What the fake says of an image."""
    mask = image.argmax(axis=2).astype(np.uint8)
    return Proposal(mask, (image[..., 2] % 101).astype(np.uint8), block_means(image[..., 1]))
