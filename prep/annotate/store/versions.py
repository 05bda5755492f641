"""Which version of a file stands on the disk, and which save of a page made it."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from prep.core.errors import SegError
from prep.core.files import make_folder, read_bytes, write_text

NO_FILE = "none"
"""Version of a file that is not there."""

FileStamp = tuple[int, int, int]
"""Size, time of the last change in nanoseconds, and number of a file: another one after every atomic write."""


def stamp_of(path: Path | str) -> FileStamp | None:
    """The stamp of a file; None if there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116  # half the time of Path.stat, and there are thousands
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a name with a NUL
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


def version_of(content: bytes) -> str:
    """A short name of this content of a file."""
    return hashlib.sha256(content).hexdigest()[:20]


def version_and_bytes(path: Path) -> tuple[str, bytes]:
    """Version and bytes of a file; small files are read each time, since two writes in a moment can look like one."""
    if stamp_of(path) is None:
        return NO_FILE, b""
    data = read_bytes(path)
    return version_of(data), data


@dataclass(frozen=True)
class Written:
    """The random id that a page gave to a save, and the version of the mask that the save makes."""

    save: str
    version: str


class SaveNotes:
    """Notes on the last save of each image, written before its mask is.

    A page whose answer was lost sends its save again. The note then tells whether the mask that stands is the one
    that this very save made. It holds two saves: until the mask of the newer one stands, the older one counts.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def announce(self, stem: str, before: str, coming: Written) -> None:
        """Note that a save is about to replace the version `before`."""
        make_folder(self._folder)
        standing = [written for written in self._read(stem) if written.version == before]
        notes = [vars(written) for written in (coming, *standing[:1])]
        write_text(self._path(stem), json.dumps(notes))

    def made(self, stem: str, save: str, version: str) -> bool:
        """Whether this version of the mask was made by this save."""
        return next((w.save == save for w in self._read(stem) if w.version == version), False)

    def took_away(self, stem: str) -> bool:
        """Whether the last save that was begun leaves no mask."""
        return any(written.version == NO_FILE for written in self._read(stem)[:1])

    def having(self, stems: Iterable[str]) -> set[str]:
        """Those of these images of which a save was ever begun."""
        names = {path.name for path in self._folder.glob("*.json")}
        return {stem for stem in stems if _name_of_note(stem) in names} if names else set()

    def has(self, stem: str) -> bool:
        """Whether a save of this image was ever begun."""
        return self._path(stem).exists()

    def _path(self, stem: str) -> Path:
        return self._folder / _name_of_note(stem)

    def _read(self, stem: str) -> list[Written]:
        """Newest first; a note that cannot be read is as good as none: the save is refused, and nothing is lost."""
        try:
            return [
                Written(str(note["save"]), str(note["version"])) for note in json.loads(read_bytes(self._path(stem)))
            ]
        except (SegError, ValueError, TypeError, KeyError, RecursionError):
            return []


def _name_of_note(stem: str) -> str:
    """A hash: a stem may be as long as a file name can be."""
    return f"{hashlib.sha256(stem.encode()).hexdigest()[:32]}.json"
