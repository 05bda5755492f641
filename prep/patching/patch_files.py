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
from prep.core.files import explained, make_folder, read_bytes, write_bytes
from prep.core.words import counted
from prep.dataset.dataset_files import IMAGES, MASKS, PATCH_IMAGES, PATCH_MASKS
from prep.images.imageio import ImageRGB, IndexMask, read_image, read_mask, write_png

FLIPS: tuple[tuple[int, ...], ...] = ((), (1,), (0,), (0, 1))
"""The four orientations, as axes of (H, W) to flip: none, left-right, up-down, both."""


class PatchFiles(Protocol):
    """Takes the patches of one sample after the other, from several processes at once; samples have numbers."""

    def create(self) -> None:
        """Make room for all patches; SegError where there is none."""

    def has(self, sample: int) -> bool:
        """Whether all patches of a sample are written; survives a kill."""

    def write(self, sample: int, images: NDArray[np.uint8], masks: NDArray[np.uint8]) -> None:
        """Write the patches of a sample: (N, S, S, 3) and (N, S, S)."""

    def gather(self, sample: int) -> None:
        """Put what was written of a sample where it belongs; for the command itself, never for its workers."""

    def read(self, number: int) -> tuple[ImageRGB, IndexMask]:
        """Crop `number` as it was cut: (S, S, 3) and (S, S)."""


@dataclass(frozen=True)
class NpyPatches:
    """images.npy (N, S, S, 3) and masks.npy (N, S, S), uint8; every crop once.

    working: a folder for what is needed until all are written: `done`, a byte a sample, 1 once its patches stand in the
    arrays, and files of single samples.
    apart: write a file a sample, which `gather` moves into the arrays: several machines that write into one file of a
    network file system may overwrite each other.
    """

    folder: Path
    working: Path
    samples: int
    per_image: int
    size: int
    apart: bool = False

    def create(self) -> None:
        """Write headers and reserve the space, so that a full disk shows now and not half-way."""
        crops = self.samples * self.per_image
        needed, free = crops * self.size**2 * 4, shutil.disk_usage(self.folder).free
        if needed > free:
            patches = f"{counted(crops, 'patch', 'patches')} of {self.size} x {self.size}"
            raise SegError(
                f"{self.folder}: no space left on the disk for {patches}: {needed / 1e6:,.0f} MB are needed, and "
                f"{free / 1e6:,.0f} MB are free; choose a smaller --size or --per-image"
            )
        for name, shape in self._shapes(crops):
            header = _npy_header(shape)
            path = self.folder / name
            with explained(path), path.open("wb") as file:
                file.write(header)
                _reserve(file.fileno(), len(header) + int(np.prod(shape)))
        write_bytes(self._done, bytes(self.samples))

    def has(self, sample: int) -> bool:
        """Whether its patches stand in the arrays, or in a file of their own."""
        return self._is_put(sample) or self._alone(sample).exists()

    def write(self, sample: int, images: NDArray[np.uint8], masks: NDArray[np.uint8]) -> None:
        """Write at the place of the sample, beside other processes, or into a file of its own."""
        if self.apart:
            make_folder(self._alone(sample).parent)
            write_bytes(self._alone(sample), images.tobytes() + masks.tobytes())
        else:
            self._put(sample, images.tobytes(), masks.tobytes())

    def gather(self, sample: int) -> None:
        """Move the patches of a sample from a file of their own into the arrays; SegError if they are in neither."""
        if not self._is_put(sample):
            pixels = read_bytes(self._alone(sample))
            images = self.per_image * self.size**2 * 3
            self._put(sample, pixels[:images], pixels[images:])
            self._alone(sample).unlink(missing_ok=True)

    def read(self, number: int) -> tuple[ImageRGB, IndexMask]:
        """Crop `number`: (S, S, 3) and (S, S)."""
        paths = self.folder / PATCH_IMAGES, self.folder / PATCH_MASKS
        image, mask = (np.array(np.load(path, mmap_mode="r")[number]) for path in paths)
        return image, mask

    def _is_put(self, sample: int) -> bool:
        with explained(self._done), self._done.open("rb") as file:
            file.seek(sample)
            return file.read(1) == b"\1"

    def _put(self, sample: int, images: bytes, masks: bytes) -> None:
        shapes = self._shapes(self.samples * self.per_image)
        for (name, shape), pixels in zip(shapes, (images, masks), strict=True):
            _write_at(self.folder / name, len(_npy_header(shape)) + sample * len(pixels), pixels)
        _write_at(self._done, sample, b"\1")

    def _shapes(self, crops: int) -> tuple[tuple[str, tuple[int, ...]], ...]:
        return (PATCH_IMAGES, (crops, self.size, self.size, 3)), (PATCH_MASKS, (crops, self.size, self.size))

    @property
    def _done(self) -> Path:
        return self.working / "done"

    def _alone(self, sample: int) -> Path:
        return self.working / "alone" / str(sample)


@dataclass(frozen=True)
class PngPatches:
    """images/p0.png, masks/p0.png and so on; every orientation of a crop is a file of its own."""

    folder: Path
    per_image: int
    flips: tuple[tuple[int, ...], ...]

    def create(self) -> None:
        """Make the two folders."""
        for name in (IMAGES, MASKS):
            make_folder(self.folder / name)

    def has(self, sample: int) -> bool:
        """Whether the last one of its files is there."""
        return self._path(MASKS, (sample + 1) * self.per_image * len(self.flips) - 1).exists()

    def write(self, sample: int, images: NDArray[np.uint8], masks: NDArray[np.uint8]) -> None:
        """Write crop k as files k * flips, k * flips + 1, ..."""
        for crop, (image, mask) in enumerate(zip(images, masks, strict=True), start=sample * self.per_image):
            for number, axes in enumerate(self.flips, start=crop * len(self.flips)):
                write_png(self._path(IMAGES, number), np.ascontiguousarray(np.flip(image, axes)))
                write_png(self._path(MASKS, number), np.ascontiguousarray(np.flip(mask, axes)))

    def gather(self, sample: int) -> None:
        """They lie where they belong."""

    def read(self, number: int) -> tuple[ImageRGB, IndexMask]:
        """Crop `number`: (S, S, 3) and (S, S)."""
        first = number * len(self.flips)
        return read_image(self._path(IMAGES, first)), read_mask(self._path(MASKS, first))

    def _path(self, folder: str, number: int) -> Path:
        return self.folder / folder / f"p{number}.png"


def _write_at(path: Path, place: int, data: bytes) -> None:
    with explained(path), path.open("r+b") as file:
        file.seek(place)
        file.write(data)


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
