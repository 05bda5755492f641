"""Files of a set of patches: two memory-mapped arrays, or the classic folders of PNGs."""

import io
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.files import explained, make_folder, write_bytes
from prep.core.words import counted
from prep.dataset.dataset_files import IMAGES, MASKS, PATCH_IMAGES, PATCH_MASKS
from prep.images.imageio import ImageRGB, IndexMask, read_image, read_mask, write_png

FLIPS: tuple[tuple[int, ...], ...] = ((), (1,), (0,), (0, 1))
"""The four orientations, as axes of (H, W) to flip: none, left-right, up-down, both."""


class PatchFiles(Protocol):
    """Takes the patches of one sample after the other, from several processes at once."""

    def create(self) -> None:
        """Make room for all patches; SegError where there is none."""

    def write(self, first: int, images: NDArray[np.uint8], masks: NDArray[np.uint8]) -> None:
        """Write crops number first, first + 1, ...: (N, S, S, 3) and (N, S, S)."""

    def read(self, number: int) -> tuple[ImageRGB, IndexMask]:
        """Crop `number` as it was cut: (S, S, 3) and (S, S)."""


@dataclass(frozen=True)
class NpyPatches:
    """images.npy (N, S, S, 3) and masks.npy (N, S, S), uint8; every crop once."""

    folder: Path
    crops: int
    size: int

    def create(self) -> None:
        """Write headers and reserve the space, so that a full disk shows now and not half-way."""
        needed, free = self.crops * self.size**2 * 4, shutil.disk_usage(self.folder).free
        if needed > free:
            patches = f"{counted(self.crops, 'patch', 'patches')} of {self.size} x {self.size}"
            raise SegError(
                f"{self.folder}: no space left on the disk for {patches}: {needed / 1e6:,.0f} MB are needed, and "
                f"{free / 1e6:,.0f} MB are free; choose a smaller --size or --per-image"
            )
        for name, shape in ((PATCH_IMAGES, (self.size, self.size, 3)), (PATCH_MASKS, (self.size, self.size))):
            header = _npy_header((self.crops, *shape))
            path = self.folder / name
            with explained(path), path.open("wb") as file:
                file.write(header)
                _reserve(file.fileno(), len(header) + self.crops * int(np.prod(shape)))

    def write(self, first: int, images: NDArray[np.uint8], masks: NDArray[np.uint8]) -> None:
        """Write at the place of these crops; other processes write elsewhere in the same files."""
        for name, pixels in ((PATCH_IMAGES, images), (PATCH_MASKS, masks)):
            header = _npy_header((self.crops, *pixels.shape[1:]))
            path = self.folder / name
            with explained(path), path.open("r+b") as file:
                file.seek(len(header) + first * pixels[0].size)
                file.write(pixels.data)

    def read(self, number: int) -> tuple[ImageRGB, IndexMask]:
        """Crop `number`: (S, S, 3) and (S, S)."""
        paths = self.folder / PATCH_IMAGES, self.folder / PATCH_MASKS
        image, mask = (np.array(np.load(path, mmap_mode="r")[number]) for path in paths)
        return image, mask


@dataclass(frozen=True)
class PngPatches:
    """images/p0.png, masks/p0.png and so on; every orientation of a crop is a file of its own."""

    folder: Path
    flips: tuple[tuple[int, ...], ...]

    def create(self) -> None:
        """Make the two folders."""
        for name in (IMAGES, MASKS):
            make_folder(self.folder / name)

    def write(self, first: int, images: NDArray[np.uint8], masks: NDArray[np.uint8]) -> None:
        """Write crop k as files k * flips, k * flips + 1, ..."""
        for crop, (image, mask) in enumerate(zip(images, masks, strict=True), start=first):
            for number, axes in enumerate(self.flips, start=crop * len(self.flips)):
                write_png(self.folder / IMAGES / f"p{number}.png", np.ascontiguousarray(np.flip(image, axes)))
                write_png(self.folder / MASKS / f"p{number}.png", np.ascontiguousarray(np.flip(mask, axes)))

    def read(self, number: int) -> tuple[ImageRGB, IndexMask]:
        """Crop `number`: (S, S, 3) and (S, S)."""
        name = f"p{number * len(self.flips)}.png"
        return read_image(self.folder / IMAGES / name), read_mask(self.folder / MASKS / name)


@dataclass(frozen=True)
class DoneMarks:
    """A file with one byte a sample: 1 once all its patches are written; survives a kill."""

    path: Path

    def create(self, samples: int) -> None:
        """Mark nothing as done yet."""
        write_bytes(self.path, bytes(samples))

    def mark(self, number: int) -> None:
        """Mark a sample as done."""
        with explained(self.path), self.path.open("r+b") as file:
            file.seek(number)
            file.write(b"\1")

    def has(self, number: int) -> bool:
        """Whether a sample is done."""
        with explained(self.path), self.path.open("rb") as file:
            file.seek(number)
            return file.read(1) == b"\1"


def _npy_header(shape: tuple[int, ...]) -> bytes:
    buffer = io.BytesIO()
    description = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, description)
    return buffer.getvalue()


def _reserve(descriptor: int, length: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, length)
    else:  # macOS and Windows: the file grows as it is written
        os.truncate(descriptor, length)
