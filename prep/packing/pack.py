"""Pack a dataset into shards at a URL: visible all at once, when everything is there."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.core.files import remove_parts
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.core.words import counted
from prep.dataset.dataset import Dataset, is_dataset
from prep.dataset.missing import PACK_INDEX
from prep.dataset.transaction import writing
from prep.packing.pack_index import PACKED_FILES, About, write_tables
from prep.packing.plan import Stamp, files_of, plan_shards
from prep.packing.shard import WriteShard
from prep.storage.extra import need_cloud
from prep.storage.store import Store

LEAST_SHARD = 1 << 16


@dataclass(frozen=True)
class Packed:
    """What was packed.

    folder: where the shards lie, by its URL as it may be printed.  size: bytes of all shards.
    left: the folder of shards of the index that was replaced; empty if there was none.
    changed: whether anything new was written.  problems: why samples are not whole, as they are not in the dataset.
    """

    samples: int
    shards: int
    size: int
    folder: str
    left: str
    changed: bool
    problems: tuple[str, ...] = ()


def pack_dataset(
    root: Path,
    url: str,
    *,
    shard_size: int = 1_000_000_000,
    overwrite: bool = False,
    workers: int | None = None,
    progress: Progress = silent,
    failures: Failures | None = None,
) -> Packed:
    """Write all files of the dataset in `root` as tar shards of WebDataset's layout, and their index, to `url`.

    url: a folder of a storage (s3://bucket/name) or of this machine.  shard_size: bytes, 65,536 or more.
    The shards go into a folder of their own; the index comes last, so that a reader sees all or nothing. An interrupted
    call goes on with the shards that are there.
    Files are copied as they are: a sample with a missing file has its row in the index, without a place for that file,
    and what there is of it stands among the other files.
    failures: gets such samples; None where one is a SegError.
    Raises SegError if another dataset is there and `overwrite` is not set, if somebody else has put one meanwhile, if
    the dataset changes while it is read, holds links, or the storage fails for good.
    """
    need_cloud("Packing a dataset needs")
    if shard_size < LEAST_SHARD:
        raise SegError(f"shards of {counted(shard_size, 'byte')} are too small; take {LEAST_SHARD:,} or more")
    store = Store(url)
    _refuse_place(root, store)
    dataset = Dataset.open(root)
    files = files_of(root)
    shards, samples = plan_shards(dataset, files, shard_size, failures)
    folder = f"data-{_fingerprint(files, shard_size)}"
    with _alone(store):
        before = store.read_if_there(PACK_INDEX)
        if before is not None and not overwrite and _folder_of(before) != folder:
            raise SegError(
                f"{store.shown()}: holds another packed dataset; add --overwrite to replace it, or name another place"
            )
        job = WriteShard(root, store, folder)
        hashes = run_jobs(job, shards, 1 if store.is_of_this_process else workers, progress)
        if files_of(root) != files:
            raise SegError(
                f"{root}: was changed while it was read; nothing is visible at {store.shown()}, type it again"
            )
        size = sum(shard.size for shard in shards)
        index, others = write_tables(
            About(folder, dataset.classes.to_json(), len(samples), size), samples, shards, hashes
        )
        store.replace(f"{folder}/{PACKED_FILES}", others)
        left = _put_index(store, index, before) if index != before else ""
    problems = tuple(failures.problems) if failures is not None else ()
    return Packed(len(samples), len(shards), size, store.shown(folder), left, index != before, problems)


def _put_index(store: Store, index: bytes, before: bytes | None) -> str:
    """Let the index be seen; returns the folder that the one before it named."""
    if before is None:
        if not store.put_new(PACK_INDEX, index):
            raise SegError(f"{store.shown(PACK_INDEX)}: somebody else has put one meanwhile; nothing of it was changed")
        return ""
    if store.read_if_there(PACK_INDEX) != before:
        raise SegError(f"{store.shown(PACK_INDEX)}: somebody else has replaced it meanwhile; nothing of it was changed")
    store.replace(PACK_INDEX, index)
    return _folder_of(before)


def _folder_of(index: bytes) -> str:
    import io

    from pyarrow import ArrowException, parquet

    try:
        said = parquet.ParquetFile(io.BytesIO(index)).schema_arrow.metadata[b"seg_prep"]
        return str(json.loads(said)["folder"])
    except (ArrowException, KeyError, TypeError, ValueError):  # of something else that was called so
        return ""


def _fingerprint(files: dict[str, Stamp], shard_size: int) -> str:
    stamps = [[name, stamp.size, stamp.time] for name, stamp in files.items()]
    locked = [name for name, stamp in files.items() if not stamp.is_readable]
    text = json.dumps([*stamps, *([locked] if locked else [])])
    return hashlib.sha256(f"{shard_size}\n{text}".encode()).hexdigest()[:16]


@contextmanager
def _alone(store: Store) -> Iterator[None]:
    """On this machine, be the only one who writes there; on a storage the index decides who was first."""
    if not store.is_local:
        yield
        return
    with writing(Path(store.url)):
        remove_parts(Path(store.url))  # of a command that was killed; nobody else is at work here
        yield


def _refuse_place(root: Path, store: Store) -> None:
    if not store.is_local:
        return
    target = Path(store.url)
    if target.resolve().is_relative_to(root.resolve()) or root.resolve().is_relative_to(target.resolve()):
        raise SegError(f"{target}: that is where the dataset itself lies; name another folder with -o")
    if is_dataset(target):
        raise SegError(f"{target}: that is a dataset; name another folder with -o")
