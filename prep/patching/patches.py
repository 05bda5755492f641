"""Cut random patches out of the training and validation samples, each split to itself."""

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from prep.core.classes import IGNORE_INDEX, ClassMap
from prep.core.cluster.crews import cluster_at_hand
from prep.core.errors import SegError
from prep.core.failures import Failures, Tried, Trying
from prep.core.files import write_text
from prep.core.jobs import run_jobs
from prep.core.jsonio import read_record
from prep.core.progress import Progress, silent
from prep.core.randomness import Stream
from prep.core.tables import ONE_OF, read_table, write_columns
from prep.dataset.damaged import any_mended, leave_out
from prep.dataset.dataset import Dataset, writes
from prep.dataset.dataset_files import INDEX, PATCH_SETTINGS, PATCHES, PREVIEW
from prep.dataset.index import Sample
from prep.dataset.transaction import Transaction
from prep.images.geometry import crop_sample
from prep.images.imageio import ImageRGB, IndexMask, write_png
from prep.images.overlay import contact_sheet, overlay
from prep.patching.crops import Crop, choose_crops
from prep.patching.patch_arrays import open_patch_arrays, recut
from prep.patching.patch_files import FLIPS, NpyPatches, PatchFiles, PngPatches

PatchFormat = Literal["npy", "png"]

_COLUMNS = ("patch", "stem", "y", "x", "split", "class", "flip")
_CUT = ("train", "val")
_PREVIEW_PATCHES = 32
_PREVIEW_COLUMNS = 16


