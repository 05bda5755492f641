"""Sizes and times of files at a moment: tells which of them changed while somebody read them for long."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import NO_CLASSES, read_classes
from prep.core.errors import SegError
from prep.core.words import list_some
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import CLASSES
from prep.dataset.index import Sample

_Mark = tuple[int, int, int, int]
"""Of a file: its size in bytes, times of writing and of change, number."""

_NONE: _Mark = (0, 0, 0, 0)


@dataclass(frozen=True)
class Snapshot:
    """Images and masks of some samples as they are when this is made: whoever reads them later can tell.

    What is counted of samples that are as they were then is what the dataset would have given at that moment.
    remedy: what to do if the dataset has other classes by now than it had when it was opened, which is a SegError.
    """

    dataset: Dataset
    samples: Sequence[Sample]
    remedy: str
    _marks: NDArray[np.int64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        marks = np.zeros((len(self.samples), 2, len(_NONE)), np.int64)
        for row, sample in zip(marks, self.samples, strict=True):
            row[:] = self._look(sample)
        object.__setattr__(self, "_marks", marks)
        path = self.dataset.root / CLASSES
        if self.dataset.classes != NO_CLASSES and path.exists() and read_classes(path) != self.dataset.classes:
            raise SegError(
                f"{self.dataset.root}: {CLASSES} changed since the dataset was opened, so its masks may mean other "
                f"classes now; {self.remedy}"
            )

    def need_same(self, number: int) -> None:
        """SegError, after sample `number` was read, if it may have been another one than when this was made."""
        if change := self._change(number):
            raise SegError(change)

    def changes(self) -> dict[str, str]:
        """By stem, the samples of which a file is another one by now, was written, came or went; in words which."""
        found = {sample.stem: self._change(number) for number, sample in enumerate(self.samples)}
        return {stem: change for stem, change in found.items() if change}

    def refuse_change(self, done: str) -> None:
        """SegError if anything has changed, where all has to be of one state.  done: what went on meanwhile."""
        if stems := list(self.changes()):
            raise SegError(
                f"{self.dataset.root}: {list_some(stems)} changed while {done}, and old and new labels together mean "
                f"nothing; {self.remedy}"
            )

    def _change(self, number: int) -> str:
        sample = self.samples[number]
        now, then = self._look(sample), self._marks[number]
        if [*map(list, now)] == then.tolist():  # as a rule; arrays of eight numbers take ten times as long
            return ""
        other = np.array(now) != then
        # Drives that number no files (FAT, many of networks) give one another number when it is looked up anew.
        is_other = other[:, :2].any(axis=1) | other[:, 2:].all(axis=1)
        names = [name for name, changed in zip((sample.image, sample.mask), is_other, strict=True) if changed]
        return f"{self.dataset.root / names[0]}: was changed after this began" if names else ""

    def _look(self, sample: Sample) -> list[_Mark]:
        """Of the image and the mask."""
        return [self._mark(name) if name else _NONE for name in (sample.image, sample.mask)]

    def _mark(self, name: str) -> _Mark:
        try:
            status = (self.dataset.root / name).stat()
        except OSError:  # not there, or in the shards of a packed dataset, which never change
            return _NONE
        return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino & (2**63 - 1)
