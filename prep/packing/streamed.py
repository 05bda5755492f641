"""A packed dataset to train on: its training samples stay in the shards, all else is copied into a small dataset."""

import hashlib
import json
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from prep.core.errors import SegError
from prep.core.failures import refused
from prep.core.files import read_bytes, to_utf8, write_bytes
from prep.core.jobs import run_jobs
from prep.core.jsonio import read_record
from prep.core.progress import Progress, Say, silent
from prep.core.words import counted, is_url, verb, without_secrets
from prep.dataset.dataset import Dataset, is_dataset
from prep.dataset.dataset_files import (
    CLASSES,
    FOLDS,
    INDEX,
    PHOTOS_RECORD,
    PROVENANCE,
    RANGES,
    STATES,
    STATS,
)  # fmt: skip
from prep.dataset.index import Sample
from prep.dataset.missing import PACK_INDEX, SHARDS_SOURCE
from prep.dataset.transaction import Transaction, holds_files, writing
from prep.packing.pack_index import (
    PackedSample,
    index_content,
    other_files,
    packed_samples,
    parse_index,
    wanted_shards,
)
from prep.packing.shard import Kept, ReadShard, WantedShard
from prep.storage.extra import need_cloud
from prep.storage.store import Store

_SHARDS = "shards"
_PLACES = f"{_SHARDS}/{PACK_INDEX}"
"""In the small dataset: a copy of the index of the shards."""

_WHOLE_URL = "SEG_SHARDS_URL"
"""Environment variable with the URL of the shards, where a user and a password stand in it: other processes of this
training find it there, and nobody in a file."""

_SIDE_FILES = frozenset({INDEX, CLASSES, STATES, PHOTOS_RECORD, FOLDS, RANGES, STATS, PROVENANCE})
_COPIED = ("val", "test")
"""Read again and again while a training looks at them."""


@dataclass(frozen=True)
class _Source:
    url: str
    is_whole: bool = True
    """Whether nothing that stands in the URL was left out here."""


