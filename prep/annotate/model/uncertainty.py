"""How unsure a model is of an image: what it is least sure of teaches it most."""

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX
from prep.images.imageio import IndexMask

BLOCK_PX = 16
"""Side of the blocks whose mean entropy is kept: 1/256 of the pixels, so that thousands of images fit on the disk."""


def block_means(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W) -> (ceil(H / 16), ceil(W / 16)) rounded means of blocks; those at the right and below may be smaller."""
    sums, counts = _block_sums(values), _block_sums(np.ones(values.shape, np.uint8))
    return ((2 * sums + counts) // (2 * counts)).astype(np.uint8)


def uncertainty(entropy: NDArray[np.uint8], mask: IndexMask) -> float:
    """Mean entropy of the pixels that are not labelled yet, 0..1; 0 if all are labelled.

    entropy: block_means of the pixels' entropies; 255 is the highest possible one, the logarithm of the number of
    classes.  mask: (H, W), 255 = not labelled.
    Entropy as the worth of a label: Settles 2009, Active Learning Literature Survey, section 3.1,
    https://burrsettles.com/pub/settles.activelearning.pdf. Within a block that is labelled in part, its mean stands
    for the rest.
    """
    unlabelled = _block_sums((mask == IGNORE_INDEX).view(np.uint8))
    pixels = int(unlabelled.sum())
    return float((unlabelled * entropy.astype(np.int64)).sum()) / (255 * pixels) if pixels else 0.0


def _block_sums(values: NDArray[np.uint8]) -> NDArray[np.int64]:
    rows, columns = (np.arange(0, length, BLOCK_PX) for length in values.shape)
    across = np.add.reduceat(values, columns, axis=1, dtype=np.int64)
    return np.add.reduceat(across, rows, axis=0)
