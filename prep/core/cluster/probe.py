"""Files that show whether all machines of a cluster see the same folders."""

import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import lock_descriptor

from prep.core.errors import SegError
from prep.core.files import PROBE, lock_if_it_can_be, open_plain, part_of

_PATIENCE = 5.0
"""Seconds in which a shared file system shows a new file on every machine."""

_LOCKED_BYTES = 1
"""Windows locks the first byte of a file against reading, too."""


@contextmanager
def probed(folders: Iterable[Path]) -> Iterator[tuple[tuple[str, str], ...]]:
    """During the block, a file in each folder, or in what is there of its path: its absolute name, and what it says.

    A folder in which nothing may be written has none.
    """
    with ExitStack() as stack:
        found = [stack.enter_context(_probe(folder)) for folder in _distinct(folders)]
        yield tuple(each for each in found if each is not None)


def is_seen(path: Path, content: str) -> bool:
    """Whether a probe is there, with what it says; a new file, and what it says, are waited for."""
    until = time.monotonic() + _PATIENCE
    while True:
        with suppress(OSError):
            if path.read_bytes()[_LOCKED_BYTES:] == content.encode():
                return True
        if time.monotonic() > until:
            return False
        time.sleep(0.2)


def _distinct(folders: Iterable[Path]) -> list[Path]:
    """The folders, or what is there of them, absolute, each once."""
    found = []
    for folder in folders:
        folder = folder.absolute()
        while not folder.is_dir():
            folder = folder.parent
        found.append(folder)
    return list(dict.fromkeys(found))


@contextmanager
def _probe(folder: Path) -> Iterator[tuple[str, str] | None]:
    """A file of a new name, locked as long as this process lives, with what nobody else knows."""
    _remove_others(folder)
    content = secrets.token_hex(16)
    try:
        path, descriptor = _locked_file(folder)
    except OSError:
        yield None
        return
    try:
        os.write(descriptor, b" " * _LOCKED_BYTES + content.encode())
        os.fsync(descriptor)  # a network file system shows it elsewhere once it is closed, or now
        yield str(path), content
    finally:
        os.close(descriptor)
        path.unlink(missing_ok=True)


def _locked_file(folder: Path) -> tuple[Path, int]:
    """A new file and its descriptor; before it is locked, another command may take it for nobody's and remove it."""
    while True:
        path = part_of(folder / "probe").with_suffix(PROBE)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        if lock_if_it_can_be(descriptor) and path.exists():
            return path, descriptor
        os.close(descriptor)
        path.unlink(missing_ok=True)  # who took it may not have come to that


def _remove_others(folder: Path) -> None:
    """Remove the probes of commands that were killed: nobody holds them.

    Where they made the folder, they lie beside it.
    """
    for path in [*folder.glob(f".*{PROBE}"), *folder.parent.glob(f".*{PROBE}")]:
        with suppress(OSError, SegError):
            descriptor = open_plain(path, os.O_RDWR)
            try:
                if lock_descriptor(descriptor, blocking=False):
                    path.unlink(missing_ok=True)
            finally:
                os.close(descriptor)
