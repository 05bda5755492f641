"""What the tests of the object tool share: a dataset with files of a dialect, opened, and what these answer."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.annotate.sam.encodings import Encodings
from prep.annotate.sam.files import find_sam_files
from prep.annotate.sam.model import Sam
from prep.annotate.sam.objects import Objects
from prep.annotate.store.store import AnnotationStore
from tests.prep.annotate.sam.onnx_files import write_pair

HEIGHT, WIDTH = 60, 90
RADIUS = 24 / 256 * 90
"""Of the disc that these files answer around a click, in pixels of a photo of this size."""


def sam_of(folder: Path, kind: str = "osam-sam1") -> Sam:
    """A model of small files."""
    write_pair(folder, kind)
    return Sam(find_sam_files([folder]))


def objects_of(folder: Path, kind: str = "osam-sam1") -> Callable[[AnnotationStore], Objects]:
    """What finds objects in a dataset, by small files in a folder."""
    return lambda store: Objects(store, Encodings(store, sam_of(folder, kind)))


def disc(x: float, y: float) -> NDArray[np.bool_]:
    """What these files answer to a click there."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    return np.asarray((columns - x) ** 2 + (rows - y) ** 2 < RADIUS**2)
