"""A photo divided into small pieces, which are told apart by colour and texture: what is learnt from."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.annotate.learn.features import COLORS, Features, features_of
from prep.annotate.learn.neighbours import Neighbours, neighbours_of
from prep.annotate.regions.superpixels import find_superpixels
from prep.core.files import read_bytes
from prep.images.imageio import ImageRGB, IndexMask, decode_jpeg, is_jpeg, read_image

WORK_PIXELS = 1_600_000
"""Photos are made smaller to so many pixels: a stroke has to be answered at once, on one of 12 megapixels, too."""

PIECES = 20_000
"""Of a photo, about: as many as the trees label in a tenth of a second."""

_SMALLEST = 3
"""Diameter of a piece, in pixels of the smaller copy: those of a small photo still follow a crack."""

_STRIP_ROWS = 512
_MOST_VOTES = 2_000_000


@dataclass(frozen=True)
class Pieces:
    """The pieces of a photo.

    labels: (h, w) number of the piece of each pixel of the smaller copy.  features: (N, F), a row for each piece.
    neighbours: which of them agree.
    """

    labels: NDArray[np.int32]
    features: Features
    neighbours: Neighbours


def pieces_in(path: Path, width: int, height: int) -> Pieces:
    """The pieces of the photo in a file, whose size the dataset knows; SegError if it is damaged.

    A JPEG is decoded no larger than need be: one of 400 megapixels takes no more memory than one of 12.
    """
    data = read_bytes(path)
    return pieces_of(
        decode_jpeg(path, data, _small(width, height)) if is_jpeg(data) else read_image(path), width, height
    )


def pieces_of(image: ImageRGB, width: int, height: int) -> Pieces:
    """Divide a photo of this size, given as (h, w, 3) of at most its size; the same pieces every time."""
    size = _small(width, height)
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    labels = find_superpixels(small, max(_SMALLEST, round((size[0] * size[1] / PIECES) ** 0.5)))
    there = np.bincount(labels.ravel()) > 0
    labels = (np.cumsum(there, dtype=np.int32) - 1)[labels]  # a few numbers are missing
    features = features_of(small, labels, int(there.sum()))
    return Pieces(labels, features, neighbours_of(labels, features[:, :COLORS]))


def _small(width: int, height: int) -> tuple[int, int]:
    """Width and height of the smaller copy; of a photo that is small enough its own."""
    scale = min(1.0, (WORK_PIXELS / (width * height)) ** 0.5)
    return max(1, round(width * scale)), max(1, round(height * scale))


def painted_pieces(pieces: Pieces, mask: IndexMask, classes: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The pieces (K,) on which something is painted, and the class (K,) of the most of it.

    mask: (H, W) of the photo itself, class indices below `classes`, 255 = nothing is painted. Every pixel counts, since
    a stroke may be one pixel wide, however much smaller the copy is; only of more than _MOST_VOTES a part is taken.
    """
    if not classes:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    (height, width), (rows, columns) = mask.shape, map(_places, pieces.labels.shape, mask.shape)
    votes = np.zeros(len(pieces.features) * classes, np.intp)
    for top in range(0, height, _STRIP_ROWS):
        strip = mask[top : top + _STRIP_ROWS]
        there = np.flatnonzero(strip < classes)
        there = there[:: max(1, len(there) * height // (len(strip) * _MOST_VOTES))]
        down, right = np.divmod(there, width)
        piece = pieces.labels[rows[top + down], columns[right]].astype(np.intp)
        votes += np.bincount(piece * classes + strip.ravel()[there], minlength=len(votes))
    by_piece = votes.reshape(-1, classes)
    chosen = np.flatnonzero(by_piece.any(axis=1))
    return chosen, by_piece[chosen].argmax(axis=1)


def _places(few: int, many: int) -> NDArray[np.intp]:
    """(many,) The pixel of a few in which the middle of each of many lies."""
    return np.minimum(((np.arange(many) + 0.5) * few / many).astype(np.intp), few - 1)
