"""Resize a whole dataset: every image with its mask, into another dataset."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import NO_CLASSES, write_classes
from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.core.words import counted, list_some
from prep.dataset.dataset import Dataset, is_dataset, writes
from prep.dataset.dataset_files import CLASSES, PHOTOS_RECORD, RANGES, STATES
from prep.dataset.index import Sample
from prep.dataset.provenance import carry_split_way
from prep.dataset.states import (
    LabellingStates,
    joined_labelling,
    notes_on_rejected,
    own_mask_name,
    read_states_and_notes,
    with_rejected_mask,
    write_states,
)
from prep.dataset.stats import count_values
from prep.dataset.transaction import Transaction
from prep.geo.footprint import footprints_of
from prep.images.bands import Bands
from prep.images.imageio import encode_png
from prep.images.resample import resize_mask
from prep.images.sizing import Placement
from prep.photos.class_loss import ClassLoss, class_losses
from prep.photos.commit import commit_samples, digest_of_files, notes_on_others
from prep.photos.image_file import (
    ImageOptions,
    image_file,
    notes_on_quality,
    place_photo,
    place_size,
    with_folders,
    write_file,
)
from prep.photos.photoio import open_photo
from prep.photos.ranges import Span
from prep.photos.record import PhotoRecord, read_records
from prep.photos.rendering import Rendering, read_rendering
from prep.photos.resize import Resized, refuse_nothing_made, refuse_own_folders


@dataclass(frozen=True)
class SampleOutcome:
    """The finished sample, its placement and its mask's pixels (256,) by value; or why it was left out."""

    sample: Sample
    placement: Placement | None
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    problem: str = ""


@dataclass(frozen=True)
class ResizeSample:
    """Write image and mask of a sample below `folder`; problems of its files are returned, not raised.

    dataset: the one to read from; its samples are not used.
    """

    folder: Path
    dataset: Dataset
    options: ImageOptions

    def __call__(self, sample: Sample) -> SampleOutcome:
        """Resize one sample; SegError only where nothing can be written."""
        nothing = np.zeros(256, np.int64)
        try:
            mask = self.dataset.mask(sample) if sample.mask else None
            image, data, placement = self._image(sample)
        except SegError as error:
            return SampleOutcome(sample, None, nothing, nothing, str(error))
        write_file(self.folder / image, data)
        made = _placed(replace(sample, image=image), placement)
        if mask is None:
            return SampleOutcome(made, placement, nothing, nothing)
        resized = resize_mask(mask, placement)
        made = replace(made, mask=own_mask_name(sample.stem))
        write_file(self.folder / made.mask, encode_png(resized))
        return SampleOutcome(made, placement, count_values(mask), count_values(resized))

    def killed(self, sample: Sample, problem: str) -> SampleOutcome:
        """The outcome of a sample that kills its worker."""
        return SampleOutcome(sample, None, np.zeros(256, np.int64), np.zeros(256, np.int64), problem)

    def _image(self, sample: Sample) -> tuple[str, bytes, Placement]:
        """Name, file content (empty if an interrupted run has made it) and placement of the new image."""
        if not sample.image:
            return "", b"", place_size(self.dataset.root / sample.mask, sample.width, sample.height, self.options)
        photo = open_photo(self.dataset.root / sample.image, self.options.max_megapixels)
        if photo.upright_size != (sample.width, sample.height):
            raise SegError(
                f"{photo.path}: {photo.upright_size[0]} x {photo.upright_size[1]} pixels, but the index says "
                f"{sample.width} x {sample.height}; was the file replaced?"
            )
        placement = place_photo(photo, self.options)
        return *image_file(photo, sample.stem, placement, self.options, self.folder), placement


