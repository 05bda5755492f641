"""Cut rasters with a place on the earth into the samples of a dataset, together with their labels."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX, ClassMap, write_classes
from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.core.words import counted, list_some
from prep.core.workers import threads
from prep.cutting.cells import Cell, cells_of
from prep.cutting.joining import joined_samples, refuse_other_classes
from prep.cutting.label_rasters import LabelRasters
from prep.cutting.labels import RASTER_SUFFIXES, LabelOptions, Labels, PartMask, VectorLabels
from prep.cutting.survey import survey_rasters
from prep.dataset.dataset import Dataset, is_dataset, writes
from prep.dataset.dataset_files import CLASSES, DERIVED, FOLDS, IMAGES, INDEX, MASKS, RANGES, STATES
from prep.dataset.index import Sample, write_index
from prep.dataset.states import (
    notes_on_rejected,
    read_states_and_notes,
    with_rejected_mask,
    without_rejected_mask,
    write_states,
)
from prep.dataset.transaction import Transaction
from prep.geo.extra import need_geo
from prep.geo.footprint import Footprint
from prep.geo.georeference import companions, read_georeference
from prep.geo.projection import Projection, projection_of, warping
from prep.geo.vectors import VECTOR_SUFFIXES
from prep.images.bands import Bands
from prep.images.finding import FoundFile, find_files, refuse_equal_stems
from prep.images.imageio import ImageRGB, encode_png
from prep.photos.commit import digest_of_files
from prep.photos.image_file import with_folders, write_file
from prep.photos.ranges import Span
from prep.photos.rendering import OWN_RANGES, Rendering, bands_of_set, read_rendering, write_rendering
from prep.photos.rows.tiff_rows import TiffRows

_ROWS = 256
"""Rows of a raster that are read at a time."""


@dataclass(frozen=True)
class CutRasters:
    """What was cut: the samples, how many parts and files that concerned, and the rasters that were left out.

    empty: parts without data, which were dropped.  unlabelled: samples that got no mask, as no pixel
    of theirs has a label.
    changed: files of the dataset that are new or other ones; 0 where all was there already.
    problems: one text for each raster that could not be used.  notes: what else a person should know.
    """

    dataset: Dataset
    samples: tuple[Sample, ...]
    empty: int
    unlabelled: int
    changed: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]


@writes
def cut_rasters(
    rasters: Sequence[Path],
    root: Path,
    *,
    size: int = 1024,
    overlap: int = 0,
    labels: LabelOptions | None = None,
    span: Span | None = None,
    bands: Bands | None = None,
    max_failed: int | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> CutRasters:
    """Cut TIFF rasters (files, or folders of them) into samples of at most size x size pixels, as cells_of does.

    Of each sample the index keeps its place on the earth. Parts without data are dropped; single pixels without data
    are ignored in masks. Rasters are read a row of samples at a time, whatever their size.
    span: the numbers of deep rasters that become black and white; None takes those of the dataset, else those in use
    in all of them.
    bands: which are red, green and blue; None takes those of the dataset, else the first three.
    A raster that cannot be used is left out and reported. Raises SegError, and changes nothing, if none can be used,
    if more than `max_failed` cannot, or if other results stand there and `overwrite` is not set.
    """
    need_geo("Rasters on the map need")
    if not 0 <= overlap < size:
        raise SegError(f"--overlap {overlap}: needs to be less than --size {size}")
    found = [file for source in rasters for file in find_files(source, RASTER_SUFFIXES)]
    if not found:
        raise SegError(f"{list_some(list(map(str, rasters)))}: no rasters here; looked for .tif, .tiff")
    refuse_equal_stems(found)
    before = Dataset.open(root) if is_dataset(root) else None
    states, remarks = read_states_and_notes(root / STATES)
    known = {sample.stem: with_rejected_mask(root, sample, states) for sample in before.samples} if before else {}
    opened = _opened(labels, before.classes if before and len(before.classes) else None)
    rendered = read_rendering(root / RANGES)
    bands = bands_of_set(bands, rendered, "the dataset", has_images=any(sample.image for sample in known.values()))
    survey = survey_rasters([file.path for file in found], rendered, span, bands)
    settings = {"size": size, "overlap": overlap, "rendering": survey.rendering.to_plain(), **_inputs(found, labels)}
    failures, rows, cut = Failures(max_failed), 0, list[FoundFile]()

    def advance(more: int) -> None:
        nonlocal rows
        rows += more
        progress(min(rows, survey.rows), survey.rows)

    with Transaction(root, "tile", settings) as change:
        work = _Cutting(change, size, overlap, survey.rendering, opened, workers, advance)
        for file in found:
            with failures.leaving_out():
                work.cut(file)
                cut.append(file)
        if not work.samples:
            change.discard()
            raise SegError("\n".join([*failures.problems, "Nothing was written: no raster holds anything to cut"]))
        joined = joined_samples(work.samples, known, cut, {*states, *remarks}, overwrite=overwrite)
        if joined.unstated:
            for stem in joined.unstated:
                states.pop(stem, None)
                remarks.pop(stem, None)
            write_states(change.path(STATES), states, remarks)
        if opened is not None:
            if before:
                refuse_other_classes(root, joined, work.samples, before.classes, opened.classes)
            write_classes(change.path(CLASSES), opened.classes)
        if survey.rendering != OWN_RANGES:
            ranges = {**rendered.ranges, **survey.rendering.ranges}
            write_rendering(change.path(RANGES), Rendering(ranges, bands))
        samples = {stem: without_rejected_mask(sample, states) for stem, sample in joined.samples.items()}
        write_index(change.path(INDEX), samples.values())
        updates = (INDEX, STATES, RANGES)
        left = [FOLDS] if joined.moved else []  # it names them, and means what they showed
        changed = change.commit(overwrite=overwrite, updates=updates, remove=(*DERIVED, *joined.gone, *left))
    rejected = notes_on_rejected(root, [stem for stem, sample in work.samples.items() if sample.mask])
    notes = [*survey.notes, *(opened.notes if opened else []), *work.notes(), *joined.notes, *rejected]
    made = tuple(samples[stem] for stem in sorted(work.samples))
    counts = work.empty, work.unlabelled if opened else 0, len(changed)
    return CutRasters(Dataset.open(root), made, *counts, tuple(failures.problems), tuple(notes))


def _inputs(found: Sequence[FoundFile], labels: LabelOptions | None) -> dict[str, object]:
    """Of the settings, what stands for rasters and labels."""
    plain = {name: str(value) for name, value in asdict(labels).items()} if labels else {}
    beside = [each for file in found for each in companions(file.path)]
    files = [file.path for file in found] + beside + (labels.files if labels else [])
    return {"labels": plain, "files": digest_of_files(files)}


def _opened(labels: LabelOptions | None, known: ClassMap | None) -> Labels | None:
    if labels is None:
        return None
    is_vector = labels.source.suffix.lower() in VECTOR_SUFFIXES and labels.source.is_file()
    return VectorLabels(labels, known) if is_vector else LabelRasters(labels, known)


@dataclass(frozen=True)
class _Part:
    """A part of a raster with its pixels, and its mask if there are labels."""

    stem: str
    image: ImageRGB
    mask: NDArray[np.uint8] | None


@dataclass(frozen=True)
class _WritePart:
    """Writes image and mask of a part below `folder`; whatever an interrupted run has written stays."""

    folder: Path

    def __call__(self, part: _Part) -> None:
        for name, pixels in ((f"{IMAGES}/{part.stem}.png", part.image), (f"{MASKS}/{part.stem}.png", part.mask)):
            if pixels is not None and not (self.folder / name).exists():
                write_file(self.folder / name, encode_png(pixels))


class _Cutting:
    """Rasters are cut one after the other, each a row of samples at a time."""

    def __init__(
        self,
        change: Transaction,
        size: int,
        overlap: int,
        rendering: Rendering,
        labels: Labels | None,
        workers: int | None,
        advance: Callable[[int], None],
    ) -> None:
        self._advance = advance
        self._change, self._size, self._overlap = change, size, overlap
        self._write = _WritePart(with_folders(change.path(".")))
        self._rendering, self._labels, self._workers = rendering, labels, workers
        self.samples: dict[str, Sample] = {}
        self.empty = self.unlabelled = 0
        self._placeless: list[str] = []
        self._warpings: list[str] = []

    def cut(self, file: FoundFile) -> None:
        """Stage the samples of a raster; of one that cannot be read to its end nothing stays."""
        rows = TiffRows(file.path, self._rendering)
        place = read_georeference(file.path)
        projection = projection_of(place) if place is not None else None
        masks = self._labels.of(file.path, place, rows.width, rows.height) if self._labels else None
        before = dict(self.samples), self.empty, self.unlabelled
        try:
            with threads(self._workers) as pool:
                for cells in cells_of(rows.width, rows.height, self._size, self._overlap):
                    parts = self._parts(file.stem, rows, cells, masks, projection)
                    run_jobs(self._write, parts, self._workers, executor=pool)
                    self._advance(cells[0].height)
        except SegError:
            for stem in self.samples.keys() - before[0].keys():
                for folder in (IMAGES, MASKS):
                    self._change.path(f"{folder}/{stem}.png").unlink(missing_ok=True)
            self.samples, self.empty, self.unlabelled = before
            raise
        if projection is None:
            self._placeless.append(file.name)
            self._warpings += filter(None, [warping(place) if place is not None else None])

    def notes(self) -> list[str]:
        """What a person should know of the rasters."""
        if not self._placeless:
            return []
        several = counted(len(self._placeless), "raster")
        return [
            f"{several} ({list_some(self._placeless)}) without a place or coordinate system: their samples have no "
            "place, and 'seg-prep split --group-by place' cannot use them",
            *(f"only control points say where it lies; cut what this makes of it: {each}" for each in self._warpings),
        ]

    def _parts(
        self, stem: str, rows: TiffRows, cells: Sequence[Cell], masks: PartMask | None, projection: Projection | None
    ) -> list[_Part]:
        """The parts of one row of cells that hold data; their samples are noted."""
        top, height = cells[0].top, cells[0].height
        image = np.empty((height, rows.width, 3), np.uint8)
        empty = np.empty((height, rows.width), np.bool_)
        for first in range(0, height, _ROWS):
            last = min(height, first + _ROWS)
            image[first:last], empty[first:last] = rows.rows_with_empty(top + first, top + last)
        parts = []
        for cell in cells:
            across = slice(cell.left, cell.left + cell.width)
            if empty[:, across].all():
                self.empty += 1
                continue
            mask = None if masks is None else masks(cell.left, top, cell.width, height)
            if mask is not None:
                mask[empty[:, across]] = IGNORE_INDEX
                if (mask == IGNORE_INDEX).all():
                    mask, self.unlabelled = None, self.unlabelled + 1
            part = _Part(f"{stem}_{cell.name}", np.ascontiguousarray(image[:, across]), mask)
            self.samples[part.stem] = _sample(part, cell, projection)
            parts.append(part)
        return parts


def _sample(part: _Part, cell: Cell, projection: Projection | None) -> Sample:
    mask = "" if part.mask is None else f"{MASKS}/{part.stem}.png"
    sample = Sample(part.stem, f"{IMAGES}/{part.stem}.png", mask, cell.width, cell.height)
    if projection is None:
        return sample
    crs = projection.crs.to_string()
    found = Footprint.of(projection.transform, crs, cell.left, cell.top, cell.width, cell.height)
    return replace(sample, east=found.east, north=found.north, crs=found.crs, pixel=found.pixel)
