"""The two arrays of a set of patches, opened for reading."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.files import explained
from prep.core.words import counted
from prep.dataset.dataset_files import PATCH_IMAGES, PATCH_MASKS

PATCHES_REMEDY = "cut again with 'seg-prep patches --overwrite'"


def open_patch_arrays(folder: Path, size: int, number: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images (N, S, S, 3) and masks (N, S, S), uint8, which stay on the disk until they are used; changes stay here.

    size, number: S and N, as settings and table of the set say.  SegError if a file is damaged, or holds other numbers.
    """
    images = _opened(folder / PATCH_IMAGES, (number, size, size, 3))
    return images, _opened(folder / PATCH_MASKS, (number, size, size))


def _opened(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    try:
        with explained(path):
            array = np.load(path, mmap_mode="c", allow_pickle=False)
    except (ValueError, EOFError) as error:  # no header of ours, or less than it says
        raise SegError(f"{path}: the file is truncated or damaged; {PATCHES_REMEDY}") from error
    if array.dtype != np.uint8 or array.shape != shape:
        is_there = " x ".join(map(str, array.shape))
        meant = f"{counted(shape[0], 'patch', 'patches')} of {shape[1]} pixels"
        raise SegError(f"{path}: holds {is_there} values of {array.dtype}, where {meant} belong; {PATCHES_REMEDY}")
    found: NDArray[np.uint8] = array
    return found
