"""Convert one raw label, and the photo it belongs to, into files of the dataset."""

import functools
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.classes import ClassMap
from prep.dataset import Sample
from prep.errors import SegError
from prep.files import make_folder, write_bytes
from prep.imageio import IndexMask, image_size, write_png
from prep.labels.choice import reader_named
from prep.lookup import Lookup
from prep.photoio import import_photo
from prep.stats import count_values
from prep.unknown import Found, Policy, find_unknown, replace_unknown, replacement


@dataclass(frozen=True)
class LabelJob:
    """A raw label and its sample; `photo` is the raw photo to bring in, None if the sample has its image."""

    label: Path
    photo: Path | None
    sample: Sample


@dataclass(frozen=True)
class Outcome:
    """The finished sample, its pixels (256,) by mask value, its unknown values; or what is wrong with the files."""

    sample: Sample
    pixels: NDArray[np.int64]
    found: Found
    problem: str = ""


@dataclass(frozen=True)
class ConvertLabel:
    """Write the mask, and the image if it is new, below `folder`; problems of the files are returned, not raised."""

    folder: Path
    root: Path
    reader: str
    classes: ClassMap
    unknown: Policy

    def __call__(self, job: LabelJob) -> Outcome:
        """Convert one label; SegError only where nothing can be written."""
        nothing = Found(np.zeros(0, np.uint32), np.zeros(0, np.int64))
        try:
            sample, jpeg_or_png = self._image(job)
            mask, found = self._mask(job.label)
        except SegError as error:
            return Outcome(job.sample, np.zeros(256, np.int64), nothing, str(error))
        if mask.shape != (sample.height, sample.width):
            image = job.photo or self.root / sample.image
            return Outcome(
                sample,
                np.zeros(256, np.int64),
                nothing,
                f"{job.label}: {mask.shape[1]} x {mask.shape[0]} pixels, but its image {image} has "
                f"{sample.width} x {sample.height} (upright); export the mask in the size of the image",
            )
        if not (found.codes.size and self.unknown == "error"):
            make_folder((self.folder / sample.mask).parent)
            write_png(self.folder / sample.mask, mask)
            if jpeg_or_png:
                make_folder((self.folder / sample.image).parent)
                write_bytes(self.folder / sample.image, jpeg_or_png)
        return Outcome(sample, count_values(mask), found)

    def _image(self, job: LabelJob) -> tuple[Sample, bytes]:
        """The sample with its image's name and size, and the image file to write (empty if it is there)."""
        stem = job.sample.stem
        mask = f"masks/{stem}.png"
        if job.photo is None:
            return replace(job.sample, mask=mask), b""
        for image in (f"images/{stem}.jpg", f"images/{stem}.png"):
            if (self.folder / image).exists():  # finished before an interruption
                width, height = image_size(self.folder / image)
                return replace(job.sample, image=image, mask=mask, width=width, height=height), b""
        suffix, data, width, height = import_photo(job.photo)
        image = f"images/{stem}{suffix}"
        return replace(job.sample, image=image, mask=mask, width=width, height=height), data

    def _mask(self, label: Path) -> tuple[IndexMask, Found]:
        reader = reader_named(self.reader)
        codes = reader.read(label)
        mask = _lookup(self.reader, self.classes)(codes)
        found = find_unknown(codes, mask)
        if found.codes.size and self.unknown != "error":
            mask = replace_unknown(codes, mask, found, replacement(self.unknown, reader, self.classes))
        return mask, found


@dataclass(frozen=True)
class ScanLabel:
    """Count every value of a raw label."""

    reader: str

    def __call__(self, label: Path) -> Found:
        """Read the codes of one label and count them."""
        codes, pixels = np.unique(reader_named(self.reader).read(label), return_counts=True)
        return Found(codes, pixels.astype(np.int64))


@functools.lru_cache(maxsize=1)
def _lookup(reader: str, classes: ClassMap) -> Lookup:
    """One table a process: it has up to 16 MB and takes longer to make than a small mask to convert."""
    chosen = reader_named(reader)
    return Lookup(chosen.size, chosen.table(classes))