@dataclass(frozen=True)
class StreamedDataset(Dataset):
    """A dataset of which some images and masks lie in the shards of a packed one.

    store: where they lie.  places: of each such file its shard and its place there.
    missing: files that were not there when the dataset was packed.
    """

    store: Store = field(default_factory=lambda: Store("."), compare=False, repr=False)
    places: Mapping[str, tuple[str, Kept]] = field(default_factory=dict, compare=False, repr=False)
    missing: frozenset[str] = frozenset()

    @classmethod
    def _open(cls, root: Path) -> Self:
        plain = Dataset.open(root)
        source = _source_of(root)
        place = str(root / _PLACES)
        about, table = parse_index(read_bytes(root / _PLACES), place)
        packed = list(packed_samples(table, place))
        if {each.sample.stem: each.sample.split for each in packed} != {
            each.stem: each.split for each in plain.samples
        }:
            raise SegError(
                f"{root}: has another split than the shards that it belongs to; divide the dataset that was packed, "
                f"pack it again with --overwrite, and remove {root}"
            )
        places = {
            kept.file: (f"{about.folder}/{each.shard}", kept)
            for each in packed
            if each.sample.split not in _COPIED
            for kept in each.kept
        }
        missing = frozenset(name for each in packed for name in each.missing)
        return cls(root, plain.classes, plain.samples, Store(_whole(source, root)), places, missing)

    @property
    def mending(self) -> str:
        """What to do about damaged files: those in the shards are copies."""
        return f"Mend them in the dataset that was packed at {self.store.shown()}, and pack it again with --overwrite"

    def content(self, name: str) -> bytes:
        """The bytes of an image or mask file, from the dataset's folder or out of its shard; SegError if damaged."""
        if name in self.missing:
            raise SegError(_said_missing(self.store, name))
        if name not in self.places:
            return super().content(name)
        shard, kept = self.places[name]
        return self._checked(shard, kept, self._part(shard, kept.offset, kept.size))

    def digest(self, name: str) -> bytes:
        """SHA-256 of such a file, as it was packed."""
        return self.places[name][1].sha256 if name in self.places else super().digest(name)

    def read_together(self, samples: Sequence[Sample], most: int) -> list[list[Sample]]:
        """Neighbours in one shard, so many that they are about `most` bytes: one request fetches them."""
        parts: list[list[Sample]] = []
        begin = ("", 0)
        for sample in sorted(samples, key=self._at):
            shard, at = self._at(sample)
            if shard != begin[0] or at - begin[1] >= most:
                parts.append([])
                begin = shard, at
            parts[-1].append(sample)
        return parts

    def contents(self, part: Sequence[Sample]) -> Iterator[tuple[Sample, bytes, bytes]]:
        """Each sample of such a part with the bytes of its image and mask."""
        found = [[self.places[name] for name in (sample.image, sample.mask)] for sample in part]
        kept = [each for two in found for _, each in two]
        shard, first = found[0][0][0], min(each.offset for each in kept)
        data = self._part(shard, first, max(each.offset + each.size for each in kept) - first)
        for sample, two in zip(part, found, strict=True):
            image, mask = (
                self._checked(shard, each, data[each.offset - first : each.offset - first + each.size])
                for _, each in two
            )
            yield sample, image, mask

    def _at(self, sample: Sample) -> tuple[str, int]:
        shard, image = self.places[sample.image]
        return shard, image.offset

    def _part(self, shard: str, first: int, size: int) -> bytes:
        try:
            return self.store.read_part(shard, first, size)
        except SegError as error:
            if not isinstance(error.__cause__, FileNotFoundError) or self.store.size(PACK_INDEX) is not None:
                raise
            raise SegError(
                f"{self.store.shown(shard)}: no such file; if the packed dataset was moved, type 'seg-train PLACE' "
                "with where it is now, and --resume to go on with a run"
            ) from error

    def _checked(self, shard: str, kept: Kept, data: bytes) -> bytes:
        if hashlib.sha256(data).digest() != kept.sha256:
            raise SegError(f"{self.store.shown(shard)}: {kept.file} is not as it was packed; pack the dataset again")
        return data


def open_dataset(root: Path) -> Dataset:
    """Open a dataset folder, also one whose training samples lie in shards; SegError as Dataset.open."""
    return StreamedDataset.open(root) if (root / SHARDS_SOURCE).is_file() else Dataset.open(root)


def need_samples_here(dataset: Dataset, samples: Iterable[Sample], then: str) -> None:
    """SegError if some of these samples lie in the shards of a packed dataset, for what reads no shards.

    then: what to do once they are here.
    """
    if isinstance(dataset, StreamedDataset) or not (dataset.root / SHARDS_SOURCE).is_file():
        return
    away = [sample for sample in samples if not (dataset.root / sample.image).exists()]
    if away:
        url, number = _source_of(dataset.root).url, len(away)
        needed, lie = verb(number, "is", "are"), verb(number, "lies", "lie")
        whole = shlex.quote(f"{dataset.root}-whole")
        raise SegError(
            f"{dataset.root}: {counted(number, 'sample')} of it that {needed} needed for this {lie} in the shards at "
            f"{url}, which only a training without --folds reads. Type 'seg-prep unpack {shlex.quote(url)} -o {whole}',"
            f" {then}"
        )


def _source_of(root: Path) -> _Source:
    return read_record(root / SHARDS_SOURCE, _Source, remedy=f"remove {root} and name the shards again")


def is_packed(place: str | Path) -> bool:
    """Whether this is a URL, or a folder with a packed dataset in it."""
    return is_url(str(place)) or (Path(place) / PACK_INDEX).is_file()


