"""Whole files in and out: atomic writes, and operating-system errors in words."""

import errno
import os
import platform
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from prep.core.errors import SegError

PROBE = ".probe"
"""Ends the name of a part file that a living command keeps, see prep.core.cluster.probe."""

_PART = re.compile(r"\.[A-Za-z0-9-]{0,12}-[0-9a-f]{12}\.(part|probe)")

_PLAIN = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Not what a link leads to, and no waiting for a named pipe."""

_REMEDIES = {
    errno.ENOSPC: "no space left on the disk; free some and run the same command again",
    errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
    errno.EFBIG: "the file would be larger than may be here, by the file system or by ulimit -f; choose another folder",
    errno.EACCES: "permission denied; choose another folder or change its permissions",
    errno.EPERM: "permission denied; choose another folder or change its permissions",
    errno.EROFS: "the file system is read-only; choose another folder",
    errno.ENOENT: "no such file or folder; look how its name is written, or put it back",
    errno.ENOTDIR: "a part of this path is a file, not a folder; choose another folder",
    errno.EISDIR: "is a folder; a file is expected here: move it away",
    errno.EEXIST: "is a file; a folder is expected here",
    errno.ELOOP: "is a link, and files are neither read nor written through links here; remove it",
    errno.ENXIO: "is no plain file; remove it",
    errno.ENAMETOOLONG: "the name is too long for this file system",
}

_NO_PLAIN_FILE = (errno.ELOOP, errno.EISDIR, errno.ENXIO)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into a SegError that names `path` and what to do."""
    try:
        yield
    except OSError as error:
        reason = _REMEDIES.get(error.errno or 0, error.strerror or str(error))
        raise SegError(f"{path}: {reason}") from error


@contextmanager
def within_limits(path: Path) -> Iterator[None]:
    """Turn a MemoryError or RecursionError of the block into a SegError that names `path` and what to do.

    Whatever reads a raw file stands in such a block, so that one file that is too much is named and left out.
    """
    try:
        yield
    except MemoryError as error:
        raise SegError(f"{path}: needs more memory than there is; save it smaller, or close other programs") from error
    except RecursionError as error:
        raise SegError(f"{path}: nested too deeply; export it again") from error


def refuse_special_file(path: Path) -> None:
    """SegError for a pipe or a device, which one could wait for without end; for files that only we write."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise SegError(f"{path}: no file but a pipe or a device; remove it and run the command that writes it again")


def read_bytes(path: Path) -> bytes:
    """Read a whole file; SegError if it cannot be read, is a pipe or a device, or holds nothing."""
    with explained(path), open_to_read(path) as file:
        data = file.read()
    if not data:
        raise SegError(f"{path}: the file is empty (0 bytes); export or copy it again")
    return data


def open_to_read(path: Path) -> BinaryIO:
    """Open a file of somebody, or what a link leads to; OSError as os.open, SegError for a pipe or a device.

    Never with `Path.open`, which waits for the other end of a named pipe.
    """
    descriptor = os.open(path, os.O_RDONLY | _PLAIN & ~getattr(os, "O_NOFOLLOW", 0))
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise SegError(f"{path}: no file but a pipe or a device; remove it, or name another file")


def make_folder(path: Path) -> None:
    """Make a folder and its parents; SegError if that is not possible."""
    with explained(path):
        path.mkdir(parents=True, exist_ok=True)


def open_plain(path: Path, flags: int) -> int:
    """Open a file of this very name and return its descriptor; OSError as os.open, SegError for what is no plain file.

    For files of a dataset that somebody else may have made: no link is followed, and no named pipe waited for.
    """
    try:
        descriptor = os.open(path, flags | _PLAIN, 0o666)
    except OSError as error:
        if error.errno not in _NO_PLAIN_FILE:
            raise
        with explained(path):  # by its own name: whoever calls may explain that of its folder, which must not go
            raise
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise SegError(f"{path}: is no plain file; remove it")


def lock_if_it_can_be(descriptor: int) -> bool:
    """Lock an open file, unless somebody else has; one on a drive that knows no locks counts as locked."""
    from filelock import lock_descriptor

    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError:
        return True


@contextmanager
def appending(path: Path, *, create: bool = True) -> Iterator[BinaryIO]:
    """Open a file of ours, whoever made it, to write at its end at once; SegError for a link or what is no plain file.

    One that has other names too (hard links, as of a copied folder) becomes a file of its own: those are not to change.
    """
    with explained(path):
        if os.path.lexists(path):
            with os.fdopen(open_plain(path, os.O_RDONLY), "rb") as file:
                if os.fstat(file.fileno()).st_nlink > 1:
                    write_bytes(path, file.read())
        flags = os.O_WRONLY | os.O_APPEND | (os.O_CREAT if create else 0)
        with os.fdopen(open_plain(path, flags), "ab", 0) as opened:
            yield opened


def part_of(path: Path) -> Path:
    """A new name beside `path`, to write to before it takes its place: short, and of nobody else on any machine."""
    host = re.sub("[^A-Za-z0-9-]", "", platform.node())[:12]
    return path.with_name(f".{host}-{secrets.token_hex(6)}.part")


def put_in_place(part: Path, path: Path) -> None:
    """Let a whole part file, or folder, take the place of `path`; an older folder goes first."""
    with explained(path):
        if part.is_dir() and path.exists():
            shutil.rmtree(path)
        part.replace(path)


@contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Give a part file to write to, which takes the place of `path` when the block ends without an error.

    Readers see the old file or the new one, never half of it.
    durable: also after a power cut; for what a person made by hand, since it waits for the disk.
    """
    part = part_of(path)
    with explained(path):
        try:
            yield part
            if durable:
                _wait_for_disk(part)
            put_in_place(part, path)
            if durable and sys.platform != "win32":  # which has no such call, and needs none
                _wait_for_disk(path.parent)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def write_bytes(path: Path, data: bytes | memoryview, *, durable: bool = False) -> None:
    """Write a whole file as `replacing` does."""
    with replacing(path, durable=durable) as part:
        part.write_bytes(data)


def remove_file(path: Path) -> None:
    """Remove a file, if it is there, so that it does not come back after a power cut."""
    with explained(path):
        if path.exists():
            path.unlink()
            if sys.platform != "win32":
                _wait_for_disk(path.parent)


def _wait_for_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, would survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file atomically, with the line ends as given."""
    write_bytes(path, to_utf8(text))


def to_utf8(text: str) -> bytes:
    r"""Text as a file holds it; a byte of a file name that is no text (PEP 383) as it is shown, in JSON: \udcfc."""
    return text.encode("utf-8", "backslashreplace")


def is_part(name: str) -> bool:
    """Whether a file of this name is half-written, or was left so by a process that was killed."""
    return _PART.fullmatch(name) is not None


def remove_parts(folder: Path, *, deep: bool = True) -> None:
    """Remove what killed processes left half-written in `folder`, also in the folders below if `deep`."""
    for place, folders, names in os.walk(folder):
        for name in filter(is_part, [*names, *folders]):
            part = Path(place, name)
            if part.suffix == PROBE:
                continue
            is_folder = name in folders and not part.is_symlink()
            shutil.rmtree(part) if is_folder else part.unlink(missing_ok=True)
        folders[:] = [name for name in folders if deep and not is_part(name)]
