"""Make the images of a dataset from raw photos: one size, upright, sRGB, without metadata."""

import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.core.files import read_bytes
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.core.words import counted, list_some, verb
from prep.core.workers import threads
from prep.dataset.dataset import Dataset, is_dataset, writes
from prep.dataset.dataset_files import IMAGES, MASKS, PHOTOS_RECORD, RANGES, STATES
from prep.dataset.index import Sample
from prep.dataset.states import read_states, with_rejected_mask, without_rejected_mask
from prep.dataset.transaction import Transaction
from prep.images.bands import Bands
from prep.images.finding import FoundFile, notes_on_unread, photos_below, with_own_names, with_pages
from prep.images.imageio import decode_image
from prep.images.likeness.same_content import shows_the_same
from prep.images.sizing import Placement
from prep.photos.class_loss import ClassLoss
from prep.photos.commit import commit_samples, digest_of_files, notes_on_others
from prep.photos.image_file import ImageOptions, image_file, notes_on_quality, place_photo, with_folders, write_file
from prep.photos.mask_look import note_on_masks
from prep.photos.photoio import open_photo
from prep.photos.ranges import Span
from prep.photos.record import PhotoRecord, read_records
from prep.photos.rendering import bands_of_set, read_rendering
from prep.photos.survey import survey_photos

_LIST_SUFFIX = ".txt"
_OWN_FOLDERS = (IMAGES, MASKS)
_ROUNDED = 0.01
"""Aspects of a photo in two sizes differ by less, as |log ratio|."""


@dataclass(frozen=True)
class PhotoJob:
    """A raw photo, its name for photos.csv, and the sample that gets its image. page: of a file with several.

    before: what photos.csv says of the image that the sample has; None if it says nothing.
    old: the image that the sample has, if it has one.
    """

    path: Path
    name: str
    sample: Sample
    page: int = 0
    before: PhotoRecord | None = None
    old: Path | None = None


@dataclass(frozen=True)
class PhotoOutcome:
    """The finished sample and what photos.csv says of it; or why there is no image.

    is_changed: whether the image has other pixels than that of before, and a mask that was made for that.
    """

    sample: Sample
    photo: PhotoRecord | None
    problem: str = ""
    is_changed: bool = False


@dataclass(frozen=True)
class ResizePhoto:
    """Write the image of a photo below `folder`; problems of the photo are returned, not raised."""

    folder: Path
    options: ImageOptions

    def __call__(self, job: PhotoJob) -> PhotoOutcome:
        """Make one image; SegError only where nothing can be written."""
        try:
            photo = open_photo(job.path, self.options.max_megapixels, job.page)
            placement = place_photo(photo, self.options)
            _refuse_other_mask(job, photo.record(job.sample.stem, job.name, placement), placement)
            image, data = image_file(photo, job.sample.stem, placement, self.options, self.folder)
            is_changed = _changes_below_mask(job, data or read_bytes(self.folder / image), placement)
        except SegError as error:
            return PhotoOutcome(job.sample, None, str(error))
        write_file(self.folder / image, data)
        sample = replace(job.sample, image=image, width=placement.width, height=placement.height)
        return PhotoOutcome(sample, photo.record(sample.stem, job.name, placement), is_changed=is_changed)

    def killed(self, job: PhotoJob, problem: str) -> PhotoOutcome:
        """The outcome of a photo that kills its worker."""
        return PhotoOutcome(job.sample, None, problem)


@dataclass(frozen=True)
class Resized:
    """What was made: samples with a new image, how many files of the dataset changed, and the photos left out.

    problems: one text for each photo that could not be used.
    classes: what each class lost, where masks were resized along.  notes: what else a person should know.
    """

    dataset: Dataset
    samples: tuple[Sample, ...]
    changed: int
    problems: tuple[str, ...]
    classes: tuple[ClassLoss, ...] = ()
    notes: tuple[str, ...] = ()


