"""The index of a packed dataset, two Parquet files: a row a sample as in index.csv, and a row each other file.

Which shard, at which byte, with which SHA-256: enough to fetch one sample, or one split, out of a storage.
"""

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from prep.core.errors import SegError
from prep.core.words import counted
from prep.dataset.index import Sample
from prep.dataset.missing import PACK_INDEX
from prep.packing.plan import OTHERS, Shard, members, stays_inside
from prep.packing.shard import Kept, WantedShard
from prep.storage.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

PACKED_FILES = "files.parquet"
_ABOUT = b"seg_prep"
_VERSION = 1
_FILES = ("image", "mask")
"""Of a sample."""

_SAMPLE = tuple(each.name for each in fields(Sample))
_NEVER_EMPTY = tuple(each.name for each in fields(Sample) if each.default is not None)
_ROWS = 50_000
"""Of a row group, the least that a reader of some columns or of one split fetches."""

_LARGEST = 2 << 30


@dataclass(frozen=True)
class PackedSample:
    """A sample and where its image and mask lie; a place is None while there is no such file."""

    sample: Sample
    shard: str
    image: Kept | None
    mask: Kept | None

    @property
    def kept(self) -> tuple[Kept, ...]:
        """What there is of the two, in the order in which it lies there."""
        return tuple(each for each in (self.image, self.mask) if each is not None)

    @property
    def missing(self) -> tuple[str, ...]:
        """Files that the sample names and that were not there when it was packed."""
        there = {each.file for each in self.kept}
        return tuple(name for name in (self.sample.image, self.sample.mask) if name and name not in there)


@dataclass(frozen=True)
class About:
    """What the index says of the whole: the folder of its shards, the classes, and how many there are.

    classes: as classes.json has them.  size: bytes of all shards.
    """

    folder: str
    classes: dict[str, object]
    samples: int
    size: int


def write_tables(
    about: About, samples: Sequence[Sample], shards: Sequence[Shard], hashes: Sequence[Sequence[bytes]]
) -> tuple[bytes, bytes]:
    """The content of index.parquet and of files.parquet.

    samples: in the order of the shards.  hashes: SHA-256 of each entry of each shard.
    """
    of_samples, places = dict[str, tuple[str, Kept]](), dict[str, tuple[str, Kept]]()
    for shard, found in zip(shards, hashes, strict=True):
        is_other = shard.name.startswith(f"{OTHERS}-")
        for entry, offset, sha in zip(shard.entries, shard.offsets, found, strict=True):
            place = shard.name, Kept(entry.file, offset, entry.size, sha)
            (places if is_other else of_samples)[entry.member] = place  # a file may be in both, or in several shards
    rows, of_rows = [], set[str]()
    for sample in samples:
        named = {
            kind: (of_samples.get(member) or places.get(file)) if file else None
            for kind, (file, member) in zip(_FILES, members(sample), strict=True)
        }
        of_rows.update(each[1].file for each in named.values() if each)
        at = next((each[0] for each in named.values() if each), "")
        rows.append({**{name: getattr(sample, name) for name in _SAMPLE}, "shard": at, **_columns(named)})
    others = [
        {"file": kept.file, "shard": at, **_place("", kept)} for at, kept in places.values() if kept.file not in of_rows
    ]
    said = {"version": _VERSION, "folder": about.folder, "samples": about.samples, "bytes": about.size}
    return _parquet(rows, _sample_schema(), said | {"classes": about.classes}), _parquet(others, _file_schema())


def index_content(store: Store) -> bytes:
    """The bytes of index.parquet; SegError if there is none."""
    content = store.read_if_there(PACK_INDEX)
    if content is None:
        raise SegError(
            f"{store.shown()}: holds no {PACK_INDEX}, so it is no packed dataset, or its packing has not ended; "
            "'seg-prep pack DATASET -o URL' makes one"
        )
    return content


def parse_index(content: bytes, place: str) -> tuple[About, "pa.Table"]:
    """Read the content of such a file; `place` is for errors."""
    table = _table(content, place)
    try:
        said = json.loads(table.schema.metadata[_ABOUT])
        about = About(str(said["folder"]), dict(said["classes"]), int(said["samples"]), int(said["bytes"]))
        version = said["version"]
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise SegError(f"{place}: was not written by 'seg-prep pack', or is damaged; pack the dataset again") from error
    if version != _VERSION:
        raise SegError(
            f"{place}: is of version {version} of this format, and {_VERSION} is read; install a newer seg-prep"
        )
    need_inside(about.folder, place)
    return about, table


