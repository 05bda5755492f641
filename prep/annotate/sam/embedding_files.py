"""What encoders said of photos, on the disk: so many bytes, of which those unused for longest go first."""

import hashlib
import json
import os
import time
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np

from prep.annotate.sam.model import Embedding
from prep.core.errors import SegError
from prep.core.files import make_folder, open_to_read, replacing

MOST_BYTES = 8_000_000_000
"""In a dataset, for all models together: 2,000 photos of SAM 1, or 480 of SAM 2."""

_LONGEST_HEAD = 1 << 16
_MOST_VALUES = 1 << 26
_ENDING = ".embedding"

_UNREADABLE = (OSError, ValueError, TypeError, LookupError, RecursionError, OverflowError, SegError)
"""What reading a file raises that is damaged, or of another image: it is computed again."""


class EmbeddingFiles:
    """The embeddings of one model in a folder of their own beside those of other models; for several threads."""

    def __init__(self, folder: Path, key: str, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._all = folder
        self._folder = folder / key
        make_folder(self._folder)

    def read(self, stem: str, image: str) -> Embedding | None:
        """That of the image of this identity; None if there is none, or a damaged one."""
        path = self._path(stem)
        with suppress(*_UNREADABLE), open_to_read(path) as file:
            head = json.loads(file.readline(_LONGEST_HEAD))
            if head["image"] != image or sum(_values(shape) for shape in head["shapes"].values()) > _MOST_VALUES:
                return None
            found = {name: np.frombuffer(file.read(4 * _values(shape)), "<f4").reshape(shape)
                     for name, shape in head["shapes"].items()}  # fmt: skip
            if head["sums"] == _sums(found):
                _used_now(path)  # others go first
                return found
        return None

    def size(self, stem: str, image: str) -> int:
        """Bytes of the file for the image of this identity, used now; 0 if there is none, or not a whole one."""
        path = self._path(stem)
        with suppress(*_UNREADABLE), open_to_read(path) as file:
            line = file.readline(_LONGEST_HEAD)
            head = json.loads(line)
            size = len(line) + 4 * sum(_values(shape) for shape in head["shapes"].values())
            if head["image"] == image and path.stat().st_size == size:
                _used_now(path)  # what is prepared next takes the room of others
                return size
        return 0

    def write(self, stem: str, image: str, embedding: Embedding) -> None:
        """Write one atomically, once there is room for it; SegError if the disk does not take it."""
        shapes = {name: list(values.shape) for name, values in embedding.items()}
        head = json.dumps({"image": image, "shapes": shapes, "sums": _sums(embedding)}).encode() + b"\n"
        path = self._path(stem)
        self._make_room(len(head) + bytes_taken(embedding), path)
        with replacing(path) as part, part.open("wb") as file:
            file.write(head)
            for values in embedding.values():
                file.write(np.ascontiguousarray(values, "<f4").data)
        _used_now(path)

    def _make_room(self, size: int, place: Path) -> None:
        found = []
        for path in self._all.glob(f"*/*{_ENDING}"):
            with suppress(OSError):  # somebody else removed it
                stat = path.stat()
                if path != place:
                    found.append((stat.st_mtime_ns, stat.st_size, path))
        total = size + sum(each for _, each, _ in found)
        for _, bytes_of, path in sorted(found):
            if total <= self.most_bytes:
                return
            with suppress(OSError):
                path.unlink()
                total -= bytes_of

    def _path(self, stem: str) -> Path:
        """Named by a hash: a stem may be as long as a file name can be."""
        return self._folder / f"{hashlib.sha256(stem.encode()).hexdigest()[:32]}{_ENDING}"


def _used_now(path: Path) -> None:
    """By the clock to the nanosecond: the system's own stamp of two files may be equal for milliseconds."""
    now = time.time_ns()
    with suppress(OSError):  # somebody else removed it
        os.utime(path, ns=(now, now))


def bytes_taken(embedding: Embedding) -> int:
    """Bytes that an embedding takes."""
    return 4 * sum(values.size for values in embedding.values())


def _values(shape: list[int]) -> int:
    count = 1
    for length in shape:
        if not isinstance(length, int) or not 0 < length <= _MOST_VALUES:
            raise ValueError(shape)
        count *= length
    return count


def _sums(embedding: Embedding) -> list[int]:
    return [zlib.crc32(np.ascontiguousarray(values, "<f4").data) for values in embedding.values()]
