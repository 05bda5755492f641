"""Superpixels: an image divided into pieces of about one size whose outlines follow the edges.

Large pieces are found by SLIC (Achanta et al. 2012) in a smaller copy of the image, small ones begin as a grid of
seeds. Both then grow to the edges of the full image by the watershed of Meyer (1992). How well and how fast this and
other ways follow real masks stands in tests/bench/NOTES.md.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.annotate.regions.spans import Spans, mask_of, spans_of
from prep.images.imageio import ImageRGB

SMALLEST, LARGEST = 8, 400
"""Diameters of superpixels, in pixels of the image."""

SuperpixelNumbers = NDArray[np.int32]
"""(H, W), number of the superpixel of every pixel, from 1; 0 where no seed has come yet."""

_FIRST_COARSE = 32
"""Diameter from which SLIC finds the pieces; below it costs more than it gains."""

_COARSE_SIZE = 8
"""Diameter at which SLIC works: larger ones cost more and follow the edges no better."""

_COMPACTNESS = 20.0
"""Lightness (of 100) that weighs as much as one diameter of distance."""

_ROUNDS = 5

_STRIP_ROWS = 512
"""Rows that grow together: few enough to stay in the cache of a processor, many against the rows beside them."""

_STRIP_MARGIN = 2
"""Diameters by which a strip reaches into its neighbours: what lies farther away hardly matters."""

_THREADS = 4
"""More would gain little and take memory."""


@dataclass(frozen=True)
class Superpixels:
    """All superpixels of an image, as runs of pixels in one row: a hundredth of the memory that labels take.

    width: of the image.  starts, labels: (R,) where each run begins, counted row by row, and its superpixel.
    order, firsts: runs sorted by superpixel, and where those of each superpixel begin in that order.
    """

    width: int
    starts: NDArray[np.int64]
    labels: SuperpixelNumbers
    order: NDArray[np.int64]
    firsts: NDArray[np.int64]

    def at(self, x: int, y: int) -> Spans:
        """The connected pixels around a pixel of the image that belong to its superpixel."""
        label = self.labels[np.searchsorted(self.starts, y * self.width + x, side="right") - 1]
        runs = self.order[self.firsts[label] : self.firsts[label + 1]]
        rows, begins = np.divmod(self.starts[runs], self.width)
        ends = begins + self.starts[runs + 1] - self.starts[runs]
        left, top = int(begins.min()), int(rows.min())
        shape = int(rows.max()) + 1 - top, int(ends.max()) - left
        whole = mask_of(np.stack([rows - top, begins - left, ends - left], axis=1).astype(np.int32), *shape)
        # One in a thousand lost its middle to a neighbour while it grew, and has two parts.
        _, parts = cv2.connectedComponents(whole.astype(np.uint8), connectivity=4)
        return spans_of(np.asarray(parts == parts[y - top, x - left]), left, top)


def superpixels_of(image: ImageRGB, size: int) -> Superpixels:
    """Divide an image (H, W, 3) into superpixels of a diameter of `size` pixels; the same ones every time."""
    return pack_superpixels(find_superpixels(image, size))


def pack_superpixels(labels: SuperpixelNumbers) -> Superpixels:
    """Superpixels whose number (H, W) is known for every pixel."""
    height, width = labels.shape
    begins = np.ones(labels.shape, np.bool_)
    np.not_equal(labels[:, 1:], labels[:, :-1], out=begins[:, 1:])
    starts = np.flatnonzero(begins)
    owners = labels.ravel()[starts]
    order = np.argsort(owners, kind="stable")
    firsts = np.concatenate([[0], np.cumsum(np.bincount(owners))])
    return Superpixels(width, np.append(starts, height * width), owners, order, firsts)


def find_superpixels(image: ImageRGB, size: int) -> SuperpixelNumbers:
    """Superpixel of every pixel of an image (H, W, 3); a few numbers may be missing."""
    # Noise and the squares of JPEG would lead the outlines, where there is no edge.
    smooth = np.asarray(cv2.GaussianBlur(image, (5, 5), 0), np.uint8)
    return _grown(smooth, _coarse_seeds(image, size) if size >= _FIRST_COARSE else _grid_seeds(smooth, size), size)


def _coarse_seeds(image: ImageRGB, size: int) -> SuperpixelNumbers:
    """The inner parts of the SLIC superpixels of a smaller copy of the image."""
    factor = size // _COARSE_SIZE
    height, width = image.shape[:2]
    smaller = (max(1, round(width / factor)), max(1, round(height / factor)))
    small = np.asarray(cv2.resize(image, smaller, interpolation=cv2.INTER_AREA), np.uint8)
    coarse = _slic(small, size / factor)
    # A coarse pixel at an outline holds both sides of it: who gets its parts is decided in the full image.
    ring = np.ones((3, 3), np.uint8)
    numbers = coarse.astype(np.float32)  # whole numbers up to 2^24 are exact
    numbers[cv2.dilate(numbers, ring) != cv2.erode(numbers, ring)] = 0
    return np.asarray(cv2.resize(numbers, (width, height), interpolation=cv2.INTER_NEAREST).astype(np.int32))


def _slic(image: ImageRGB, size: float) -> SuperpixelNumbers:
    from skimage.segmentation import slic

    colors = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    # slic stretches all values to 0..1; this keeps the weight of distance the same for pale and for strong images.
    contrast = max(float(colors.max() - colors.min()), 1.0)
    number = max(1, round(image.shape[0] * image.shape[1] / size**2))
    labels = slic(
        colors, number, compactness=_COMPACTNESS / contrast, max_num_iter=_ROUNDS, convert2lab=False, start_label=1
    )
    return np.asarray(labels, np.int32)


def _grid_seeds(image: ImageRGB, size: int) -> SuperpixelNumbers:
    """One pixel for each cell of a grid, moved away from edges."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    slopes = np.asarray(cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
    rows, columns = (_middles(length, size) for length in slopes.shape)
    y, x = (places.ravel() for places in np.meshgrid(rows, columns, indexing="ij"))
    best, lowest = (y, x), slopes[y, x]
    reach = max(1, size // 6)
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            there = np.clip(y + down, 0, slopes.shape[0] - 1), np.clip(x + right, 0, slopes.shape[1] - 1)
            lower = slopes[there] < lowest
            best = np.where(lower, there[0], best[0]), np.where(lower, there[1], best[1])
            lowest = np.where(lower, slopes[there], lowest)
    seeds = np.zeros(slopes.shape, np.int32)
    seeds[best] = np.arange(1, len(y) + 1)
    return seeds


def _middles(length: int, size: int) -> NDArray[np.int64]:
    """Middles of cells of about `size` that divide a length."""
    cells = max(1, round(length / size))
    return ((np.arange(cells) + 0.5) * length / cells).astype(np.int64)


def _grown(image: ImageRGB, seeds: SuperpixelNumbers, size: int) -> SuperpixelNumbers:
    """Let seeds, which lie about `size` apart, grow over the whole image until they meet.

    Strips of the image grow by themselves, with some of their neighbours' rows, several at a time. Where a superpixel
    lies across two strips, both know the same seed.
    """
    height, more = len(image), _STRIP_MARGIN * size
    strip = max(_STRIP_ROWS, 2 * more)

    def grow(top: int) -> SuperpixelNumbers:
        first, last = max(0, top - more), min(height, top + strip + more)
        return _grown_strip(image[first:last], seeds[first:last])[top - first : top - first + strip]

    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as pool:
        return np.concatenate(list(pool.map(grow, range(0, height, strip))))


def _grown_strip(image: ImageRGB, seeds: SuperpixelNumbers) -> SuperpixelNumbers:
    # The watershed leaves out the outermost pixels: they are a copy that is cut off again.
    wide = np.asarray(cv2.copyMakeBorder(image, 1, 1, 1, 1, cv2.BORDER_REPLICATE), np.uint8)
    markers = cv2.copyMakeBorder(seeds, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0.0,))
    grown = np.asarray(cv2.watershed(wide, markers), np.int32)
    grown[grown < 0] = 0
    while _close_lines(grown, wide):
        pass
    return grown[1:-1, 1:-1]


def _close_lines(labels: SuperpixelNumbers, image: ImageRGB) -> bool:
    """Give pixels between superpixels to the neighbour of the nearest colour, in place; whether some were given.

    The outermost pixels stay as they are. A pixel of four undecided neighbours waits for the next time.
    """
    stride = labels.shape[1]
    inner = np.zeros(labels.shape, np.bool_)
    inner[1:-1, 1:-1] = labels[1:-1, 1:-1] == 0
    places = np.flatnonzero(inner)
    flat, colors = labels.ravel(), image.reshape(-1, 3)
    own = colors[places].astype(np.int16)
    chosen, nearest = np.zeros(len(places), np.int32), np.full(len(places), 1 << 14, np.int16)
    for step in (-stride, -1, 1, stride):
        label = flat[places + step]
        apart = np.abs(colors[places + step] - own)
        distance = apart[:, 0] + apart[:, 1] + apart[:, 2]
        closer = (label > 0) & (distance < nearest)
        chosen[closer], nearest[closer] = label[closer], distance[closer]
    flat[places] = chosen
    return bool(chosen.any())
