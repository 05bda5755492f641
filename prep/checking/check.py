"""Find every problem of a dataset at once; nothing is written, and no damaged file stops the others."""

from collections.abc import Iterator
from pathlib import Path

from prep.checking.duplicates import check_duplicates
from prep.checking.files import check_files
from prep.checking.findings import Finding, worst_first
from prep.checking.labels import check_labels
from prep.checking.sample import InspectSample
from prep.checking.splits import check_splits
from prep.core.classes import NO_CLASSES, ClassMap, read_classes
from prep.core.errors import SegError
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.core.words import counted, verb
from prep.dataset.dataset import CLASSES, Dataset, Sample, read_index
from prep.dataset.states import REJECTED, STATES, read_states
from prep.dataset.transaction import INDEX
from prep.photos.record import PHOTOS_RECORD, Photo, read_photos

_UNFINISHED, _COMMIT = ".unfinished-", "commit.json"


def check_dataset(root: Path, workers: int | None = None, progress: Progress = silent) -> list[Finding]:
    """All findings about the dataset folder `root`, worst first; every image and mask is decoded once.

    Raises SegError only if `root` is no dataset.
    """
    if not (root / INDEX).is_file():
        raise SegError(
            f"{root}: not a dataset (no {INDEX} in it); "
            "'seg-prep resize -h' and 'seg-prep masks convert -h' show how to make one"
        )
    findings = list(_unfinished(root))
    samples = _index(root, findings)
    classes = _classes(root, samples, findings)
    photos = _photos(root, findings)
    rejected = _rejected(root, findings)
    if samples is not None:
        facts = run_jobs(InspectSample(root, len(classes or ())), samples, workers, progress)
        findings += check_files(root, facts, photos, rejected)
        findings += check_duplicates(root, facts)
        if classes is not None:
            findings += check_labels(facts, classes)
        findings += check_splits(Dataset(root, classes or NO_CLASSES, samples))
    return worst_first(findings)


def _index(root: Path, findings: list[Finding]) -> tuple[Sample, ...] | None:
    try:
        samples = read_index(root / INDEX)
    except SegError as error:
        advice = "correct that line, or restore the file; nothing but the other records was checked without it"
        findings.append(_broken("index", INDEX, error, root, advice))
        return None
    if not samples:
        text = f"{INDEX} names no sample."
        findings.append(Finding("error", "no-samples", text, (), "bring photos and labels in, see 'seg-prep -h'"))
    return samples


def _classes(root: Path, samples: tuple[Sample, ...] | None, findings: list[Finding]) -> ClassMap | None:
    """The class map; NO_CLASSES for images only, None if it is broken."""
    if not (root / CLASSES).exists() and samples is not None and not any(sample.mask for sample in samples):
        return NO_CLASSES
    try:
        return read_classes(root / CLASSES)
    except SegError as error:
        advice = "correct or restore it; what the masks hold was not checked without it"
        findings.append(_broken("classes", CLASSES, error, root, advice))
        return None


def _photos(root: Path, findings: list[Finding]) -> dict[str, Photo]:
    try:
        return read_photos(root / PHOTOS_RECORD)
    except SegError as error:
        advice = "correct or restore it: labels that come later are turned and scaled by it"
        findings.append(_broken("photos", PHOTOS_RECORD, error, root, advice))
        return {}


def _rejected(root: Path, findings: list[Finding]) -> set[str]:
    """Stems of the images that a person wants to be left out."""
    try:
        return {stem for stem, state in read_states(root / STATES).items() if state == REJECTED}
    except SegError as error:
        advice = "correct or restore it; without it 'seg-prep annotate' cannot open the dataset"
        findings.append(_broken("states", STATES, error, root, advice))
        return set()


def _broken(kind: str, name: str, error: SegError, root: Path, advice: str) -> Finding:
    text = str(error).removeprefix(f"{root / name}").lstrip(":, ")
    reason = text.rpartition("; ")[0] or text  # what to do is said in the advice
    return Finding("error", f"broken-{kind}", f"{name} cannot be used: {reason}.", (name,), advice)


def _unfinished(root: Path) -> Iterator[Finding]:
    folders = [path for path in root.glob(f"{_UNFINISHED}*") if path.is_dir()]
    moving = [path.name for path in folders if (path / _COMMIT).exists()]
    names = [path.name for path in folders if path.name not in moving]
    if moving:
        yield Finding(
            "error",
            "half-moved",
            f"{counted(len(moving), 'command')} {verb(len(moving), 'was', 'were')} killed while moving results into "
            "the dataset: files may be old and new.",
            tuple(moving),
            "type that command again, it finishes the move; then check again",
        )
    if names:
        yield Finding(
            "remark",
            "unfinished",
            f"{counted(len(names), 'command')} {verb(len(names), 'was', 'were')} interrupted and left "
            f"{verb(len(names), 'a hidden folder', 'hidden folders')}.",
            tuple(names),
            "type the same command again and it goes on; or delete the folder",
        )
