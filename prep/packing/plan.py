"""Which file of a dataset goes into which shard, at which byte: known before anything is written."""

import os
import re
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.core.files import explained, is_part
from prep.core.randomness import digest
from prep.dataset.commit import STAGING
from prep.dataset.damaged import leave_out
from prep.dataset.dataset import Dataset
from prep.dataset.index import BUFFER, SPLITS, Sample
from prep.dataset.lock import LOCK

_BLOCK = tarfile.BLOCKSIZE
_END = 2 * _BLOCK
"""Two blocks of zeros end a tar file (POSIX pax interchange format)."""

UNSPLIT, OTHERS = "unsplit", "files"
"""Shards of samples without a split, and of all that is neither image nor mask."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Size in bytes, and time of the last change in ns, of a file, and whether we may read it."""

    size: int
    time: int
    is_readable: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the dataset, and the name that it has in its shard, both posix; size in bytes."""

    file: str
    member: str
    size: int

    @property
    def header(self) -> bytes:
        """What stands before its content in the shard: nothing of the machine or of the time."""
        info = tarfile.TarInfo(self.member)
        info.size = self.size
        return info.tobuf(tarfile.PAX_FORMAT)

    @property
    def padding(self) -> int:
        """Zeros behind its content, which fill the last block."""
        return -self.size % _BLOCK


@dataclass(frozen=True, slots=True)
class Shard:
    """A tar file to write: its name, and what goes into it in this order."""

    name: str
    entries: tuple[Entry, ...]

    @property
    def offsets(self) -> list[int]:
        """The byte at which the content of each entry begins."""
        found, at = [], 0
        for entry in self.entries:
            found.append(at := at + len(entry.header))
            at += entry.size + entry.padding
        return found

    @property
    def size(self) -> int:
        """Bytes of the tar file."""
        return sum(len(entry.header) + entry.size + entry.padding for entry in self.entries) + _END


def files_of(root: Path) -> dict[str, Stamp]:
    """Every file of a dataset folder by its posix name, sorted, without what a command at work has there.

    SegError for links and special files, which would take along what is none of the dataset's, and for names that no
    index can hold, or that `unpack` would refuse.
    """
    found: dict[str, Stamp] = {}
    for place, folders, names in os.walk(root):
        is_top = Path(place) == root
        folders[:] = sorted(name for name in folders if not (is_top and name.startswith(STAGING)) and not is_part(name))
        for name in (*folders, *names):
            path = Path(place, name)
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise SegError(f"{path}: is a link or no plain file; put a copy of what it stands for in its place")
        for name in names:
            if is_part(name) or (is_top and name == LOCK):
                continue
            path = Path(place, name)
            with explained(path):
                status = path.stat()
            found[_name(path, root)] = Stamp(status.st_size, status.st_mtime_ns, os.access(path, os.R_OK))
    return dict(sorted(found.items()))


def _name(path: Path, root: Path) -> str:
    name = path.relative_to(root).as_posix()
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise SegError(f"{str(path)!r}: the name is not in UTF-8; rename the file") from error
    if not stays_inside(name):
        raise SegError(f"{path}: could not be unpacked with this name, which may lead elsewhere; rename it")
    return name


def stays_inside(name: str) -> bool:
    """Whether this is the posix name of a file of a dataset: no way out of it, nothing of commands at work there."""
    parts = re.split(r"[/\\]", name)
    first = parts[0]
    leads_out = ".." in parts or not first or name[1:2] == ":" or (os.name == "nt" and any(c in name for c in "\\:"))
    return not (leads_out or "\0" in name or first == LOCK or first.startswith(STAGING))


def key_of(stem: str) -> str:
    """The name that a sample's members share; WebDataset ends it at the first dot, so that dots are written as %2E."""
    return stem.replace("%", "%25").replace(".", "%2E")


def plan_shards(
    dataset: Dataset, files: dict[str, Stamp], shard_size: int, failures: Failures | None = None
) -> tuple[list[Shard], list[Sample]]:
    """Divide a dataset into shards of at most `shard_size` bytes, or of one sample, each of one split.

    failures: gets samples with a file that is not there or cannot be opened; None where that is a SegError.
    Returns the shards, and the samples in the order in which they stand there: mixed within a split, the same on every
    machine, so that who reads one shard after the other meets all kinds. Other files come last, and among them what
    there is of samples that are not whole.
    """
    problems = {sample.stem: lacking for sample in dataset.samples if (lacking := _lacking(dataset, sample, files))}
    halves = [sample for sample in dataset.samples if sample.stem in problems]
    of_halves = {name for sample in halves for name in (sample.image, sample.mask) if name in files}
    leave_out(problems, len(dataset.samples), dataset, failures)
    of_samples: set[str] = set()
    shards: list[Shard] = []
    samples: list[Sample] = []
    for split in (*SPLITS, BUFFER, ""):
        mixed = sorted(
            (s for s in dataset.samples if s.split == split), key=lambda sample: digest(0, "pack", sample.stem)
        )
        groups = [() if sample.stem in problems else _entries(sample, files) for sample in mixed]
        of_samples.update(entry.file for group in groups for entry in group)
        samples += mixed
        shards += _filled(split or UNSPLIT, groups, shard_size)
    others = (
        (Entry(name, name, stamp.size),)
        for name, stamp in files.items()
        if (stamp.is_readable if name in of_halves else name not in of_samples)
    )
    return [*shards, *_filled(OTHERS, others, shard_size)], samples


def members(sample: Sample) -> tuple[tuple[str, str], ...]:
    """Image and mask of a sample, each with its name in the sample's shard; "" for one that it lacks."""
    key = key_of(sample.stem)
    return (sample.image, f"{key}{Path(sample.image).suffix.lower()}"), (sample.mask, f"{key}.mask.png")


def _entries(sample: Sample, files: dict[str, Stamp]) -> tuple[Entry, ...]:
    return tuple(Entry(file, member, files[file].size) for file, member in members(sample) if file)


def _lacking(dataset: Dataset, sample: Sample, files: dict[str, Stamp]) -> str:
    """Why a sample cannot be packed; empty if it can."""
    for file in (sample.image, sample.mask):
        path = dataset.root / file
        if file and file not in files:
            return f"{path}: no such file; put it back"
        if file and not files[file].is_readable:
            return f"{path}: permission denied; change its permissions"
    return ""


def _filled(name: str, groups: Iterable[Sequence[Entry]], most: int) -> Iterator[Shard]:
    """Shards of whole groups of entries, each as full as it may be."""
    number, size, entries = 0, _END, list[Entry]()
    for group in groups:
        more = sum(len(entry.header) + entry.size + entry.padding for entry in group)
        if entries and size + more > most:
            yield Shard(f"{name}-{number:06d}.tar", tuple(entries))
            number, size, entries = number + 1, _END, []
        entries += group
        size += more
    if entries:
        yield Shard(f"{name}-{number:06d}.tar", tuple(entries))
