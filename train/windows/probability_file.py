"""Class probabilities of an image of any size as a NumPy file, written strip by strip."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from prep.core.files import explained, part_of, put_in_place
from prep.images.finding import FoundFile

PROBABILITIES = "probabilities"
"""The folder of these files among the outputs of predict, and what `--save` calls them."""


def probability_path(output: Path, photo: FoundFile) -> Path:
    """Where predict writes the probabilities of a photo."""
    return output / PROBABILITIES / f"{photo.stem}.npy"


def written(
    strips: Iterator[tuple[int, Tensor]], path: Path, shape: tuple[int, int, int]
) -> Iterator[tuple[int, Tensor]]:
    """Pass strips (first row, (C, n, W)) on, and write each into a .npy file of `shape` (C, H, W) in float16.

    np.load(path, mmap_mode="r") opens it; each class is one contiguous picture. The file appears, whole, when the last
    strip has been taken; until then an older one stays. Nothing but the strip at hand is in memory.
    float16 is half as large as float32, and rounds to 5e-4.
    """
    part = part_of(path)
    dtype = np.dtype("<f2")
    try:
        with explained(path):
            file = part.open("wb")
        with file:
            np.lib.format.write_array_header_1_0(file, {"descr": dtype.str, "fortran_order": False, "shape": shape})
            begin = file.tell()
            for top, strip in strips:
                with explained(path):
                    _write(file, begin, shape, top, strip.cpu().numpy().astype(dtype))
                    if top + strip.shape[1] == shape[1]:
                        file.close()
                        put_in_place(part, path)  # now: whoever counts rows never asks what comes after the last strip
                yield top, strip
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _write(file: BinaryIO, begin: int, shape: tuple[int, int, int], top: int, strip: NDArray[np.floating]) -> None:
    """Put a strip (C, n, W) where it belongs in the array (C, H, W) that begins at byte `begin`."""
    _, height, width = shape
    for index, scores in enumerate(strip):
        file.seek(begin + (index * height + top) * width * strip.itemsize)
        file.write(scores.tobytes())
    file.flush()  # so that a full disk is told here
