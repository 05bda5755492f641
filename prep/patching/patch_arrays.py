"""The two arrays of a set of patches, opened for reading."""

import re
from pathlib import Path
from tokenize import TokenError

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.files import explained
from prep.core.words import counted
from prep.dataset.dataset_files import PATCH_IMAGES, PATCH_MASKS


def size_in_name(name: str) -> str:
    """The side that the name of a set of patches tells, patches/size96, for advice."""
    digits = re.search("size([0-9]+)", name)
    return digits[1] if digits else "96"


def recut(folder: Path) -> str:
    """What to do where a set of patches cannot be used."""
    return f"cut again with 'seg-prep patches --size {size_in_name(folder.name)} --overwrite'"


def open_patch_arrays(folder: Path, size: int, number: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images (N, S, S, 3) and masks (N, S, S), uint8, which stay on the disk until they are used; changes stay here.

    size, number: S and N, as settings and table of the set say.  SegError if a file is damaged, or holds other numbers.
    """
    images = _opened(folder / PATCH_IMAGES, (number, size, size, 3))
    return images, _opened(folder / PATCH_MASKS, (number, size, size))


def _opened(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    try:
        with explained(path):
            array = open_memmap(path, mode="c")
    except (ValueError, OverflowError, TypeError, SyntaxError, TokenError) as error:  # no header of ours, or too short
        raise SegError(f"{path}: the file is truncated or damaged; {recut(path.parent)}") from error
    if array.dtype != np.uint8 or array.shape != shape:
        is_there = " x ".join(map(str, array.shape))
        meant = f"{counted(shape[0], 'patch', 'patches')} of {shape[1]} px"
        raise SegError(f"{path}: holds {is_there} values of {array.dtype}, where {meant} belong; {recut(path.parent)}")
    found: NDArray[np.uint8] = array
    return found
