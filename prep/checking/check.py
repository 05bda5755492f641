"""Find every problem of a dataset at once; nothing is written, and no damaged file stops the others."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from prep.checking.duplicates import check_duplicates
from prep.checking.files import check_files
from prep.checking.findings import Finding, as_split_before, found, worst_first
from prep.checking.labels import check_labels
from prep.checking.sample import InspectSample
from prep.checking.splits import check_splits
from prep.core.classes import NO_CLASSES, ClassMap, read_classes
from prep.core.errors import SegError
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.dataset.commit import STAGING, pending, read_commit, settled_stamps, was_still
from prep.dataset.dataset import Dataset, is_dataset
from prep.dataset.dataset_files import CLASSES, INDEX, PHOTOS_RECORD, RANGES, STATES
from prep.dataset.index import Sample, read_index
from prep.dataset.lock import holder, is_free, is_held
from prep.dataset.missing import not_a_dataset
from prep.dataset.place.advice import for_dataset
from prep.dataset.provenance import last_split_way
from prep.dataset.states import REJECTED, read_states
from prep.photos.record import PhotoRecord, read_records
from prep.photos.rendering import read_rendering

_TIMES = 3
_RECORDS = (INDEX, CLASSES, STATES, PHOTOS_RECORD)


def check_dataset(root: Path, workers: int | None = None, progress: Progress = silent) -> list[Finding]:
    """All findings about the dataset folder `root`, worst first; every image and mask is decoded once.

    All is checked again if another command has changed the dataset meanwhile; after a few times, a finding says so.
    Nothing is if a command was killed while it moved its results in, since nobody can tell then which of them belong
    together.
    Raises SegError if `root` is no dataset, or if a command is moving results into it.
    """
    if not is_dataset(root):
        raise not_a_dataset(root)
    findings: list[Finding] = []
    for _ in range(_TIMES):
        try:
            before = settled_stamps(root, _RECORDS)
        except SegError:
            if not is_free(root):
                raise
            if half_moved := [*_half_moved(root)]:
                return half_moved
            continue  # another command has just finished that move
        findings = _findings(root, workers, progress)
        if was_still(root, _RECORDS, before):
            break
    else:
        findings = worst_first([*findings, *found("changed-meanwhile", None)])
    return [replace(each, advice=for_dataset(root, each.advice)) for each in findings]


def _findings(root: Path, workers: int | None, progress: Progress) -> list[Finding]:
    findings = list(_unfinished(root))
    samples = _index(root, findings)
    classes = _classes(root, samples, findings)
    photos = _photos(root, findings)
    _ranges(root, findings)
    rejected = _rejected(root, findings)
    if samples is not None:
        facts = run_jobs(InspectSample(root, len(classes or ())), samples, workers, progress)
        findings += check_files(root, facts, photos, rejected)
        findings += check_duplicates(root, facts, workers)
        if classes is not None:
            findings += check_labels(facts, classes)
        findings += check_splits(Dataset(root, classes or NO_CLASSES, samples))
    return as_split_before(worst_first(findings), last_split_way(root).grouping)


def _index(root: Path, findings: list[Finding]) -> tuple[Sample, ...] | None:
    try:
        samples = read_index(root / INDEX)
    except SegError as error:
        findings += _broken("index", root / INDEX, error)
        return None
    findings += found("no-samples", None if not samples else ())
    return samples


def _classes(root: Path, samples: tuple[Sample, ...] | None, findings: list[Finding]) -> ClassMap | None:
    """The class map; NO_CLASSES for images only, None if it is broken."""
    if not (root / CLASSES).exists() and samples is not None and not any(sample.mask for sample in samples):
        return NO_CLASSES
    try:
        return read_classes(root / CLASSES)
    except SegError as error:
        findings += _broken("classes", root / CLASSES, error)
        return None


def _photos(root: Path, findings: list[Finding]) -> dict[str, PhotoRecord]:
    try:
        return read_records(root / PHOTOS_RECORD)
    except SegError as error:
        findings += _broken("photos", root / PHOTOS_RECORD, error)
        return {}


def _ranges(root: Path, findings: list[Finding]) -> None:
    try:
        read_rendering(root / RANGES)
    except SegError as error:
        findings += _broken("ranges", root / RANGES, error)


def _rejected(root: Path, findings: list[Finding]) -> set[str]:
    """Stems of the images that a person wants to be left out."""
    try:
        return {stem for stem, state in read_states(root / STATES).items() if state == REJECTED}
    except SegError as error:
        findings += _broken("states", root / STATES, error)
        return set()


def _broken(record: str, path: Path, error: SegError) -> Iterator[Finding]:
    text = str(error).removeprefix(str(path)).lstrip(":, ")
    return found(f"broken-{record}", (path.name,), reason=text.rpartition("; ")[0] or text)  # the advice says the rest


def _half_moved(root: Path) -> Iterator[Finding]:
    for staging in pending(root):
        try:
            read_commit(root, staging).refuse_strangers()
        except SegError as error:
            yield from found("broken-commit", (staging.name,), reason=str(error))
            return
    killed = holder(root)
    yield from found("half-moved", [path.name + (f" ({killed})" if killed else "") for path in pending(root)])


def _unfinished(root: Path) -> Iterator[Finding]:
    staged = [path for path in root.glob(f"{STAGING}*") if path.is_dir()]
    if is_held(root) or is_free(root):  # else they belong to the command that is at work
        yield from found("unfinished", [path.name for path in staged if path.exists()])  # and not to one just done
