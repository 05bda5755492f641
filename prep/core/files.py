"""Whole files in and out: atomic writes, and operating-system errors in words."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prep.core.errors import SegError

PART_SUFFIX = ".part"

_REMEDIES = {
    errno.ENOSPC: "no space left on the disk; free some and run the same command again",
    errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
    errno.EACCES: "permission denied; choose another folder or change its permissions",
    errno.EPERM: "permission denied; choose another folder or change its permissions",
    errno.EROFS: "the file system is read-only; choose another folder",
    errno.ENOENT: "no such file or folder",
    errno.ENOTDIR: "a part of this path is a file, not a folder; choose another folder",
    errno.EISDIR: "is a folder; a file is expected here",
    errno.EEXIST: "is a file; a folder is expected here",
    errno.ENAMETOOLONG: "the name is too long for this file system",
}


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
    """Read a whole file; SegError if it cannot be read or holds nothing."""
    with explained(path):
        data = path.read_bytes()
    if not data:
        raise SegError(f"{path}: the file is empty (0 bytes); export or copy it again")
    return data


def make_folder(path: Path) -> None:
    """Make a folder and its parents; SegError if that is not possible."""
    with explained(path):
        path.mkdir(parents=True, exist_ok=True)


def write_bytes(path: Path, data: bytes | memoryview, *, durable: bool = False) -> None:
    """Write a whole file atomically: readers see the old file or the new one, never half of it.

    durable: also after a power cut; for what a person made by hand, since it waits for the disk.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}{PART_SUFFIX}")
    with explained(path):
        try:
            part.write_bytes(data)
            if durable:
                _wait_for_disk(part)
            part.replace(path)
            if durable and sys.platform != "win32":  # which has no such call, and needs none
                _wait_for_disk(path.parent)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def _wait_for_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, would survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file atomically, with the line ends as given."""
    write_bytes(path, text.encode("utf-8"))


def remove_parts(folder: Path) -> None:
    """Remove what a killed process left half-written in `folder`, at any depth."""
    for part in folder.rglob(f".*{PART_SUFFIX}"):
        part.unlink(missing_ok=True)
