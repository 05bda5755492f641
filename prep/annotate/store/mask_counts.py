"""Pixels of each class in the masks of a dataset, counted in the background, remembered by size and time of a file."""

import json
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from prep.annotate.access import inside
from prep.annotate.store.versions import FileStamp, stamp_of, version_of
from prep.core.classes import IGNORE_INDEX
from prep.core.errors import SegError
from prep.core.files import make_folder, read_bytes, write_text
from prep.dataset.dataset_files import CLASSES
from prep.dataset.index import Sample
from prep.dataset.stats import count_values
from prep.images.imageio import IndexMask, decode_mask
from prep.web.guard import Refusal


@dataclass(frozen=True)
class MaskCounts:
    """Version of a mask file and its pixels by value, values without a pixel left out; none at all if it is damaged."""

    version: str
    pixels: dict[int, int]

    @property
    def labelled(self) -> float | None:
        """Share of the pixels that have a class, 0..1; None if the mask is damaged."""
        total = sum(self.pixels.values())
        return 1 - self.pixels.get(IGNORE_INDEX, 0) / total if total else None

    @property
    def classes(self) -> list[int] | None:
        """Indices of the classes in it, in order; None if the mask is damaged."""
        return sorted(value for value in self.pixels if value != IGNORE_INDEX) if self.pixels else None


def count_mask(version: str, mask: IndexMask) -> MaskCounts:
    """Count a mask (H, W)."""
    counts = count_values(mask)
    return MaskCounts(version, {int(value): int(counts[value]) for value in np.flatnonzero(counts)})


@dataclass(frozen=True)
class Mask:
    """A mask as it stands: pixels (H, W), not to be written to, and the version of the file ("none": no file)."""

    pixels: IndexMask
    version: str

    def __post_init__(self) -> None:
        self.pixels.setflags(write=False)

    @cached_property
    def counts(self) -> MaskCounts:
        """Its pixels of each class."""
        return count_mask(self.version, self.pixels)


def refuse_misfit(path: Path, mask: Mask, sample: Sample, classes: int) -> None:
    """SegError unless the mask of this file has the size of its image and holds no value beyond the classes."""
    height, width = mask.pixels.shape
    if (width, height) != (sample.width, sample.height):
        raise SegError(
            f"{path}: {width} x {height} pixels, but its image has {sample.width} x {sample.height}; "
            "move this mask away, or convert its label again"
        )
    if strange := [value for value in mask.counts.classes or () if value >= classes]:
        raise SegError(
            f"{path}: holds the value {strange[0]}, but {CLASSES} has only the classes 0 to {classes - 1}; "
            "move this mask away, or convert its label again"
        )


class MaskCounter:
    """Counts of the mask files of one dataset; a thread counts those that are asked for and not known.

    root: of the dataset.  cache: file that keeps the counts for the next time; it can be deleted at any time.
    """

    def __init__(self, root: Path, cache: Path) -> None:
        self._root = root
        self._cache = cache
        self._known = _read_cache(cache)
        self._unreadable: dict[str, FileStamp] = {}
        self._waiting: dict[str, FileStamp] = {}
        self._news = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._count_all, name="mask counts", daemon=True)
        self._thread.start()

    def of(self, name: str, stamp: FileStamp) -> MaskCounts | None:
        """Counts of the file `name` with this stamp; None if it still has to be counted, which begins now.

        None also for a file that cannot be read, which is not tried again until it changes.
        """
        stamped, counts = self._known.get(name, (None, None))
        if stamped == stamp:
            return counts
        if self._unreadable.get(name) != stamp:
            with self._news:
                self._waiting[name] = stamp
                self._news.notify()
        return None

    def put(self, name: str, stamp: FileStamp, counts: MaskCounts) -> None:
        """Remember counts that are known anyway."""
        with self._news:
            self._known[name] = (stamp, counts)

    def close(self) -> None:
        """End the thread and keep what was counted."""
        with self._news:
            self._stopped = True
            self._news.notify()
        self._thread.join()
        self._write_cache()

    def _count_all(self) -> None:
        while (name := self._next()) is not None:
            self._count(name)
            with self._news:
                del self._waiting[name]  # not before: who asks meanwhile shall not have it counted twice
            if not self._waiting:
                self._write_cache()

    def _next(self) -> str | None:
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._stopped)
            return None if self._stopped else next(iter(self._waiting))

    def _count(self, name: str) -> None:
        try:
            path = inside(self._root, name)
            stamp, data = stamp_of(path), read_bytes(path)
        except (SegError, Refusal):  # whoever opens this image is told
            self._unreadable[name] = self._waiting[name]
            return
        version = version_of(data)
        try:
            counts = count_mask(version, decode_mask(path, data))
        except SegError:
            counts = MaskCounts(version, {})
        if stamp is not None:
            self._put_if_it_stands(name, path, stamp, counts)

    def _put_if_it_stands(self, name: str, path: Path, stamp: FileStamp, counts: MaskCounts) -> None:
        """Remember these counts unless the file was replaced meanwhile, whose counts a save may have put already.

        A save writes first and puts then: while the old file stands here, what it puts comes after this.
        """
        with self._news:
            if stamp_of(path) == stamp:
                self._known[name] = (stamp, counts)

    def _write_cache(self) -> None:
        with self._news:
            known = {name: [stamp, counts.version, counts.pixels] for name, (stamp, counts) in self._known.items()}
        with suppress(SegError):  # a full disk: they are counted again
            make_folder(self._cache.parent)
            write_text(self._cache, json.dumps(known))


def _read_cache(path: Path) -> dict[str, tuple[FileStamp, MaskCounts]]:
    """Counts by name; empty if the file is not there or cannot be read, and all are counted again."""
    try:
        return {
            name: (tuple(stamp), MaskCounts(version, {int(value): count for value, count in pixels.items()}))
            for name, (stamp, version, pixels) in json.loads(read_bytes(path)).items()
        }
    except (SegError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
