"""Cut random patches out of the training and validation samples, each split to itself."""

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from prep.core.errors import SegError
from prep.core.files import write_text
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.core.randomness import Stream
from prep.core.tables import ONE_OF, read_table, write_columns
from prep.dataset.dataset import Dataset, Sample
from prep.dataset.patch_files import FLIPS, DoneMarks, NpyPatches, PatchFiles, PngPatches
from prep.dataset.transaction import INDEX, Transaction
from prep.images.geometry import crop_pair
from prep.images.imageio import ImageRGB, IndexMask, write_png
from prep.images.overlay import contact_sheet, overlay

PatchFormat = Literal["npy", "png"]

PATCHES = "patches"
_SETTINGS = "settings.json"
_COLUMNS = ("patch", "stem", "y", "x", "split", "class", "flip")
_CUT = ("train", "val")
_PREVIEW_PATCHES = 32
_PREVIEW_COLUMNS = 16


@dataclass(frozen=True)
class PatchSettings:
    """What a set of patches was cut with; stands beside it in settings.json.

    foreground: share of the patches centred near a foreground pixel.  flips: whether all four orientations
    count (in npy sets they are virtual: the trainer flips).  split_hash: the split they were cut under.
    masks_hash: of the masks that they were cut from.
    """

    size: int
    per_image: int
    seed: int
    foreground: float
    flips: bool
    format: PatchFormat
    split_hash: str
    masks_hash: str = ""

    def is_stale(self, dataset: Dataset) -> bool:
        """Whether the dataset has another split now, or other masks, than those that the patches are of."""
        others = self.masks_hash not in ("", dataset.masks_hash(*_CUT))  # older sets do not know their masks
        return others or self.split_hash != dataset.split_hash()


@dataclass(frozen=True)
class Crop:
    """One patch of one sample: its top left pixel (negative beyond the border) and the class it was aimed at."""

    top: int
    left: int
    target: int | None


@dataclass(frozen=True)
class _Split:
    split: str = field(metadata={ONE_OF: _CUT})


@dataclass(frozen=True)
class PatchSet:
    """Patches on disk: `crops` of them, `flipped` counts every orientation of each."""

    folder: Path
    settings: PatchSettings
    crops: int

    @property
    def flipped(self) -> int:
        """Number of patches with all their orientations."""
        return self.crops * len(_orientations(self.settings))