@dataclass(frozen=True)
class PatchSettings:
    """What a set of patches was cut with; stands beside it in settings.json.

    foreground: share of the patches centred near a foreground pixel.  flips: whether all four orientations
    count (in npy sets they are virtual: the trainer flips).  split_hash: the split they were cut under.
    masks_hash: of the masks that they were cut from.  images_hash: of the images.
    left_out: stems of samples that were not cut, because a file of theirs could not be read.
    """

    size: int
    per_image: int
    seed: int
    foreground: float
    flips: bool
    format: PatchFormat
    split_hash: str
    masks_hash: str = ""
    images_hash: str = ""
    left_out: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Plain data as it stands in settings.json, which says of samples left out only where there are some."""
        return {name: value for name, value in asdict(self).items() if value or name != "left_out"}

    def is_stale(self, dataset: Dataset) -> bool:
        """Whether the dataset has another split now, or other masks or images, than those that the patches are of."""
        if self.split_hash != dataset.split_hash():
            return True
        # Older sets know neither their masks nor their images.
        if self.masks_hash not in ("", dataset.masks_hash(*_CUT)):
            return True
        digests = (dataset.digest_if_any(sample.image) for sample in dataset.of_split(*_CUT))
        if self.images_hash and self.images_hash != _images_hash(digests):
            return True
        return any_mended(dataset, self.left_out)  # by a change of the index or the classes, the files being the same


@dataclass(frozen=True)
class _Source:
    stem: str
    split: str = field(metadata={ONE_OF: _CUT})


@dataclass(frozen=True)
class PatchSet:
    """Patches on disk: `crops` of them, `flipped` counts every orientation of each.

    unlabelled: samples whose masks hold ignored pixels only, so that their patches teach nothing.
    problems: what is wrong with samples that cannot be read, of which none were cut.
    """

    folder: Path
    settings: PatchSettings
    crops: int
    unlabelled: int
    problems: tuple[str, ...] = ()

    @property
    def flipped(self) -> int:
        """Number of patches with all their orientations."""
        return self.crops * len(_orientations(self.settings))


@writes
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
    failures: Failures | None = None,
) -> PatchSet:
    """Cut `per_image` patches of every labelled train and val sample into patches/size<size>.

    Test samples are never cut. A sample's patches depend on the seed and its stem only.
    failures: of the samples with a damaged file, which are left out; without it, they are a SegError that lists them.
    Raises SegError if there are no samples, or other patches stand there and `overwrite` is not set.
    """
    samples = dataset.of_split(*_CUT)
    if not samples:
        raise SegError(f"{dataset.root}: no labelled train or val samples to cut patches of")
    settings = PatchSettings(
        size, per_image, seed, foreground, flips, patch_format, dataset.split_hash(), dataset.masks_hash(*_CUT)
    )
    cutter = _Cutter(dataset, settings, workers, progress)
    made, problems = cutter.cut(samples, overwrite=overwrite)
    while made is None:  # the places of those left out are taken by others: all are cut again without them
        leave_out(problems, len(samples), dataset, failures)
        samples = [sample for sample in samples if sample.stem not in problems]
        made, problems = cutter.cut(samples, overwrite=overwrite)
    return made


@dataclass(frozen=True)
class _Cutter:
    dataset: Dataset
    settings: PatchSettings
    workers: int | None
    progress: Progress

    def cut(self, samples: Sequence[Sample], *, overwrite: bool) -> tuple[PatchSet | None, dict[str, str]]:
        """Cut patches of these samples; where some cannot be read none, and what is wrong with each, by stem."""
        dataset, settings = self.dataset, self.settings
        name, crops = f"{PATCHES}/size{settings.size}", len(samples) * settings.per_image
        identity: dict[str, object] = {**asdict(settings), "dataset": dataset.fingerprint(), "samples": len(samples)}
        with Transaction(dataset.root, f"patches-{settings.size}", identity) as change:
            staged = change.path(f"{name}/{PATCH_SETTINGS}").parent
            files = _patch_files(staged, change.staging, settings, len(samples))
            created = change.staging / "created"
            if not created.exists():
                files.create()
                write_text(created, "")
            found = self._run(samples, files)
            if problems := {s.stem: one.problem for s, one in zip(samples, found, strict=True) if one.problem}:
                change.discard()
                return None, problems
            cut = [one.result for one in found if one.result is not None]
            used = {sample.stem for sample in samples}
            left_out = tuple(each.stem for each in dataset.of_split(*_CUT) if each.stem not in used)
            settings = replace(settings, images_hash=_images_hash(self._digests(samples, cut)), left_out=left_out)
            write_columns(staged / INDEX, _COLUMNS, _rows(samples, [one.crops for one in cut], settings))
            write_png(staged / PREVIEW, _preview(files, crops, dataset.classes))
            write_text(staged / PATCH_SETTINGS, json.dumps(settings.to_json(), indent=2, ensure_ascii=False) + "\n")
            change.commit(overwrite=overwrite, remove=(name,))
        unlabelled = sum(not one.is_labelled for one in cut)
        return PatchSet(dataset.root / name, settings, crops, unlabelled), {}

    def _run(self, samples: Sequence[Sample], files: PatchFiles) -> list[Tried["_Cut"]]:
        def take(tried: Tried[_Cut]) -> Tried[_Cut]:
            if tried.result is not None:
                files.gather(tried.result.number)
            return tried

        work = _CutSample(self.dataset.without_samples(), self.settings, files)
        jobs = [_Job(number, sample) for number, sample in enumerate(samples)]
        return run_jobs(work, jobs, self.workers, self.progress, take=take)

    def _digests(self, samples: Sequence[Sample], cut: Sequence["_Cut"]) -> Iterator[bytes]:
        """Of all samples, also of those left out: once these can be read, the patches are no longer all."""
        known = {sample.stem: one.digest for sample, one in zip(samples, cut, strict=True)}
        for sample in self.dataset.of_split(*_CUT):
            yield known[sample.stem] if sample.stem in known else self.dataset.digest_if_any(sample.image)


def _patch_files(folder: Path, working: Path, settings: PatchSettings, samples: int) -> PatchFiles:
    if settings.format == "png":
        return PngPatches(folder, settings.per_image, _orientations(settings))
    apart = cluster_at_hand() is not None
    return NpyPatches(folder, working, samples, settings.per_image, settings.size, apart)


@dataclass(frozen=True)
class _Job:
    number: int
    sample: Sample


@dataclass(frozen=True)
class _Cut:
    """What was cut of a sample. digest: SHA-256 of its image."""

    number: int
    crops: list[Crop]
    is_labelled: bool
    digest: bytes


@dataclass(frozen=True)
class _CutSample:
    """Cut the patches of one sample, unless they are written already."""

    dataset: Dataset
    settings: PatchSettings
    files: PatchFiles

    def __call__(self, job: _Job) -> Tried[_Cut]:
        """What was cut, or why the sample cannot be read; SegError if the patches cannot be written."""
        read = Trying(self._read)(job)
        if read.result is None:
            return Tried(None, read.problem)
        cut, mask, image = read.result
        if image is not None:
            pairs = [crop_sample(image, mask, crop.top, crop.left, self.settings.size) for crop in cut.crops]
            self.files.write(job.number, np.stack([pair[0] for pair in pairs]), np.stack([pair[1] for pair in pairs]))
        return Tried(cut)

    def killed(self, job: _Job, problem: str) -> Tried[_Cut]:
        """As of a sample that cannot be read."""
        return Tried(None, problem)

    def _read(self, job: _Job) -> tuple[_Cut, IndexMask, ImageRGB | None]:
        """What is to be cut, and the pixels; the image only where its patches are not written already."""
        settings, sample = self.settings, job.sample
        mask = self.dataset.mask(sample)
        stream = Stream(settings.seed, "patches", sample.stem)
        crops = choose_crops(
            mask, settings.size, settings.per_image, settings.foreground, self.dataset.classes.foreground, stream
        )
        cut = _Cut(job.number, crops, bool((mask != IGNORE_INDEX).any()), self.dataset.digest(sample.image))
        return cut, mask, None if self.files.has(job.number) else self.dataset.image(sample)


def _images_hash(digests: Iterable[bytes]) -> str:
    return hashlib.sha256(b"".join(digests)).hexdigest()[:16]


def _rows(
    samples: Sequence[Sample], cut: Sequence[list[Crop]], settings: PatchSettings
) -> Iterator[tuple[object, ...]]:
    """One row a patch: its number, source and split; top left pixel; class aimed at; orientation of a PNG."""
    orientations = len(_orientations(settings)) if settings.format == "png" else 1
    numbers = itertools.count()
    for sample, crops in zip(samples, cut, strict=True):
        for crop in crops:
            for flip in range(orientations):
                yield next(numbers), sample.stem, crop.top, crop.left, sample.split, crop.target, flip


def read_patch_settings(folder: Path) -> PatchSettings:
    """What a set of patches was cut with; SegError if that is damaged."""
    return read_record(folder / PATCH_SETTINGS, PatchSettings, remedy=recut(folder))


def read_patch_splits(folder: Path) -> list[str]:
    """Split of each patch of a set, in their order; SegError if its table is damaged."""
    return [row.split for row in _sources(folder)]


def read_patch_stems(folder: Path) -> list[str]:
    """Stem of the sample of each patch of a set, in their order; SegError if its table is damaged."""
    return [row.stem for row in _sources(folder)]


def refuse_damaged_set(folder: Path, settings: PatchSettings) -> None:
    """SegError if the table of a set is damaged, or one of its arrays; nothing of them is kept."""
    number = sum(1 for _ in _sources(folder))
    if settings.format == "npy":
        open_patch_arrays(folder, settings.size, number)


def _sources(folder: Path) -> Iterator[_Source]:
    return read_table(folder / INDEX, _Source, remedy=recut(folder), others=True)


def _preview(files: PatchFiles, crops: int, classes: ClassMap) -> ImageRGB:
    """Patches from all over the dataset: rows of images, each with its masks in colour below."""
    pairs = [files.read(int(number)) for number in np.linspace(0, crops - 1, min(_PREVIEW_PATCHES, crops), dtype=int)]
    pictures: list[ImageRGB] = []
    for start in range(0, len(pairs), _PREVIEW_COLUMNS):
        row = pairs[start : start + _PREVIEW_COLUMNS]
        blank = [np.full_like(row[0][0], 255)] * (_PREVIEW_COLUMNS - len(row) if start else 0)
        pictures += [image for image, _ in row] + blank
        pictures += [overlay(image, mask, classes) for image, mask in row] + blank
    return contact_sheet(pictures, min(_PREVIEW_COLUMNS, len(pairs)))


def _orientations(settings: PatchSettings) -> tuple[tuple[int, ...], ...]:
    return FLIPS if settings.flips else FLIPS[:1]
