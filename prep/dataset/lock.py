"""One writer a dataset: a lock on a hidden file of the folder, which the system lets go when its holder dies.

The lock file stands while somebody writes, and says who it is, for those who wait. One that can be locked and still
says so was left by a command that was killed. On drives without locks, everybody gets it, with a warning.
"""

import json
import logging
import os
import platform
import shlex
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from filelock import lock_descriptor

from prep.core.errors import SegError, StillWaiting
from prep.core.files import explained, open_plain
from prep.core.progress import Say
from prep.core.words import printable, without_secrets

LOCK = ".lock"
WAIT_S = 5.0
"""So long a second writer, or a reader during a commit, waits; then it says who is at work."""

POLL_S = 0.05

_RECORD_AT = 1
"""Windows locks the first byte of the file, also against reading."""

_LONGEST_RECORD = 2000
_LONGEST_COMMAND = 120


class InUse(SegError):
    """Somebody else is changing the folder; nothing was changed."""


class _Held(threading.local):
    """The folders that this thread has locked: one command calls another within its own lock."""

    def __init__(self) -> None:
        self.roots: set[str] = set()


_held = _Held()
_descriptors: set[int] = set()


def _forget_in_child() -> None:
    """A forked child would keep its parent's lock beyond the parent's death."""
    for descriptor in _descriptors:
        with suppress(OSError):
            os.close(descriptor)
    _descriptors.clear()
    _held.roots.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)


@dataclass(frozen=True)
class Holder:
    """Who writes: the command as it was typed, since when (ISO, UTC), on which machine, the number of its process."""

    command: str
    since: str
    machine: str
    pid: int

    def __str__(self) -> str:
        since = datetime.fromisoformat(self.since).astimezone()
        return f"'{self.command}' (since {since:%Y-%m-%d %H:%M:%S} on {self.machine}, process {self.pid})"


def is_held(root: Path) -> bool:
    """Whether this thread holds the lock of a folder."""
    return os.path.realpath(root) in _held.roots


@contextmanager
def locked(root: Path, say: Say | None = None, *, target: Path | None = None) -> Iterator[bool]:
    """Hold the lock of a folder, which is made if need be; gives whether its last holder was killed.

    Within a block of the same thread, it does nothing more. A folder that was made here and is empty afterwards goes.
    say: told who is at work after some seconds, and then it waits on for as long as that takes.
    target: what is going to be written, if not the folder; errors of the system are told of it.
    Raises SegError, without `say`, if somebody else has it for some seconds.
    """
    folder = Path(os.path.realpath(root))
    if str(folder) in _held.roots:
        yield False
        return
    made: list[Path] = []
    descriptor = _acquire(root, target or root, folder, made, say)
    _held.roots.add(str(folder))
    _descriptors.add(descriptor)
    try:
        was_killed = os.fstat(descriptor).st_size > 0
        _write_record(descriptor)
        yield was_killed
    finally:
        _held.roots.discard(str(folder))
        _descriptors.discard(descriptor)
        _release(descriptor, folder, made)


def is_free(root: Path) -> bool:
    """Whether nobody writes into a folder now; changes nothing. False where that cannot be told."""
    try:
        descriptor = open_plain(root / LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return True
    except (OSError, SegError):
        return False
    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError:  # no locks on this drive, or none for those who only read
        return False
    finally:
        os.close(descriptor)


def holder(root: Path) -> Holder | None:
    """Who holds the lock of a folder, or was killed while it did; None if that is not known."""
    try:
        descriptor = open_plain(root / LOCK, os.O_RDONLY)
    except (OSError, SegError):
        return None
    try:
        os.lseek(descriptor, _RECORD_AT, os.SEEK_SET)
        data = json.loads(os.read(descriptor, _LONGEST_RECORD))
        found = Holder(
            printable(str(data["command"])), data["since"], printable(str(data["machine"])), int(data["pid"])
        )
        str(found)  # fails here if it is no time
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return None
    finally:
        os.close(descriptor)
    return found


def _acquire(root: Path, target: Path, folder: Path, made: list[Path], say: Say | None) -> int:
    """Wait for the lock; gives the open lock file. made: gets the folders that had to be made."""
    deadline = time.monotonic() + WAIT_S
    try:
        while (descriptor := _try(target, folder, made)) is None:
            if time.monotonic() > deadline:
                at_work = holder(folder) or "another command"
                if say is None:
                    raise InUse(
                        f"{root}: {at_work} is at work on this folder; nothing was changed, try again when that is done"
                    )
                say(f"Waiting for {at_work}, which is at work on {root} ...")
                deadline = float("inf")
            time.sleep(POLL_S)
    except KeyboardInterrupt as error:
        raise StillWaiting from error
    return descriptor


def _try(target: Path, folder: Path, made: list[Path]) -> int | None:
    """The open and locked file; None if somebody else has it, or has just removed it."""
    with explained(target):
        made += [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = _open(folder / LOCK)
        except FileNotFoundError:  # the folder was removed in this moment
            return None
    try:
        if _lock(descriptor, folder) and _is_at(descriptor, folder / LOCK):
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _open(path: Path) -> int:
    try:
        return open_plain(path, os.O_RDWR | os.O_CREAT)
    except PermissionError:  # of another person, in a folder of both: it can be locked, but not written
        if not (path.exists() or os.access(path.parent, os.W_OK)):
            raise
        return open_plain(path, os.O_RDONLY)


def _lock(descriptor: int, folder: Path) -> bool:
    if os.fstat(descriptor).st_nlink > 1:  # it is emptied, so it may be nothing else
        raise SegError(f"{folder / LOCK}: is a file of another place, too; remove it here")
    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError:
        _warn(folder)
        return True


@cache
def _warn(folder: Path) -> None:
    text = "%s: this drive knows no locks; let only one command at a time work on it"
    logging.getLogger(__name__).warning(text, folder)


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the file is still the one of this name: its holder removes it, and somebody else makes another one."""
    try:
        again = open_plain(path, os.O_RDONLY)  # and no stat(), which on network drives may tell of the removed file
    except FileNotFoundError:
        return False
    try:
        return os.path.samestat(os.fstat(descriptor), os.fstat(again))
    finally:
        os.close(again)


def _release(descriptor: int, folder: Path, made: list[Path]) -> None:
    try:
        with suppress(OSError, SegError):
            os.ftruncate(descriptor, 0)  # where it cannot be removed, at least it names nobody
            if sys.platform != "win32" and _is_at(descriptor, folder / LOCK):
                (folder / LOCK).unlink()  # before it is let go, so that nobody else has it already
    finally:
        os.close(descriptor)
    if sys.platform == "win32":  # which removes no open file: if another has it now, it stays
        with suppress(OSError):
            (folder / LOCK).unlink()
    for empty in made:  # from the inside out
        with suppress(OSError):
            empty.rmdir()


def _write_record(descriptor: int) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    record = asdict(Holder(_command(), now, platform.node(), os.getpid()))
    with suppress(OSError):  # a full disk: the lock is what counts
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, _RECORD_AT, os.SEEK_SET)
        os.write(descriptor, json.dumps(record).encode())


def _command() -> str:
    """The command line of this process, as it was typed, without the secrets of URLs, and not too long."""
    words = [Path(sys.argv[0]).name, *sys.argv[1:]] if sys.argv and sys.argv[0] else ["python"]
    words = [without_secrets(word) if "://" in word else word for word in words]
    text = " ".join(shlex.join(words).split())
    return text if len(text) <= _LONGEST_COMMAND else f"{text[:_LONGEST_COMMAND]} ..."
