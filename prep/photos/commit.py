"""New samples, and the rows of their photos, join those of a dataset."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from prep.core.errors import SegError
from prep.core.words import counted, list_some, verb
from prep.dataset.dataset_files import ACCEPTED_PIXELS, CLASSES, DERIVED, INDEX, PHOTOS_RECORD, RANGES, STATES
from prep.dataset.index import Sample, write_index
from prep.dataset.states import read_states, without_rejected_mask
from prep.dataset.transaction import Transaction
from prep.photos.record import PhotoRecord, read_records, write_records
from prep.photos.rendering import OWN_RANGES, Rendering, read_rendering, write_rendering


def digest_of_files(paths: Iterable[Path]) -> str:
    """Digest of paths, sizes and times of files that a staged result depends on, in their order."""
    return digest_of_rows((path.as_posix(), *size_and_time(path)) for path in paths)


def digest_of_rows(rows: Iterable[tuple[str | int, ...]]) -> str:
    """SHA-256 of rows of plain values, in their order: those of a million files are not kept."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row).encode() + b"\n")
    return digest.hexdigest()


def size_and_time(path: Path) -> tuple[int, int]:
    """Bytes, and nanoseconds of the last change; both -1 where the file, or what it links to, is gone.

    Whoever reads that one says what is wrong with it.
    """
    try:
        status = path.stat()
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


def notes_on_others(known: Iterable[str], named: Iterable[str], what: str, where: str) -> list[str]:
    """A note on samples that a command which is typed again does not name: their files may be gone.

    known, named: stems before, and of this time, also of files that cannot be used; where they have none in common,
    others join, and nothing is to be said.
    """
    given, before = set(named), set(known)
    others = sorted(before - given)
    if not others or given.isdisjoint(before):
        return []
    them = verb(len(others), "it stays", "they stay")
    return [
        f"{counted(len(others), what)} of the dataset {verb(len(others), 'is', 'are')} not among {where}, and {them} "
        f"as before: {list_some(others)}"
    ]


def commit_samples(
    change: Transaction,
    known: Mapping[str, Sample],
    samples: Sequence[Sample],
    photos: Sequence[PhotoRecord],
    rendering: Rendering = OWN_RANGES,
    *,
    gone: Sequence[str] = (),
    overwrite: bool,
) -> int:
    """Commit what is staged, with new samples and photos among those of the dataset; returns how many files changed.

    known: samples of the dataset by stem.  rendering: of the photos.  gone: masks that samples have no more.
    The masks of rejected samples are not named in the index, whatever `samples` say.
    SegError if other images would be replaced, or masks would go, and `overwrite` is not set.
    """
    root = change.root
    staged = change.path(STATES)
    states = read_states(staged if staged.exists() else root / STATES)
    before = [(known[sample.stem].image, sample.image) for sample in samples if sample.stem in known]
    # The new photo is of another kind, or the new label holds nothing.
    replaced = sorted([*(old for old, new in before if old and old != new), *filter(None, gone)])
    if replaced and not overwrite:
        change.discard()
        raise SegError(f"{root}: already holds {list_some(replaced)}; add --overwrite to replace them")
    records = read_records(root / PHOTOS_RECORD) | {photo.stem: photo for photo in photos}
    if records:
        write_records(change.path(PHOTOS_RECORD), records.values())
    if rendering != OWN_RANGES:
        ranges = {**read_rendering(root / RANGES).ranges, **rendering.ranges}
        write_rendering(change.path(RANGES), Rendering(ranges, rendering.bands))
    rows = (dict(known) | {sample.stem: sample for sample in samples}).values()
    write_index(change.path(INDEX), [without_rejected_mask(sample, states) for sample in rows])
    updates = (INDEX, PHOTOS_RECORD, STATES, RANGES)
    leaving = (*DERIVED, *replaced, *([ACCEPTED_PIXELS] if _are_other_classes(change) else []))
    return len(change.commit(overwrite=overwrite, updates=updates, remove=leaving))


def _are_other_classes(change: Transaction) -> bool:
    """Whether numbers in masks may mean other classes than before."""
    staged, standing = change.path(CLASSES), change.root / CLASSES
    return staged.exists() and standing.exists() and staged.read_bytes() != standing.read_bytes()
