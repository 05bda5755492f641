"""What the tests of the object tool share: a dataset with files of a dialect, opened."""

from collections.abc import Callable
from pathlib import Path

from prep.annotate.sam.encodings import Encodings
from prep.annotate.sam.files import find_sam_files
from prep.annotate.sam.model import Sam
from prep.annotate.sam.objects import Objects
from prep.annotate.store.store import AnnotationStore
from tests.prep.annotate.sam.onnx_files import write_pair


def sam_of(folder: Path, kind: str = "osam-sam1") -> Sam:
    """A model of small files."""
    write_pair(folder, kind)
    return Sam(find_sam_files([folder]))


def objects_of(folder: Path, kind: str = "osam-sam1") -> Callable[[AnnotationStore], Objects]:
    """What finds objects in a dataset, by small files in a folder."""
    return lambda store: Objects(store, Encodings(store, sam_of(folder, kind)))