def cut_patches(
    dataset: Dataset,
    *,
    size: int = 96,
    per_image: int = 20,
    foreground: float = 0.5,
    flips: bool = True,
    patch_format: PatchFormat = "npy",
    seed: int = 0,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> PatchSet:
    """Cut `per_image` patches of every labelled train and val sample into patches/size<size>.

    Test samples are never cut. A sample's patches depend on the seed and its stem only.
    Raises SegError if there are no samples, or other patches stand there and `overwrite` is not set.
    """
    samples = dataset.of_split(*_CUT)
    if not samples:
        raise SegError(f"{dataset.root}: no labelled train or val samples to cut patches of")
    settings = PatchSettings(
        size, per_image, seed, foreground, flips, patch_format, dataset.split_hash(), dataset.masks_hash(*_CUT)
    )
    name = f"{PATCHES}/size{size}"
    folder = dataset.root / name
    identity: dict[str, object] = {**asdict(settings), "dataset": dataset.fingerprint()}
    with Transaction(dataset.root, f"patches-{size}", identity) as change:
        staged = change.path(f"{name}/{_SETTINGS}").parent
        files = _patch_files(staged, settings, len(samples))
        done = DoneMarks(change.staging / "done")
        if not done.path.exists():
            files.create()
            done.create(len(samples))
        jobs = [_Job(dataset, sample, number, settings, files, done) for number, sample in enumerate(samples)]
        cut = run_jobs(_cut_sample, jobs, workers, progress)
        write_columns(staged / INDEX, _COLUMNS, _rows(samples, cut, settings))
        write_png(staged / "preview.png", _preview(dataset, samples, cut, size))
        write_text(staged / _SETTINGS, json.dumps(asdict(settings), indent=2) + "\n")
        change.commit(overwrite=overwrite, remove=(name,))
    return PatchSet(folder, settings, len(samples) * per_image)


def _patch_files(folder: Path, settings: PatchSettings, samples: int) -> PatchFiles:
    if settings.format == "png":
        return PngPatches(folder, _orientations(settings))
    return NpyPatches(folder, samples * settings.per_image, settings.size)


def choose_crops(
    mask: IndexMask, size: int, count: int, foreground: float, classes: Sequence[int], stream: Stream
) -> list[Crop]:
    """Choose patches of a mask (H, W): the first round(count * foreground) near a pixel of `classes`.

    Those go round the classes that the mask holds, the rarest first. The rest lies anywhere. All lie inside
    the image, or cover all of it where it is smaller than the patch.
    """
    height, width = mask.shape
    counts = np.bincount(mask.ravel(), minlength=256)
    present = sorted((index for index in classes if counts[index]), key=lambda index: (counts[index], index))
    aimed = round(count * foreground) if present else 0
    positions = {index: np.flatnonzero(mask == index) for index in present[:aimed]}
    crops = []
    for number in range(count):
        target = present[number % len(present)] if number < aimed else None
        if target is None:
            top, left = _anywhere(stream, height, size), _anywhere(stream, width, size)
        else:
            pixel = int(positions[target][stream.integer(0, len(positions[target]) - 1)])
            top = _near(stream, pixel // width, height, size)
            left = _near(stream, pixel % width, width, size)
        crops.append(Crop(top, left, target))
    return crops


def _anywhere(stream: Stream, length: int, size: int) -> int:
    room = length - size
    return stream.integer(min(0, room), max(0, room))


def _near(stream: Stream, pixel: int, length: int, size: int) -> int:
    room = length - size
    start = pixel - size // 2 + stream.integer(-(size // 4), size // 4)
    return min(max(start, min(0, room)), max(0, room))


@dataclass(frozen=True)
class _Job:
    dataset: Dataset
    sample: Sample
    number: int
    settings: PatchSettings
    files: PatchFiles
    done: DoneMarks


def _cut_sample(job: _Job) -> list[Crop]:
    settings, sample = job.settings, job.sample
    mask = job.dataset.mask(sample)
    stream = Stream(settings.seed, "patches", sample.stem)
    crops = choose_crops(
        mask, settings.size, settings.per_image, settings.foreground, job.dataset.classes.foreground, stream
    )
    if job.done.has(job.number):
        return crops
    image = job.dataset.image(sample)
    pairs = [crop_pair(image, mask, crop.top, crop.left, settings.size) for crop in crops]
    images, masks = np.stack([pair[0] for pair in pairs]), np.stack([pair[1] for pair in pairs])
    job.files.write(job.number * settings.per_image, images, masks)
    job.done.mark(job.number)
    return crops


def _rows(samples: Sequence[Sample], cut: list[list[Crop]], settings: PatchSettings) -> Iterator[tuple[object, ...]]:
    """One row a patch: its number, source and split; top left pixel; class aimed at; orientation of a PNG."""
    orientations = len(_orientations(settings)) if settings.format == "png" else 1
    numbers = itertools.count()
    for sample, crops in zip(samples, cut, strict=True):
        for crop in crops:
            for flip in range(orientations):
                yield next(numbers), sample.stem, crop.top, crop.left, sample.split, crop.target, flip


def read_patch_splits(folder: Path) -> list[str]:
    """Split of each patch of a set, in their order; SegError if its table is damaged."""
    remedy = "cut again with 'seg-prep patches --overwrite'"
    return [row.split for row in read_table(folder / INDEX, _Split, remedy=remedy, others=True)]


def _preview(dataset: Dataset, samples: Sequence[Sample], cut: list[list[Crop]], size: int) -> ImageRGB:
    """Patches from all over the dataset: rows of images, each with its masks in colour below."""
    every = [(sample, crop) for sample, crops in zip(samples, cut, strict=True) for crop in crops]
    chosen = [every[number] for number in np.linspace(0, len(every) - 1, min(_PREVIEW_PATCHES, len(every)), dtype=int)]
    pairs = [
        crop_pair(dataset.image(sample), dataset.mask(sample), crop.top, crop.left, size) for sample, crop in chosen
    ]
    pictures: list[ImageRGB] = []
    for start in range(0, len(pairs), _PREVIEW_COLUMNS):
        row = pairs[start : start + _PREVIEW_COLUMNS]
        blank = [np.full((size, size, 3), 255, np.uint8)] * (_PREVIEW_COLUMNS - len(row) if start else 0)
        pictures += [image for image, _ in row] + blank
        pictures += [overlay(image, mask, dataset.classes) for image, mask in row] + blank
    return contact_sheet(pictures, min(_PREVIEW_COLUMNS, len(pairs)))


def _orientations(settings: PatchSettings) -> tuple[tuple[int, ...], ...]:
    return FLIPS if settings.flips else FLIPS[:1]