@writes
def resize_photos(
    sources: Sequence[Path],
    root: Path,
    options: ImageOptions,
    *,
    span: Span | None = None,
    bands: Bands | None = None,
    max_failed: int | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Resized:
    """Make images of photos and add them to the dataset `root`, which need not exist yet.

    span: the numbers of deep photos that become black and white; None takes those of the dataset, else those in use.
    bands: of TIFFs, which are red, green and blue; None takes those of the dataset, else the first three.
    sources: folders (searched at any depth), photos, or .txt lists of photos, one path a line.
    A photo that cannot be used is left out and reported; the others are made. Raises SegError, and changes nothing,
    if no photo can be used, if more than `max_failed` cannot, or if other results stand there and `overwrite` is not
    set.
    """
    for source in sources:
        refuse_own_folders(source, root)
        if is_dataset(source):
            raise SegError(f"{source}: is a dataset; resize it alone, then its masks go along")
    named = _find(sources)
    found, odd = with_own_names(named)
    unread = notes_on_unread(sources, found)
    masks = note_on_masks(sources[0], [file.path for file in found])
    before = Dataset.open(root) if is_dataset(root) else None
    states = read_states(root / STATES)
    known = {sample.stem: with_rejected_mask(root, sample, states) for sample in before.samples} if before else {}
    records = read_records(root / PHOTOS_RECORD)
    jobs = [
        PhotoJob(
            *(each.path, each.record_name, known.get(each.stem, Sample(each.stem, "", "", 0, 0)), each.page),
            before=records.get(each.stem),
            old=root / known[each.stem].image if each.stem in known and known[each.stem].image else None,
        )
        for each in found
    ]
    rendered = read_rendering(root / RANGES)
    bands = bands_of_set(bands, rendered, "the dataset", has_images=any(sample.image for sample in known.values()))
    survey = survey_photos(
        found, known=rendered, given=span, bands=bands, max_megapixels=options.max_megapixels, workers=workers
    )
    options = replace(options, rendering=survey.rendering)
    settings: dict[str, object] = {"options": asdict(options), "files": digest_of_files(job.path for job in jobs)}
    failures = Failures(max_failed)
    for problem in odd:
        failures.add(problem)
    with Transaction(root, "resize", settings) as change:
        with threads(workers) as pool:  # decoding, resizing and encoding all release Python's lock
            work = ResizePhoto(with_folders(change.path(".")), options)
            outcomes = run_jobs(work, jobs, workers, progress, pool, take=failures.look)
        problems = (*odd, *(outcome.problem for outcome in outcomes if outcome.problem))
        samples = [without_rejected_mask(outcome.sample, states) for outcome in outcomes if not outcome.problem]
        refuse_nothing_made(change, samples, problems)
        photos = [outcome.photo for outcome in outcomes if outcome.photo]
        changed = commit_samples(change, known, samples, photos, survey.rendering, overwrite=overwrite)
    coded = notes_on_quality([sample.image for sample in samples], options)
    below = _notes_on_changed([outcome.sample.stem for outcome in outcomes if outcome.is_changed])
    had = [stem for stem, sample in known.items() if sample.image]
    stay = notes_on_others(had, [file.stem for file in named], "image", "these photos")
    notes = (*masks, *unread, *survey.notes, *coded, *stay, *below)
    return Resized(Dataset.open(root), tuple(samples), changed, problems, notes=notes)


def refuse_nothing_made(change: Transaction, samples: Sequence[Sample], problems: Sequence[str]) -> None:
    """SegError if not one photo could be used; nothing is left of the attempt then."""
    if not samples:
        change.discard()
        raise SegError("\n".join([*problems, "Nothing was written: none of the photos can be used"]))


def refuse_own_folders(source: Path, root: Path) -> None:
    """SegError if the next run would find the results of this one among its photos, or if raw files would change."""
    raw, target = source.resolve(), root.resolve()
    if any(raw.is_relative_to(target / name) for name in _OWN_FOLDERS) or raw == target:
        raise SegError(
            f"{source}: results are written to {root}/images, and raw photos are never changed; "
            "name another dataset with -o"
        )
    if raw.is_dir() and target.is_relative_to(raw):
        raise SegError(
            f"{root}: lies inside of {source}, where the next run would take the results for photos; "
            "name a folder outside of it with -o"
        )


def _refuse_other_mask(job: PhotoJob, after: PhotoRecord, placement: Placement) -> None:
    """A mask that the dataset has already has to fit the new image, and what it shows where."""
    sample, before = job.sample, job.before
    if not sample.mask:
        return
    remedy = "resize into another dataset (resizing a whole dataset takes its masks along)"
    if (sample.width, sample.height) != (placement.width, placement.height):
        raise SegError(
            f"{job.path}: would become {placement.width} x {placement.height} pixels, but the dataset has the mask "
            f"{sample.mask} of {sample.width} x {sample.height} for it; ask for that size, or {remedy}"
        )
    if before is not None and not _lies_as(before, after):
        raise SegError(
            f"{job.path}: would lie elsewhere in its image than before, and the mask {sample.mask} was made for that "
            f"({_shown(before)} before, {_shown(after)} now); choose --fit and --size as they were, or {remedy}"
        )


def _changes_below_mask(job: PhotoJob, content: bytes, placement: Placement) -> bool:
    """Whether the image of a mask gets other pixels. SegError if it would show something else: cameras count anew."""
    if not job.sample.mask or job.old is None:
        return False
    try:
        before = read_bytes(job.old)
        if before == content:
            return False
        old = decode_image(job.old, before)
    except SegError:  # gone or damaged: the photo brings it back
        return False
    new = decode_image(job.path, content)
    if np.array_equal(old, new):
        return False
    rows = slice(placement.top, placement.top + placement.down)
    columns = slice(placement.left, placement.left + placement.across)
    if not shows_the_same(old[rows, columns], new[rows, columns]):
        raise SegError(
            f"{job.path}: shows something else than {job.old}, for which the dataset has the mask {job.sample.mask}; "
            "rename the photo, so that it becomes a sample of its own, or, if that mask fits it all the same, delete "
            f"{job.old} and type this again"
        )
    return True


def _notes_on_changed(stems: Sequence[str]) -> list[str]:
    """A note on images that are others than those for which their masks were made, though they show the same."""
    if not stems:
        return []
    return [
        f"{counted(len(stems), 'image')} with a mask {verb(len(stems), 'has', 'have')} other pixels now and "
        f"{verb(len(stems), 'shows', 'show')} the same; {verb(len(stems), 'its mask stays', 'their masks stay')} as "
        f"before: {list_some(stems)}"
    ]


def _lies_as(before: PhotoRecord, after: PhotoRecord) -> bool:
    """Whether the photo has the same place in its image, and but for rounding the same shape as a person sees it."""
    places = [(each.left, each.top, each.across, each.down) for each in (before, after)]
    (width, height), (other_width, other_height) = before.upright_size, after.upright_size
    return places[0] == places[1] and abs(math.log(width * other_height / (height * other_width))) < _ROUNDED


def _shown(record: PhotoRecord) -> str:
    across, down = record.upright_size
    return f"{across} x {down} at {record.left}, {record.top} in {record.across} x {record.down} pixels"


def _find(sources: Sequence[Path]) -> list[FoundFile]:
    found: list[FoundFile] = []
    for source in sources:
        is_list = source.suffix.lower() == _LIST_SUFFIX and source.is_file()
        found += _listed(source) if is_list else photos_below([source])
    return found


def _listed(path: Path) -> list[FoundFile]:
    """The photos of a list, one path a line, relative to the list; named from the folder that they share."""
    try:
        lines = read_bytes(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise SegError(f"{path}: not in UTF-8; save it again in that encoding") from error
    photos = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        photo = path.parent / line.strip()
        if not photo.is_file():
            raise SegError(f"{path}, line {number}: no such file: {photo}; paths are relative to the list")
        photos.append(Path(os.path.abspath(photo)))  # noqa: PTH100  # resolve() would follow links to other names
    if not photos:
        raise SegError(f"{path}: names no photo; write one path a line")
    shared = Path(os.path.commonpath([photo.parent for photo in photos]))
    return with_pages(FoundFile(photo, photo.relative_to(shared).as_posix()) for photo in photos)