def stream_dataset(url: str, root: Path, progress: Progress = silent, say: Say | None = None) -> None:
    """Make the small dataset `root` of a packed one: validation and test samples, statistics, and where the rest lies.

    One that is there already stays, and learns where the shards are now. SegError if something else is there, if
    the packed dataset was replaced since, has no split or no statistics, or cannot be read.
    say: told who makes it now, and then this waits for it; without it, that is a SegError.
    """
    need_cloud("Training on a packed dataset needs")
    store = Store(url if is_url(url) else Path(url).resolve().as_posix())
    if without_secrets(store.url) != store.url:
        os.environ[_WHOLE_URL] = store.url
    if not (root / _PLACES).is_file():
        with writing(root, say):
            _make(store, root, progress)
    elif (root / _PLACES).read_bytes() != index_content(store):
        raise SegError(f"{root}: was made of another dataset than {store.shown()} holds now; remove it and train again")
    elif _source_content(store) != read_bytes(root / SHARDS_SOURCE):  # it was moved
        with writing(root, say):
            write_bytes(root / SHARDS_SOURCE, _source_content(store))


def _make(store: Store, root: Path, progress: Progress) -> None:
    index = index_content(store)
    about, table = parse_index(index, store.shown(PACK_INDEX))
    if (root / _PLACES).is_file():  # somebody else was faster
        return
    if holds_files(root):
        own = "train on it itself" if is_dataset(root) else "move it away"
        raise SegError(f"{root}: is where the small files of {store.shown()} would go, and holds something; {own}")
    packed = list(packed_samples(table, store.shown(PACK_INDEX)))
    _refuse_missing(packed, store)
    copied = wanted_shards(about, (each for each in packed if each.sample.split in _COPIED))
    others = [_side_files(shard) for shard in other_files(store, about)]
    if STATS not in {kept.file for shard in others for kept in shard.kept}:
        is_split = all(each.sample.split for each in packed if each.sample.is_labelled)
        lacks, types = ("", "") if is_split else ("a split and ", "'seg-prep split' and ")
        raise SegError(
            f"{store.shown()}: was packed without {lacks}statistics; type {types}'seg-prep stats' in the dataset, then "
            "'seg-prep pack' again with --overwrite"
        )
    with Transaction(root, "stream", {"index": hashlib.sha256(index).hexdigest()}) as change:
        job = ReadShard(store, change.path(INDEX).parent)
        run_jobs(job, [*copied, *others], 1 if store.is_of_this_process else None, progress)
        write_bytes(change.path(_PLACES), index)
        write_bytes(change.path(SHARDS_SOURCE), _source_content(store))
        change.commit(overwrite=False)


def _source_content(store: Store) -> bytes:
    plain = without_secrets(store.url)
    return to_utf8(json.dumps(asdict(_Source(plain, is_whole=plain == store.url))) + "\n")


def _whole(source: _Source, root: Path) -> str:
    """The URL of the shards with the user and password that are not written down; SegError if they are not here."""
    url = source.url if source.is_whole else os.environ.get(_WHOLE_URL, "")
    if without_secrets(url) != source.url:
        raise SegError(
            f"{root}: its training samples lie at {source.url}, and the user and password of that URL are not written "
            f"down; set the environment variable {_WHOLE_URL} to the whole URL"
        )
    return url


def _refuse_missing(packed: Sequence[PackedSample], store: Store) -> None:
    """SegError where a training would go without samples that are in the index."""
    learned = (each for each in packed if each.sample.split in ("train", "val"))
    if problems := [_said_missing(store, name) for each in learned for name in each.missing]:
        raise refused(problems, "Put them back in the dataset, and pack it again with --overwrite")


def _said_missing(store: Store, name: str) -> str:
    return f"{store.shown()}: {name} was not there, or not readable, when the dataset was packed"


def _side_files(shard: WantedShard) -> WantedShard:
    return WantedShard(shard.name, tuple(kept for kept in shard.kept if kept.file in _SIDE_FILES))
