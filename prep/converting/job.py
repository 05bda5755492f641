"""Convert one raw label, and the photo it belongs to, into files of the dataset."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.converting.placement import PhotoForm, drawn_on, is_unclear, place_mask
from prep.converting.values.meaning import Meaning
from prep.converting.values.unknown import (
    NO_CODES,
    CodeCounts,
    Policy,
    are_numbers,
    count_codes,
    find_unknown,
    replace_unknown,
    replacement,
)
from prep.core.classes import IGNORE_INDEX
from prep.core.errors import SegError
from prep.core.files import within_limits
from prep.dataset.index import Sample
from prep.dataset.states import own_mask_name
from prep.dataset.stats import count_values
from prep.images.finding import FoundFile
from prep.images.imageio import IndexMask, encode_png
from prep.images.resample import upright
from prep.labels.archive import label_bytes
from prep.labels.labelio import own_orientation
from prep.labels.reader import Lookup, RawLabel, code_strips, joined
from prep.labels.region_labels import UNCOVERED
from prep.labels.registry import reader_named
from prep.photos.image_file import FULL_SIZE, image_file, place_photo, write_file
from prep.photos.photoio import open_photo
from prep.photos.record import PhotoRecord
from prep.photos.rendering import OWN_RANGES, Rendering

_UPRIGHT = 1
_MATRIX = "mat"
_AS_OTHERS = "as others"
_OF_IMAGES = ("rgb", "ids")


@dataclass(frozen=True, slots=True)
class LabelJob:
    """A raw label and its sample.

    photo: the raw photo to bring in, None if the sample has its image, or no image at all (then `image` is empty).
    record: what photos.csv says of the image, None if it says nothing.
    filled: class of the whole image where there is no mask; then `label` is only what errors name.
    """

    label: RawLabel
    photo: FoundFile | None
    sample: Sample
    record: PhotoRecord | None = None
    filled: str | None = None


@dataclass(frozen=True, slots=True)
class LabelOutcome:
    """The finished sample, its pixels (256,) by mask value, its unknown values; or what is wrong with the files.

    The sample has no mask where nothing is labelled.

    Where those of many labels are kept, the pixels are added up, and here there are none any more (0,).

    raw_pixels: (256,) before the mask was brought to the size of its image.  record: the photo's row of photos.csv.
    turned: the mask was drawn on the photo as stored and was turned with it.  resized: it had another size.
    turned_itself: EXIF of its own file says how it is shown, and it was turned so.
    turned_as_others: sizes do not tell how it lies, and it was turned as the others show.
    transposed: a matrix whose rows are the columns of the photo.
    overlapping: pixels of the raw label that lie in several of its parts.
    """

    sample: Sample
    pixels: NDArray[np.int64]
    unknown: CodeCounts
    problem: str = ""
    raw_pixels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, np.int64))
    record: PhotoRecord | None = None
    turned: bool = False
    turned_itself: bool = False
    turned_as_others: bool = False
    resized: bool = False
    transposed: bool = False
    overlapping: int = 0

    @property
    def on_turned_photo(self) -> bool:
        """Whether EXIF turns its photo, and nothing but sizes can tell how the mask lies."""
        turned = self.record is not None and self.record.orientation != _UPRIGHT
        return turned and not self.problem and not self.turned_itself and not self.transposed

    @property
    def is_unclear(self) -> bool:
        """Whether nothing of this label alone tells how its mask lies on its photo."""
        return self.on_turned_photo and self.record is not None and not self.turned and is_unclear(self.record)


def forms_of_turned(outcomes: Iterable[LabelOutcome]) -> set[PhotoForm]:
    """On which forms of photos that EXIF turns masks were drawn, of those whose sizes tell: a tool does as it does."""
    told = (outcome for outcome in outcomes if outcome.on_turned_photo and not outcome.is_unclear)
    return {"stored" if outcome.turned else "upright" for outcome in told}


@dataclass(frozen=True)
class ConvertLabel:
    """Write the mask, and the image if it is new, below `folder`; problems of the files are returned, not raised.

    unknown: what becomes of codes that mean no class.
    stretch: whether a mask of another shape than its photo is forced onto it.
    rendering: how photos become images.
    says_colors: whether a person said that labels are colours: one that holds ids is then a problem of that file.
    unclear_as: on which form of a photo a mask was drawn where sizes do not tell.
    """

    folder: Path
    reader: str
    meaning: Meaning
    unknown: Policy
    stretch: bool = False
    rendering: Rendering = OWN_RANGES
    says_colors: bool = False
    unclear_as: PhotoForm = "upright"

    def __call__(self, job: LabelJob) -> LabelOutcome:
        """Convert one label; SegError only where nothing can be written."""
        try:
            with within_limits(Path(job.label.name)):
                outcome, files = self._convert(job)
        except SegError as error:
            return LabelOutcome(job.sample, np.zeros(256, np.int64), NO_CODES, str(error))
        for name, data in files.items():
            write_file(self.folder / name, data)
        return outcome

    def killed(self, job: LabelJob, problem: str) -> LabelOutcome:
        """The outcome of a label that kills its worker."""
        return LabelOutcome(job.sample, np.zeros(256, np.int64), NO_CODES, problem)

    def _convert(self, job: LabelJob) -> tuple[LabelOutcome, dict[str, bytes]]:
        """The outcome and the files to write, by name: none if values belong to no class and that is an error."""
        sample, record, image = self._image(job)
        raw, unknown = self._mask(job.label) if job.filled is None else (self._filled(sample, job.filled), NO_CODES)
        if unknown.codes.size and self._holds_ids(raw, unknown):
            raise SegError(f"{job.label.name}: ids, not colours of the class map; read it as ids with '--from ids'")
        mask, drawn = self._placed(job, raw, sample, record)
        pixels = count_values(mask)
        # A mask of ignored pixels only would count as a labelled sample, and teach nothing.
        name = own_mask_name(sample.stem) if pixels[:IGNORE_INDEX].any() else ""
        sample = replace(sample, mask=name, width=mask.shape[1], height=mask.shape[0])
        outcome = LabelOutcome(
            sample,
            pixels,
            unknown,
            raw_pixels=count_values(raw),
            record=record,
            turned=drawn in ("stored", _AS_OTHERS) and record is not None and record.orientation != _UPRIGHT,
            turned_itself=drawn == "itself",
            turned_as_others=drawn == _AS_OTHERS,
            resized=sorted(raw.shape) != sorted(mask.shape),
            transposed=drawn == "transposed",
            overlapping=overlaps(job.label) if job.filled is None and (overlaps := self._overlaps()) else 0,
        )
        if unknown.codes.size and self.unknown == "error":
            return outcome, {}
        return outcome, ({name: encode_png(mask)} if name else {}) | {sample.image: image}

    def _image(self, job: LabelJob) -> tuple[Sample, PhotoRecord | None, bytes]:
        """The sample with its image's name and size, its record, and the image file to write (empty if it is there)."""
        if job.photo is None:
            return job.sample, job.record, b""
        photo, stem = open_photo(job.photo.path, page=job.photo.page), job.sample.stem
        placement = place_photo(photo, FULL_SIZE)
        name, data = image_file(photo, stem, placement, replace(FULL_SIZE, rendering=self.rendering), self.folder)
        sample = replace(job.sample, image=name, width=placement.width, height=placement.height)
        return sample, photo.record(stem, job.photo.record_name, placement), data

    def _filled(self, sample: Sample, name: str) -> IndexMask:
        """A mask of one class, as large as the image."""
        return np.full((sample.height, sample.width), self.meaning.classes.names.index(name), np.uint8)

    def _is_image(self, job: LabelJob) -> bool:
        """Whether the label is one image file, whose own EXIF may say how it is shown."""
        return self.reader in _OF_IMAGES and job.filled is None

    def _overlaps(self) -> Callable[[RawLabel], int] | None:
        """What counts pixels in several parts of a label, if it has parts."""
        overlaps: Callable[[RawLabel], int] | None = getattr(reader_named(self.reader), "overlaps", None)
        return overlaps

    def _mask(self, label: RawLabel) -> tuple[IndexMask, CodeCounts]:
        reader, lookup = reader_named(self.reader), _lookup(self.reader, self.meaning)
        becomes = functools.cache(lambda code: replacement(self.unknown, reader, self.meaning.classes)(code))
        strips, unknown = [], NO_CODES
        for codes in code_strips(reader, label):
            strip = lookup(codes)
            found = find_unknown(codes, strip)
            if found.codes.size and self.unknown != "error":
                strip = replace_unknown(codes, strip, found, becomes)
            strips.append(strip)
            unknown += found
        del codes  # of the last strip, and with them the pixels that they are a view of
        return joined(strips), unknown

    def _holds_ids(self, raw: IndexMask, unknown: CodeCounts) -> bool:
        """Whether a label of a set of colours holds none but greys, of which those of no class are numbers of some."""
        classes = self.meaning.classes
        if not self.says_colors or self.unknown != "error" or not are_numbers(unknown.codes.tolist(), len(classes)):
            return False
        held = np.flatnonzero(count_values(raw)[: len(classes)])
        return all(len({*classes.colors[index]}) == 1 for index in held)

    def _placed(
        self, job: LabelJob, mask: IndexMask, sample: Sample, record: PhotoRecord | None
    ) -> tuple[IndexMask, str]:
        own = own_orientation(job.label.path, label_bytes(job.label)) if self._is_image(job) else _UPRIGHT
        if not sample.image:
            return upright(mask, own), "upright" if own == _UPRIGHT else "itself"
        photo = record or _as_photo(sample)
        if own != _UPRIGHT and drawn_on((shown := upright(mask, own)).shape[::-1], photo) == "upright":
            placed, _ = place_mask(shown, photo, sample.width, sample.height)
            return placed, "stored" if own == photo.orientation else "itself"
        fits, fits_on_its_side = drawn_on(mask.shape[::-1], photo), drawn_on(mask.shape, photo)
        # MATLAB counts down columns first: a matrix written by another program may lie on its side.
        on_its_side = self.reader == _MATRIX and fits is None and fits_on_its_side is not None
        try:
            raw = np.ascontiguousarray(mask.T) if on_its_side else mask
            placed, drawn = place_mask(
                raw, photo, sample.width, sample.height, stretch=self.stretch, unclear_as=self.unclear_as
            )
            as_others = drawn == self.unclear_as == "stored" and is_unclear(photo)
            return placed, "transposed" if on_its_side else _AS_OTHERS if as_others else drawn
        except SegError as error:
            raise SegError(f"{job.label.name}: {error}") from error


