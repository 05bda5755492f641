"""Make the images of a dataset from raw photos: one size, upright, sRGB, without metadata."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from prep.core.errors import SegError
from prep.core.files import explained, read_bytes
from prep.core.jobs import run_jobs, threads
from prep.core.progress import Progress, silent
from prep.core.words import list_some
from prep.dataset.dataset import Dataset, Sample, is_dataset, write_index
from prep.dataset.dataset_files import DERIVED, IMAGES, INDEX, MASKS, PHOTOS_RECORD, STATES
from prep.dataset.transaction import Transaction
from prep.images.finding import FoundFile, find_photos, refuse_equal_stems
from prep.photos.class_loss import ClassChange
from prep.photos.record import Photo, read_photos, write_photos
from prep.photos.resize_photo import Options, PhotoJob, ResizePhoto

LIST_SUFFIX = ".txt"
_OWN_FOLDERS = (IMAGES, MASKS)


@dataclass(frozen=True)
class Resized:
    """What was made: samples with a new image, how many files of the dataset changed, and the photos left out.

    problems: one text for each photo that could not be used.
    classes: what each class lost, where masks were resized along.
    """

    dataset: Dataset
    samples: tuple[Sample, ...]
    changed: int
    problems: tuple[str, ...]
    classes: tuple[ClassChange, ...] = ()


def resize_photos(
    sources: Sequence[Path],
    root: Path,
    options: Options,
    *,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Resized:
    """Make images of photos and add them to the dataset `root`, which need not exist yet.

    sources: folders (searched at any depth), photos, or .txt lists of photos, one path a line.
    A photo that cannot be used is left out and reported; the others are made. Raises SegError, and changes nothing,
    if no photo can be used, or if other results stand there and `overwrite` is not set.
    """
    for source in sources:
        refuse_own_folders(source, root)
        if is_dataset(source):
            raise SegError(f"{source}: is a dataset; resize it alone, then its masks go along")
    found = _find(sources)
    before = Dataset.open(root) if is_dataset(root) else None
    known = {sample.stem: sample for sample in before.samples} if before else {}
    jobs = [PhotoJob(each.path, each.name, known.get(each.stem, Sample(each.stem, "", "", 0, 0))) for each in found]
    with Transaction(root, "resize", settings([job.path for job in jobs], options)) as change:
        with threads(workers) as pool:  # decoding, resizing and encoding all release Python's lock
            outcomes = run_jobs(ResizePhoto(change.path("."), options), jobs, workers, progress, pool)
        problems = tuple(outcome.problem for outcome in outcomes if outcome.problem)
        samples = [outcome.sample for outcome in outcomes if not outcome.problem]
        refuse_nothing_made(change, samples, problems)
        photos = [outcome.photo for outcome in outcomes if outcome.photo]
        changed = commit(change, known, samples, photos, overwrite=overwrite)
    return Resized(Dataset.open(root), tuple(samples), changed, problems)


def commit(
    change: Transaction,
    known: Mapping[str, Sample],
    samples: Sequence[Sample],
    photos: Sequence[Photo],
    *,
    overwrite: bool,
) -> int:
    """Merge new samples and their photos with those of the dataset; returns how many files changed.

    SegError if other images would be replaced and `overwrite` is not set.
    """
    root = change.root
    before = [(known[sample.stem].image, sample.image) for sample in samples if sample.stem in known]
    replaced = sorted(old for old, new in before if old and old != new)
    if replaced and not overwrite:
        change.discard()
        raise SegError(f"{root}: already holds {list_some(replaced)}; add --overwrite to replace them")
    records = read_photos(root / PHOTOS_RECORD) | {photo.stem: photo for photo in photos}
    if records:
        write_photos(change.path(PHOTOS_RECORD), records.values())
    write_index(change.path(INDEX), (dict(known) | {sample.stem: sample for sample in samples}).values())
    updates = (INDEX, PHOTOS_RECORD, STATES)
    return len(change.commit(overwrite=overwrite, updates=updates, remove=(*DERIVED, *replaced)))


def refuse_nothing_made(change: Transaction, samples: Sequence[Sample], problems: Sequence[str]) -> None:
    """SegError if not one photo could be used; nothing is left of the attempt then."""
    if not samples:
        change.discard()
        raise SegError("\n".join([*problems, "Nothing was written: none of the photos can be used"]))


def settings(paths: Sequence[Path], options: Options) -> dict[str, object]:
    """What a staged result depends on: contents of files are known by size and time."""
    files = []
    for path in paths:
        with explained(path):
            status = path.stat()
        files.append((path.as_posix(), status.st_size, status.st_mtime_ns))
    return {"options": asdict(options), "files": files}


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


def _find(sources: Sequence[Path]) -> list[FoundFile]:
    found: list[FoundFile] = []
    for source in sources:
        is_list = source.suffix.lower() == LIST_SUFFIX and source.is_file()
        found += _listed(source) if is_list else find_photos([source])
    refuse_equal_stems(found)
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
    return [FoundFile(photo, photo.relative_to(shared).as_posix()) for photo in photos]
