"""Copies of what lies behind URLs, in a folder here, for commands that read files again and again and in any order."""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from prep.core.errors import SegError
from prep.core.files import explained, is_part, make_folder, remove_parts, replacing
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.core.words import counted, without_secrets
from prep.core.workers import Threads
from prep.storage.extra import need_cloud
from prep.storage.remote_file import RemoteFile
from prep.storage.store import Store
from prep.storage.url import last_name

_AT_ONCE = 16
"""Files that are fetched at the same time: a storage answers late, and many at once."""

_PIECE = 1 << 20
_SPARE_BYTES = 1 << 28


def copy_of(url: str, folder: Path) -> Path:
    """Where the copy of a URL lies below `folder`: neighbours of one storage are neighbours there.

    SegError for a URL that names no file or folder.
    """
    if not last_name(url):
        raise SegError(f"{without_secrets(url)}: names a whole storage; name a folder or a file in it")
    if "::" in url or "?" in url:  # a file in an archive, or one that is signed
        return folder / sha256(without_secrets(url).encode()).hexdigest()[:12] / last_name(url)
    path = PurePosixPath(without_secrets(url).partition("://")[2])
    if ".." in path.parts or path.is_absolute():
        raise SegError(f"{without_secrets(url)}: has .. or an empty part in its path; name it without")
    return folder / path


def fetch(url: str, copy: Path, progress: Progress = silent) -> None:
    """Copy a file, or a folder with all that is in it, to `copy`; what is there in its size and version already stays.

    Raises SegError if there is no such thing, if the disk is too small, if a file was replaced while it was copied, or
    if the storage fails for good. An interrupted call goes on with what is missing.
    """
    need_cloud("Reading URLs needs")
    is_folder, files = _files_behind(url)
    if not files:
        raise SegError(f"{without_secrets(url)}: no such file or folder, or an empty one; look how it is written")
    jobs = [(each, copy / each.name if is_folder else copy) for each in files]
    missing = [(each, path) for each, path in jobs if not _is_there(each, path)]
    make_folder(copy.parent)
    remove_parts(copy.parent, deep=False)  # of a call that was killed; nobody else is at work here
    remove_parts(copy)
    _need_space(url, sum(each.size for each, _ in missing), copy.parent)
    store = Store(url.rstrip("/")) if is_folder else None
    with Threads(_AT_ONCE) as threads:
        run_jobs(_Fetch(store, url), missing, _AT_ONCE, progress, executor=threads)
    _refuse_changed(url, [each for each, _ in missing])


def forget_copies(folder: Path, copies: Sequence[Path]) -> None:
    """Remove copies from `folder`, and the folders that are empty then; whatever else lies there stays."""
    for copy in copies:
        with explained(copy):
            if copy.is_dir():
                shutil.rmtree(copy)
            else:
                copy.unlink(missing_ok=True)
        with suppress(OSError):  # not empty
            for parent in copy.relative_to(folder).parents:
                (folder / parent).rmdir()


@dataclass(frozen=True)
class _Fetch:
    """Copy one file. store: of the folder; None where the URL is the file's own."""

    store: Store | None
    url: str

    def __call__(self, job: tuple[RemoteFile, Path]) -> None:
        remote, path = job
        make_folder(path.parent)
        store, name = (self.store, remote.name) if self.store else (Store(self.url), "")
        with replacing(path) as part, part.open("wb") as file, store.stream(name) as stream:
            left = remote.size
            while left:
                piece = stream.read(min(left, _PIECE))
                file.write(piece)
                left -= len(piece)
        os.utime(path, (_time_of(remote),) * 2)


def _is_there(remote: RemoteFile, path: Path) -> bool:
    return path.is_file() and (path.stat().st_size, int(path.stat().st_mtime)) == (remote.size, _time_of(remote))


def _time_of(remote: RemoteFile) -> int:
    """The time that a copy gets: made of the version, so that nothing else need be kept to know that one again."""
    return int.from_bytes(sha256(remote.version.encode()).digest()[:4], "big") >> 1


def _files_behind(url: str) -> tuple[bool, list[RemoteFile]]:
    """Whether a URL is of a folder, and its files by their names below it, or the one file; without hidden ones."""
    is_folder, found = Store(url.rstrip("/")).files()
    files = []
    for remote in found:
        path = PurePosixPath(remote.name)
        if path.is_absolute() or ".." in path.parts or "\\" in remote.name or "\0" in remote.name:
            raise SegError(
                f"{without_secrets(url)}: holds a file called {remote.name!r}; names that lead elsewhere are not "
                "fetched"
            )
        if not any(part.startswith(".") or is_part(part) for part in path.parts):
            files.append(remote)
    return is_folder, sorted(files, key=lambda each: each.name)


def _refuse_changed(url: str, fetched: Sequence[RemoteFile]) -> None:
    """What was listed is what was copied: of another version only a part may have come, and nothing says so."""
    if not fetched:
        return
    now = set(_files_behind(url)[1])
    changed = next((each for each in fetched if each not in now), None)
    if changed is not None:
        raise SegError(
            f"{without_secrets(url)}: {changed.name} was replaced or removed while it was copied; type the same "
            "command again, which copies it anew"
        )


def _need_space(url: str, size: int, folder: Path) -> None:
    with explained(folder):
        free = shutil.disk_usage(folder).free
    if size + _SPARE_BYTES > free:
        raise SegError(
            f"{without_secrets(url)}: holds {counted(size, 'byte')}, and the disk of {os.fspath(folder.resolve())} has "
            f"{free:,} free; name a part of it and add the others to the same dataset later, or work where there is "
            "more space"
        )
