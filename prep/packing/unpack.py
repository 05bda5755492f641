"""Unpack a packed dataset, or some of its splits, into a dataset folder."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from prep.core.errors import SegError
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.dataset.dataset import is_dataset
from prep.dataset.dataset_files import DERIVED, FOLDS, INDEX, REPORT
from prep.dataset.index import Sample, write_index
from prep.dataset.missing import PACK_INDEX
from prep.dataset.transaction import Transaction, holds_files
from prep.packing.pack_index import index_content, other_files, packed_samples, parse_index, wanted_shards
from prep.packing.shard import ReadShard, WantedShard
from prep.storage.extra import need_cloud
from prep.storage.store import Store

_OF_ALL = (*DERIVED, FOLDS, REPORT)
"""Counted, cut or drawn from all splits, so that it is left out where some are wanted."""


@dataclass(frozen=True)
class Unpacked:
    """How many samples and bytes were fetched, and whether anything new was written.

    missing: files of these samples that were not there when they were packed.
    """

    samples: int
    size: int
    changed: bool
    missing: tuple[str, ...] = ()


def unpack_dataset(
    url: str,
    root: Path,
    *,
    splits: Collection[str] = (),
    workers: int | None = None,
    progress: Progress = silent,
) -> Unpacked:
    """Write the dataset that was packed at `url` to the new folder `root`, every file byte for byte.

    splits: of these only, and then without what was made of all of them: stats, patches, folds, the report.
    An interrupted call goes on where it was. Raises SegError if `root` holds something else, if nothing is packed
    there, or if a file has not the content that was packed.
    """
    need_cloud("Unpacking a dataset needs")
    store = Store(url)
    place, index = store.shown(PACK_INDEX), index_content(store)
    about, table = parse_index(index, place)
    chosen = [each for each in packed_samples(table, place) if not splits or each.sample.split in splits]
    if splits and not chosen:
        raise SegError(f"{store.shown()}: has no sample in {' or '.join(sorted(splits))}; leave out --split")
    wanted = [*wanted_shards(about, chosen), *_without(other_files(store, about), splits)]
    with Transaction(root, "unpack", {"index": hashlib.sha256(index).hexdigest(), "splits": sorted(splits)}) as change:
        _refuse_strangers(root)
        job = ReadShard(store, change.path(INDEX).parent)
        run_jobs(job, wanted, 1 if store.is_of_this_process else workers, progress)
        if splits:
            write_index(change.path(INDEX), sorted((each.sample for each in chosen), key=_stem))
        changed = change.commit(overwrite=False, way="name a new folder with -o")
    missing = tuple(sorted({name for each in chosen for name in each.missing}))
    return Unpacked(len(chosen), sum(kept.size for each in wanted for kept in each.kept), bool(changed), missing)


def _stem(sample: Sample) -> str:
    return sample.stem


def _without(others: list[WantedShard], splits: Collection[str]) -> list[WantedShard]:
    """What belongs to every split, where some are wanted."""
    if not splits:
        return others
    found = []
    for shard in others:
        kept = tuple(each for each in shard.kept if each.file.split("/")[0] not in (*_OF_ALL, INDEX))
        found += [WantedShard(shard.name, kept)] if kept else []
    return found


def _refuse_strangers(root: Path) -> None:
    """SegError where the new files would mix with others; what this very command has made is compared by its bytes."""
    if holds_files(root) and not is_dataset(root):
        raise SegError(f"{root}: already holds something; name a new folder with -o")