@writes
def resize_dataset(
    source: Path,
    root: Path,
    options: ImageOptions,
    *,
    max_failed: int | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Resized:
    """Resize every sample of the dataset `source` into the dataset `root`: images by area, masks by nearest pixel.

    Classes, groups, splits with the way in which they were made, and the states of labelling go along. A sample that
    cannot be used is left out and reported.
    Raises SegError, and changes nothing, if no sample can be used or more than `max_failed` cannot, if `root` has other
    classes, or if other results stand there and `overwrite` is not set.
    """
    refuse_own_folders(source, root)
    dataset, fingerprint = Dataset.open_as_it_is(source)
    before = Dataset.open(root) if is_dataset(root) else None
    if before and before.classes != NO_CLASSES and before.classes != dataset.classes:
        raise SegError(f"{root}: has other classes than {source}; name another dataset with -o")
    known = {sample.stem: sample for sample in before.samples} if before else {}
    rendering = _rendering(source, root, has_images=any(sample.image for sample in known.values()))
    states, notes = read_states_and_notes(source / STATES)
    whole = [with_rejected_mask(source, sample, states) for sample in dataset.samples]
    files = [source / name for sample in whole for name in (sample.image, sample.mask) if name]
    settings: dict[str, object] = {"options": asdict(options), "files": digest_of_files(files)}
    with Transaction(root, "resize", settings) as change:
        work = ResizeSample(with_folders(change.path(".")), dataset.without_samples(), options)
        outcomes = run_jobs(work, whole, workers, progress, take=Failures(max_failed).look)
        problems = tuple(outcome.problem for outcome in outcomes if outcome.problem)
        pairs = [(old, new) for old, new in zip(dataset.samples, outcomes, strict=True) if new.placement]
        samples = [_as_split(_as_labelled(new.sample, old), known.get(new.sample.stem)) for old, new in pairs]
        dataset.refuse_change(fingerprint)
        refuse_nothing_made(change, samples, problems)
        if dataset.classes != NO_CLASSES:
            write_classes(change.path(CLASSES), dataset.classes)
        told: list[str] = []
        if states or notes:
            here, there = LabellingStates(*read_states_and_notes(root / STATES)), LabellingStates(states, notes)
            joined, told = joined_labelling(here, there, str(source), overwrite=overwrite)
            write_states(change.path(STATES), joined.states, joined.notes)
        changed = commit_samples(change, known, samples, _records(source, pairs), rendering, overwrite=overwrite)
    if any(old.group or old.split for old, _ in pairs):
        carry_split_way(source, root)  # samples that are added here are grouped as these were
    others = notes_on_others(known, [sample.stem for sample in dataset.samples], "sample", f"those of {source}")
    rejected = notes_on_rejected(root, [sample.stem for sample in samples if sample.mask])
    coded = notes_on_quality([sample.image for sample in samples], options)
    said = (*coded, *others, *_moved_notes(known, samples), *told, *rejected)
    return Resized(Dataset.open(root), tuple(samples), changed, problems, _changes(dataset, pairs), said)


def _placed(sample: Sample, placement: Placement) -> Sample:
    """The sample in its new size, and where it lies on the earth if it has a place."""
    made = replace(sample, width=placement.width, height=placement.height)
    if not (footprint := footprints_of([sample]).get(sample.stem)):
        return made
    new = footprint.resized(placement)
    return replace(made, east=new.east, north=new.north, pixel=new.pixel)


def _as_labelled(sample: Sample, old: Sample) -> Sample:
    """With a mask only if the old one had one: not that of a rejected image."""
    return sample if old.mask else replace(sample, mask="")


def _as_split(sample: Sample, known: Sample | None) -> Sample:
    """A split that was made in the new dataset stays where the old one has none."""
    if known is None or sample.split or sample.group:
        return sample
    return replace(sample, group=known.group, split=known.split)


def _moved_notes(known: Mapping[str, Sample], samples: Sequence[Sample]) -> list[str]:
    """A note on samples that the new dataset had in another split than the old one."""
    moved = [each.stem for each in samples if each.stem in known and known[each.stem].split not in ("", each.split)]
    if not moved:
        return []
    return [f"in the split that they have where they come from: {counted(len(moved), 'sample')} ({list_some(moved)})"]


def _records(source: Path, pairs: Sequence[tuple[Sample, SampleOutcome]]) -> list[PhotoRecord]:
    """The lines of photos.csv, with the rectangle of each photo where it is now."""
    records = read_records(source / PHOTOS_RECORD)
    return [
        _moved(records[old.stem], old, new.placement) for old, new in pairs if new.placement and old.stem in records
    ]


def refuse_rendering(source: Path, span: Span | None, bands: Bands | None) -> None:
    """SegError if something is said of photos: the images of a dataset are made already."""
    said = [name for name, value in (("--range", span), ("--bands", bands)) if value is not None]
    if said:
        raise SegError(f"{source}: is a dataset, whose images are 8 bits of three colours; leave {said[0]} out")


def _rendering(source: Path, root: Path, *, has_images: bool) -> Rendering:
    """How numbers of photos became colours in both; SegError if the other dataset has images made otherwise."""
    ours = read_rendering(source / RANGES)
    return read_rendering(root / RANGES).joined(ours, str(root), str(source)) if has_images else ours


def _moved(photo: PhotoRecord, old: Sample, placement: Placement) -> PhotoRecord:
    across, down = placement.across / old.width, placement.down / old.height
    left, right = round(photo.left * across), round((photo.left + photo.across) * across)
    top, bottom = round(photo.top * down), round((photo.top + photo.down) * down)
    return replace(
        photo,
        left=placement.left + left,
        top=placement.top + top,
        across=max(1, right - left),
        down=max(1, bottom - top),
    )


def _changes(dataset: Dataset, pairs: Sequence[tuple[Sample, SampleOutcome]]) -> tuple[ClassLoss, ...]:
    masks = [(old, new, new.placement) for old, new in pairs if old.mask and new.placement]
    if not masks:
        return ()
    return class_losses(
        dataset.classes.names,
        np.stack([new.before for _, new, _ in masks]),
        np.stack([new.after for _, new, _ in masks]),
        np.array([placed.across * placed.down / (old.width * old.height) for old, _, placed in masks]),
    )
