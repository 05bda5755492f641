"""One shard: written from the files of a dataset, and read back into them; hashed on the way, never held."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from prep.core.errors import SegError
from prep.core.files import explained, make_folder, open_to_read, part_of, replacing
from prep.packing.plan import Shard
from prep.storage.store import Download, Store

_PIECE = 1 << 20


@dataclass(frozen=True)
class WriteShard:
    """Write a shard of the dataset in `root` to the folder `folder` of a store; SHA-256 of each entry comes back.

    A shard of this size that is there already is the work of this command before it was interrupted, and stays.
    Raises SegError if a file cannot be read, or has another size than was planned.
    """

    root: Path
    store: Store
    folder: str

    def __call__(self, shard: Shard) -> list[bytes]:
        """Write one shard, or hash what is in it where it is there."""
        name = f"{self.folder}/{shard.name}"
        if self.store.size(name) == shard.size:
            return [self._hashed(shard, number, None) for number in range(len(shard.entries))]
        with _part(self.store.free_for_parts()) as part:
            with explained(part), part.open("wb") as file:
                hashes = [self._hashed(shard, number, file) for number in range(len(shard.entries))]
                file.write(bytes(shard.size - file.tell()))
            self.store.put(part, name)
        return hashes

    def _hashed(self, shard: Shard, number: int, target: BinaryIO | None) -> bytes:
        """Hash the content of an entry, and write it, its header and padding, if there is a target."""
        entry, content, size = shard.entries[number], hashlib.sha256(), 0
        if target:
            target.write(entry.header)
        path = self.root / entry.file
        with explained(path), open_to_read(path) as file:
            while piece := file.read(_PIECE):
                size += len(piece)
                content.update(piece)
                if target:
                    with explained(Path(target.name)):  # and not of the file that is read
                        target.write(piece)
        if size != entry.size:
            raise SegError(f"{path}: was changed while it was read; nothing was written, type the command again")
        if target:
            target.write(bytes(entry.padding))
        return content.digest()


@contextmanager
def _part(folder: Path | None) -> Iterator[Path]:
    """A name for a file that is whole before it is put in place, in `folder` or where the system has such files."""
    if folder is not None:
        part = part_of(folder / "shard")
        try:
            yield part
        finally:
            part.unlink(missing_ok=True)
        return
    with tempfile.TemporaryDirectory(prefix="seg-prep-") as own:
        yield Path(own) / "shard.tar"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it lies in a shard: its name in the dataset, the byte at which it begins, its size, its SHA-256."""

    file: str
    offset: int
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class WantedShard:
    """A shard to read, by its name in the store, and the files to take out of it, by where they lie."""

    name: str
    kept: tuple[Kept, ...]


@dataclass(frozen=True)
class ReadShard:
    """Take files out of a shard and write them below `folder`; those that are there in their size stay.

    SegError if one has not the content that was packed.
    """

    store: Store
    folder: Path

    def __call__(self, wanted: WantedShard) -> None:
        """Read one shard from its first missing file on."""
        missing = [each for each in wanted.kept if not self._is_there(each)]
        if not missing:
            return
        at = missing[0].offset
        with self.store.stream(wanted.name, at) as download:
            for each in missing:
                _skip(download, each.offset - at)
                self._take(download, each, wanted.name)
                at = each.offset + each.size

    def _is_there(self, kept: Kept) -> bool:
        path = self.folder / kept.file
        with explained(path):  # its name may be too long here
            return path.is_file() and path.stat().st_size == kept.size

    def _take(self, download: Download, kept: Kept, shard: str) -> None:
        content, left, path = hashlib.sha256(), kept.size, self.folder / kept.file
        make_folder(path.parent)
        with replacing(path) as part, part.open("wb") as file:
            while left:
                piece = download.read(min(left, _PIECE))
                content.update(piece)
                file.write(piece)
                left -= len(piece)
            if content.digest() != kept.sha256:
                raise SegError(
                    f"{self.store.shown(shard)}: {kept.file} is not as it was packed (another SHA-256); "
                    "copy the shards again, or pack the dataset again"
                )


def _skip(download: Download, size: int) -> None:
    while size:
        size -= len(download.read(min(size, _PIECE)))
