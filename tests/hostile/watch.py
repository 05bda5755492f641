"""Tells what code touches on the disk: Python says of every file before it opens, makes, moves or removes it."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PATHS = {"os.rename": 2, "os.link": 2, "os.symlink": 2} | dict.fromkeys(
    ("os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.chmod", "os.chown", "os.utime"), 1
)
"""Events that change something, and how many paths their arguments begin with (Python's table of audit events)."""


_OUTSIDE = frozenset({"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "socket.connect"})
"""Programs that are started, and connections that are made."""


class _Watch:
    """Paths that were touched and must not be; `writable` and `secret` are absolute."""

    def __init__(self, writable: Path, secret: Path, open_to_all: Sequence[Path]) -> None:
        self._writable, self._secret = os.path.realpath(writable), os.path.realpath(secret)
        self._readable = [os.path.realpath(path) for path in (writable, *open_to_all)]
        self.touched: list[str] = []

    def see(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            self._opened(*arguments)
        elif event in _OUTSIDE:
            self.touched.append(f"{event} {arguments[:2]!r}")
        elif event in _PATHS:
            paths, folder = arguments[: _PATHS[event]], -1
            if event == "os.symlink":  # the other path may lead anywhere
                paths = arguments[1:2]
            elif len(paths) == 1 and isinstance(arguments[-1], int):
                folder = arguments[-1]
            for path in paths:
                self._changed(event, _absolute(path, folder))

    def _opened(self, name: object, mode: object, flags: object) -> None:
        """mode: None for os.open, which keeps to itself of which folder a name is that is not absolute."""
        path = _absolute(name)
        if (mode is None and not str(name).startswith(os.sep)) or name in sys.path:  # where Python looks for packages
            return
        if isinstance(flags, int) and flags & _WRITING:
            self._changed("open", path)
        elif _is_below(path, self._secret) and not any(_is_below(path, each) for each in self._readable):
            self.touched.append(f"read {path}")

    def _changed(self, event: str, path: str) -> None:
        if path and not _is_below(path, self._writable) and not path.startswith("/dev/"):
            self.touched.append(f"{event} {path}")


_active: list[_Watch] = []
_installed: list[bool] = []


@contextmanager
def touching(writable: Path, secret: Path, readable: Sequence[Path]) -> Iterator[list[str]]:
    """Collect what the block changes outside of `writable`, and opens below `secret` but outside of `readable`.

    So are programs that it starts and connections that it makes.

    What C libraries open by themselves is not seen.
    """
    if not _installed:  # once a process: hooks cannot be taken back
        sys.addaudithook(lambda event, arguments: _active[-1].see(event, arguments) if _active else None)
        _installed.append(True)
    watch = _Watch(writable, secret, readable)
    _active.append(watch)
    try:
        yield watch.touched
    finally:
        _active.remove(watch)


def _absolute(path: object, folder: object = -1) -> str:
    """The real path of an argument, empty if it is a file descriptor."""
    if not isinstance(path, str | bytes | os.PathLike):
        return ""
    start = Path(f"/proc/self/fd/{folder}").readlink() if isinstance(folder, int) and folder >= 0 else Path()
    name = start / os.fsdecode(path)
    return str(name.parent.resolve() / name.name)


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}{os.sep}")
