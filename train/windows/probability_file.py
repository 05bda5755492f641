"""Class probabilities of an image of any size as a NumPy file, written strip by strip."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from prep.core.files import explained, part_of, put_in_place
from prep.images.finding import FoundFile
from train.windows.windows import Part

PROBABILITIES = "probabilities"
"""The folder of these files among the outputs of predict, and what `--save` calls them."""


def probability_path(output: Path, photo: FoundFile, suffix: str = ".npy") -> Path:
    """Where predict writes the probabilities of a photo."""
    return output / PROBABILITIES / f"{photo.stem}{suffix}"


Keep = Callable[[Iterator[Part], tuple[int, int, int]], Iterator[Part]]
"""Passes the parts of probabilities of a shape (C, H, W) on, and writes them on the way."""


def numpy_file(path: Path) -> Keep:
    """What writes a .npy file, as of written."""
    return partial(written, path)


def written(path: Path, parts: Iterator[Part], shape: tuple[int, int, int]) -> Iterator[Part]:
    """Pass parts on, and write each into a .npy file of `shape` (C, H, W) in float16.

    np.load(path, mmap_mode="r") opens it; each class is one contiguous picture. The file appears, whole, when the last
    part has been taken; until then an older one stays. Nothing but the part at hand is in memory.
    float16 is half as large as float32, and rounds to 5e-4.
    """
    file_part = part_of(path)
    dtype = np.dtype("<f2")
    try:
        with explained(path):
            file = file_part.open("wb")
        with _closing(file, path):
            np.lib.format.write_array_header_1_0(file, {"descr": dtype.str, "fortran_order": False, "shape": shape})
            begin = file.tell()
            for top, left, part in parts:
                with explained(path):
                    _write(file, begin, shape, (top, left), part.cpu().numpy().astype(dtype))
                    if (top + part.shape[1], left + part.shape[2]) == shape[1:]:
                        file.close()
                        put_in_place(file_part, path)  # now: whoever counts rows asks for nothing after the last one
                yield top, left, part
    except BaseException:
        file_part.unlink(missing_ok=True)
        raise


@contextmanager
def _closing(file: BinaryIO, path: Path) -> Iterator[None]:
    """Close the file in the end: what a full disk did not take is tried once more there, and told of `path`."""
    try:
        yield
    finally:
        with explained(path):
            file.close()


def _write(
    file: BinaryIO, begin: int, shape: tuple[int, int, int], place: tuple[int, int], part: NDArray[np.floating]
) -> None:
    """Put a part (C, n, w) where it belongs, (row, column), in the array (C, H, W) that begins at byte `begin`."""
    _, height, width = shape
    top, left = place
    for index, scores in enumerate(part):
        for row, line in enumerate([scores] if scores.shape[1] == width else scores, start=top):
            file.seek(begin + ((index * height + row) * width + left) * part.itemsize)
            file.write(line.tobytes())
    file.flush()  # so that a full disk is told here