def packed_samples(table: "pa.Table", place: str) -> Iterator[PackedSample]:
    """The rows of index.parquet; SegError for one that cannot be."""
    for batch in table.to_batches(max_chunksize=1000):
        for row in batch.to_pylist():
            try:
                sample = Sample(**{name: row[name] for name in _SAMPLE if name in row})  # older packs have fewer
                image, mask = (_kept(row, f"{kind}_", row[kind]) if row[f"{kind}_sha256"] else None for kind in _FILES)
                packed = PackedSample(sample, row["shard"], image, mask)
                if empty := [name for name in _NEVER_EMPTY if getattr(sample, name) is None]:
                    raise ValueError(f"a row has no {empty[0]}")
            except (KeyError, TypeError, ValueError) as error:
                raise SegError(f"{place}: is damaged ({error}); pack the dataset again") from error
            for name in (packed.shard, *(each.file for each in packed.kept)) if packed.kept else ():
                need_inside(name, place)
            yield packed


def other_files(store: Store, about: About) -> list[WantedShard]:
    """What else belongs to the dataset, a shard at a time."""
    name = f"{about.folder}/{PACKED_FILES}"
    place = store.shown(name)
    found: dict[str, list[Kept]] = {}
    for row in _table(store.read(name), place).to_pylist():
        try:
            file, shard = row["file"], row["shard"]
            kept = _kept(row, "", file)
        except (KeyError, TypeError, ValueError) as error:
            raise SegError(f"{place}: is damaged ({error}); pack the dataset again") from error
        need_inside(file, place)
        need_inside(shard, place)
        found.setdefault(shard, []).append(kept)
    return [WantedShard(f"{about.folder}/{shard}", tuple(kept)) for shard, kept in found.items()]


def wanted_shards(about: About, packed: Iterable[PackedSample]) -> list[WantedShard]:
    """The shards of these samples, with what to take out of each, in the order in which it lies there."""
    found: dict[str, list[Kept]] = {}
    for each in packed:
        if each.kept:
            found.setdefault(each.shard, []).extend(each.kept)
    by_place = ((shard, tuple(sorted(kept, key=lambda each: each.offset))) for shard, kept in found.items())
    return [WantedShard(f"{about.folder}/{shard}", kept) for shard, kept in by_place]


def need_inside(name: object, place: str) -> None:
    """SegError unless this names a file of a dataset: no way out of it, and nothing of commands at work there."""
    if not isinstance(name, str) or not stays_inside(name):
        raise SegError(f"{place}: names {name!r}, which is no file of a dataset; do not use it")


def _columns(named: dict[str, tuple[str, Kept] | None]) -> dict[str, object]:
    found: dict[str, object] = {}
    for kind, place in named.items():
        found |= _place(f"{kind}_", place[1]) if place else dict.fromkeys(_place(f"{kind}_", _NOTHING))
    return found


_NOTHING = Kept("", 0, 0, b"")


def _place(prefix: str, kept: Kept) -> dict[str, object]:
    return {f"{prefix}offset": kept.offset, f"{prefix}bytes": kept.size, f"{prefix}sha256": kept.sha256}


def _kept(row: dict[str, Any], prefix: str, file: str) -> Kept:
    kept = Kept(file, row[f"{prefix}offset"], row[f"{prefix}bytes"], row[f"{prefix}sha256"])
    if kept.offset < 0 or kept.size < 0:
        raise ValueError(f"{file} at byte {kept.offset}")
    return kept


def _sample_schema() -> "pa.Schema":
    import pyarrow as pa

    kinds = {"width": pa.int32(), "height": pa.int32(), "east": pa.float64(), "north": pa.float64()}
    columns = [(name, kinds.get(name, pa.string())) for name in _SAMPLE]
    places = [column for kind in _FILES for column in _place_columns(f"{kind}_")]
    return pa.schema([*columns, ("shard", pa.string()), *places])


def _file_schema() -> "pa.Schema":
    import pyarrow as pa

    return pa.schema([("file", pa.string()), ("shard", pa.string()), *_place_columns("")])


def _place_columns(prefix: str) -> list[tuple[str, "pa.DataType"]]:
    import pyarrow as pa

    return [(f"{prefix}offset", pa.int64()), (f"{prefix}bytes", pa.int64()), (f"{prefix}sha256", pa.binary())]


def _parquet(rows: list[dict[str, Any]], schema: "pa.Schema", said: dict[str, object] | None = None) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    if said is not None:
        schema = schema.with_metadata({_ABOUT: json.dumps(said, sort_keys=True).encode()})
    target = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows, schema), target, row_group_size=_ROWS, compression="zstd")
    return target.getvalue()


def _table(content: bytes, place: str) -> "pa.Table":
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(io.BytesIO(content))
        size = sum(file.metadata.row_group(number).total_byte_size for number in range(file.metadata.num_row_groups))
        if size > _LARGEST:
            raise SegError(f"{place}: is larger than any index ({counted(size, 'byte')}); do not use it")
        return file.read()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SegError(f"{place}: is damaged ({str(error).splitlines()[0][:120]}); pack the dataset again") from error