def _as_photo(sample: Sample) -> PhotoRecord:
    """The record of an image of which nobody wrote down the photo: it was its own photo, upright."""
    return PhotoRecord(
        sample.stem, sample.image, sample.width, sample.height, _UPRIGHT, 0, 0, sample.width, sample.height
    )


@dataclass(frozen=True)
class CountCodes:
    """Count every code of a raw label; of a damaged one none, converting will say so."""

    reader: str

    def __call__(self, label: RawLabel) -> CodeCounts:
        """Read the codes of one label and count them."""
        try:
            with within_limits(Path(label.name)):
                return sum(map(count_codes, code_strips(reader_named(self.reader), label)), NO_CODES)
        except SegError:
            return NO_CODES

    def killed(self, label: RawLabel, problem: str) -> CodeCounts:
        """As of a damaged one."""
        return NO_CODES


@dataclass(frozen=True)
class HasUncovered:
    """Tell whether a label of named regions leaves pixels uncovered; a damaged one does not, converting will say so."""

    reader: str

    def __call__(self, label: RawLabel) -> bool:
        """Read one label."""
        try:
            return any(bool((codes == UNCOVERED).any()) for codes in code_strips(reader_named(self.reader), label))
        except SegError:
            return False

    def killed(self, label: RawLabel, problem: str) -> bool:
        """As of a damaged one."""
        return False


@functools.lru_cache(maxsize=1)
def _lookup(reader: str, meaning: Meaning) -> Lookup:
    """One table a process: it has up to 16 MB and takes longer to make than a small mask to convert."""
    chosen = reader_named(reader)
    return Lookup(chosen.size, chosen.table(meaning.classes) | dict(meaning.aliases))
