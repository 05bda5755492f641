"""Which pixels of a mask were accepted from a proposal: a page that learns must not learn from what it said itself."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.annotate.store.mask_changes import MaskChange
from prep.annotate.store.versions import FileStamp, stamp_of
from prep.core.cache import Cache
from prep.core.classes import IGNORE_INDEX
from prep.core.errors import SegError
from prep.core.files import make_folder, write_bytes
from prep.images.imageio import IndexMask, encode_png, read_mask

_KEPT = 4


class Accepted:
    """The accepted class of each pixel, a file an image, in a folder that may be lost; whoever writes holds the store.

    A pixel counts as accepted only as long as its mask says the same: what other commands change, and what a killed
    process did not get to, is by hand. Damaged files, and those of another size, count as none. Where
    classes are changed at the page, what is kept changes with the masks; where labels of other classes come, it goes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: Cache[tuple[str, FileStamp | None], IndexMask | None] = Cache(_KEPT)

    def by_hand(self, stem: str, mask: IndexMask) -> IndexMask:
        """The mask (H, W) of an image with 255 where it was accepted; the mask itself if nothing was."""
        values = self._of(stem, mask.shape)
        return mask if values is None else np.where(mask == values, np.uint8(IGNORE_INDEX), mask)

    def note(self, stem: str, before: IndexMask, changes: Sequence[MaskChange], *, proposed: bool) -> None:
        """Take in changes of a mask (H, W), before they are laid over it.

        proposed: whether a proposal was accepted, or that was taken back or done again. What had no class before is
        accepted then; every other pixel that changes is by hand.  SegError if the disk does not take it.
        """
        standing = self._of(stem, before.shape)
        if standing is None and not proposed:
            return
        values = np.full_like(before, IGNORE_INDEX) if standing is None else standing.copy()
        for change in changes:
            height, width = change.pixels.shape
            box = np.s_[change.y : change.y + height, change.x : change.x + width]
            _take(values[box], before[box], change.pixels, proposed)
        if standing is None or not np.array_equal(values, standing):
            make_folder(self._folder)
            write_bytes(self._path(stem), encode_png(values))
            self._kept.put(self._key(stem), values)

    def _of(self, stem: str, shape: tuple[int, ...]) -> IndexMask | None:
        values = self._kept.get(self._key(stem), lambda: self._read(stem))
        return values if values is not None and values.shape == shape else None

    def _read(self, stem: str) -> IndexMask | None:
        with suppress(SegError):
            return read_mask(self._path(stem))
        return None

    def _key(self, stem: str) -> tuple[str, FileStamp | None]:
        return stem, stamp_of(self._path(stem))

    def _path(self, stem: str) -> Path:
        """Named by a hash: a stem may be as long as a file name can be."""
        return self._folder / f"{hashlib.sha256(stem.encode()).hexdigest()[:32]}.png"


def _take(values: NDArray[np.uint8], before: NDArray[np.uint8], after: NDArray[np.uint8], proposed: bool) -> None:
    changed = before != after
    values[changed] = (
        np.where(before == IGNORE_INDEX, after, np.uint8(IGNORE_INDEX))[changed] if proposed else IGNORE_INDEX
    )
