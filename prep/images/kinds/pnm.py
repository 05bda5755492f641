"""PGM and PPM files with the numbers that stand in them, which other readers spread over the whole range.

Source of the layout: https://netpbm.sourceforge.net/doc/pgm.html and ppm.html.
"""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.images.imageio import damaged, refuse_enormous

_SPACE = rb"(?:\s|#[^\n\r]*[\n\r])+"
_HEADER = re.compile(rb"P([2356])" + 3 * (_SPACE + rb"(\d{1,9})") + rb"\s")
_COLORS = (3, 6)
_TEXT = (2, 3)
_MOST = 65535
_MOST_DIGITS = 5


def is_pnm(data: bytes) -> bool:
    """Whether a file's content is PGM or PPM by its header; PBM, whose pixels are bits, is not."""
    return _HEADER.match(data) is not None


def pnm_is_deep(data: bytes) -> bool:
    """Whether such a header states numbers above 255."""
    header = _HEADER.match(data)
    return header is not None and int(header[4]) > np.iinfo(np.uint8).max


def read_pnm(path: Path, data: bytes) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Decode PGM as (H, W) and PPM as (H, W, 3), red first, as stored; SegError if it is damaged or enormous."""
    header = _HEADER.match(data)
    if header is None:
        raise damaged(path)
    kind, width, height, most = map(int, header.groups())
    if not width or not height or not 0 < most <= _MOST:
        raise damaged(path)
    refuse_enormous(path, width, height)
    shape = (height, width, 3) if kind in _COLORS else (height, width)
    count, size = int(np.prod(shape)), 1 if most <= np.iinfo(np.uint8).max else 2
    if kind in _TEXT:
        words = data[header.end() :].split()[:count]
        if len(words) < count or not all(word.isdigit() and len(word) <= _MOST_DIGITS for word in words):
            raise damaged(path)
        values = np.array(words, np.int64)
    elif len(data) < header.end() + count * size:
        raise damaged(path)
    else:
        values = np.frombuffer(data, f">u{size}", count, header.end())
    if values.max() > most:
        raise damaged(path)
    return values.reshape(shape).astype(np.uint8) if size == 1 else values.reshape(shape).astype(np.uint16)
