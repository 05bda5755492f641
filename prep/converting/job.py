"""Convert one raw label, and the photo it belongs to, into files of the dataset."""

import functools
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.converting.placement import drawn_on, place_mask
from prep.converting.unknown import Found, Policy, find_unknown, replace_unknown, replacement
from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.core.files import make_folder, within_limits, write_bytes
from prep.dataset.dataset import Sample
from prep.dataset.stats import count_values
from prep.images.finding import FoundFile
from prep.images.imageio import IndexMask, image_size, write_png
from prep.labels.lookup import Lookup
from prep.labels.reader import RawLabel, read_codes
from prep.labels.region_labels import UNCOVERED
from prep.labels.registry import reader_named
from prep.photos.photoio import import_photo, open_photo
from prep.photos.record import Photo

_UPRIGHT = 1
_MATRIX = "mat"


@dataclass(frozen=True)
class LabelJob:
    """A raw label and its sample.

    photo: the raw photo to bring in, None if the sample has its image, or no image at all (then `image` is empty).
    record: what photos.csv says of the image, None if it says nothing.
    """

    label: RawLabel
    photo: FoundFile | None
    sample: Sample
    record: Photo | None = None


@dataclass(frozen=True)
class Outcome:
    """The finished sample, its pixels (256,) by mask value, its unknown values; or what is wrong with the files.

    raw_pixels: (256,) before the mask was brought to the size of its image.  record: the photo's row of photos.csv.
    turned: the mask was drawn on the photo as stored and was turned with it.  resized: it had another size.
    """

    sample: Sample
    pixels: NDArray[np.int64]
    found: Found
    problem: str = ""
    raw_pixels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, np.int64))
    record: Photo | None = None
    turned: bool = False
    resized: bool = False


@dataclass(frozen=True)
class ConvertLabel:
    """Write the mask, and the image if it is new, below `folder`; problems of the files are returned, not raised.

    aliases: (code, mask value) for codes that mean a class, or 255, besides those of the class map.
    stretch: whether a mask of another shape than its photo is forced onto it.
    """

    folder: Path
    root: Path
    reader: str
    classes: ClassMap
    unknown: Policy
    aliases: tuple[tuple[int, int], ...] = ()
    stretch: bool = False

    def __call__(self, job: LabelJob) -> Outcome:
        """Convert one label; SegError only where nothing can be written."""
        try:
            with within_limits(Path(job.label.name)):
                return self._convert(job)
        except SegError as error:
            nothing = Found(np.zeros(0, np.uint32), np.zeros(0, np.int64))
            return Outcome(job.sample, np.zeros(256, np.int64), nothing, str(error))

    def _convert(self, job: LabelJob) -> Outcome:
        sample, record, image = self._image(job)
        raw, found = self._mask(job.label)
        mask, drawn = self._placed(job, raw, sample, record)
        sample = replace(sample, width=mask.shape[1], height=mask.shape[0])
        if not (found.codes.size and self.unknown == "error"):
            make_folder((self.folder / sample.mask).parent)
            write_png(self.folder / sample.mask, mask)
            if image:
                make_folder((self.folder / sample.image).parent)
                write_bytes(self.folder / sample.image, image)
        turned = drawn == "stored" and record is not None and record.orientation != _UPRIGHT
        return Outcome(
            sample,
            count_values(mask),
            found,
            raw_pixels=count_values(raw),
            record=record,
            turned=turned,
            resized=sorted(raw.shape) != sorted(mask.shape),
        )

    def _image(self, job: LabelJob) -> tuple[Sample, Photo | None, bytes]:
        """The sample with its image's name and size, its record, and the image file to write (empty if it is there)."""
        stem = job.sample.stem
        sample = replace(job.sample, mask=f"masks/{stem}.png")
        if job.photo is None:
            return sample, job.record, b""
        data = b""
        for name in (f"images/{stem}.jpg", f"images/{stem}.png"):
            if (self.folder / name).exists():  # finished before an interruption
                width, height = image_size(self.folder / name)
                break
        else:
            suffix, data, width, height = import_photo(job.photo.path)
            name = f"images/{stem}{suffix}"
        photo = open_photo(job.photo.path)
        record = Photo(stem, job.photo.name, photo.width, photo.height, photo.orientation, 0, 0, width, height)
        return replace(sample, image=name, width=width, height=height), record, data

    def _mask(self, label: RawLabel) -> tuple[IndexMask, Found]:
        reader = reader_named(self.reader)
        codes = read_codes(reader, label)
        mask = _lookup(self.reader, self.classes, self.aliases)(codes)
        found = find_unknown(codes, mask)
        if found.codes.size and self.unknown != "error":
            mask = replace_unknown(codes, mask, found, replacement(self.unknown, reader, self.classes))
        return mask, found

    def _placed(self, job: LabelJob, mask: IndexMask, sample: Sample, record: Photo | None) -> tuple[IndexMask, str]:
        if not sample.image:
            return mask, "upright"
        photo = record or as_photo(sample)
        fits, fits_on_its_side = drawn_on(mask.shape[::-1], photo), drawn_on(mask.shape, photo)
        if self.reader == _MATRIX and fits is None and fits_on_its_side is not None:
            # MATLAB counts down columns first: a matrix written by another program may lie on its side.
            mask = np.ascontiguousarray(mask.T)
        try:
            return place_mask(mask, photo, sample.width, sample.height, stretch=self.stretch)
        except SegError as error:
            raise SegError(f"{job.label.name}: {error}") from error


def as_photo(sample: Sample) -> Photo:
    """The record of an image of which nobody wrote down the photo: it was its own photo, upright."""
    return Photo(sample.stem, sample.image, sample.width, sample.height, _UPRIGHT, 0, 0, sample.width, sample.height)


@dataclass(frozen=True)
class ScanLabel:
    """Count every value of a raw label."""

    reader: str

    def __call__(self, label: RawLabel) -> Found:
        """Read the codes of one label and count them."""
        with within_limits(Path(label.name)):
            codes, pixels = np.unique(read_codes(reader_named(self.reader), label), return_counts=True)
            return Found(codes, pixels.astype(np.int64))


@dataclass(frozen=True)
class HasUncovered:
    """Tell whether a label of named regions leaves pixels uncovered; a damaged one does not, converting will say so."""

    reader: str

    def __call__(self, label: RawLabel) -> bool:
        """Read one label."""
        try:
            return bool((read_codes(reader_named(self.reader), label) == UNCOVERED).any())
        except SegError:
            return False


@functools.lru_cache(maxsize=1)
def _lookup(reader: str, classes: ClassMap, aliases: tuple[tuple[int, int], ...]) -> Lookup:
    """One table a process: it has up to 16 MB and takes longer to make than a small mask to convert."""
    chosen = reader_named(reader)
    return Lookup(chosen.size, chosen.table(classes) | dict(aliases))
