"""Sizes and times of files at a moment: tells which of them changed while somebody read them for long."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import NO_CLASSES, read_classes
from prep.core.errors import SegError
from prep.core.words import list_some
from prep.dataset.dataset import Dataset, Sample
from prep.dataset.dataset_files import CLASSES


@dataclass(frozen=True)
class Snapshot:
    """Images and masks of some samples, and the classes, as they are when this is made.

    remedy: what errors say is to be done.
    Raises SegError if the dataset has other classes by then than it had when it was opened.
    """

    dataset: Dataset
    samples: Sequence[Sample]
    remedy: str
    _marks: NDArray[np.int64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_marks", self._look())
        self._need_classes()

    def changed(self) -> list[str]:
        """Stems of the samples whose image or mask is another one by now, or was written, or is gone.

        Raises SegError if the dataset has other classes by now.
        """
        self._need_classes()
        is_other = self._look() != self._marks
        # Drives that number no files (FAT, many of networks) give one another number when it is looked up anew.
        others = (is_other[..., :2] | is_other[..., 2:].all(axis=-1, keepdims=True)).any(axis=(1, 2))
        return [sample.stem for sample, is_other in zip(self.samples, others, strict=True) if is_other]

    def refuse_change(self, done: str) -> None:
        """SegError if anything has changed.  done: what went on meanwhile."""
        if stems := self.changed():
            raise SegError(
                f"{self.dataset.root}: {list_some(stems)} changed while {done}, and old and new labels together mean "
                f"nothing; {self.remedy}"
            )

    def _look(self) -> NDArray[np.int64]:
        """(N, 2, 4) of each image and mask: size in bytes, times of writing and of change, number; 0 for none."""
        marks = np.zeros((len(self.samples), 2, 4), np.int64)
        for row, sample in zip(marks, self.samples, strict=True):
            for mark, name in zip(row, (sample.image, sample.mask), strict=True):
                if not name:
                    continue
                try:
                    status = (self.dataset.root / name).stat()
                except OSError:  # not there, or in the shards of a packed dataset, which never change
                    continue
                number = status.st_ino & (2**63 - 1)
                mark[:] = status.st_size, status.st_mtime_ns, status.st_ctime_ns, number
        return marks

    def _need_classes(self) -> None:
        path = self.dataset.root / CLASSES
        if self.dataset.classes != NO_CLASSES and path.exists() and read_classes(path) != self.dataset.classes:
            raise SegError(
                f"{self.dataset.root}: {CLASSES} changed since the dataset was opened, so its masks may mean other "
                f"classes now; {self.remedy}"
            )
