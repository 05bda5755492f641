"""Runs a command in a process of its own, and kills that process before, or in the middle of, its n-th write."""

import multiprocessing.connection
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.truncate"})
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_context = multiprocessing.get_context("forkserver")


class Killer:
    """An audit hook that counts the writes below a folder, and kills the process at one of them.

    Point 2 n is before write n. Point 2 n + 1 is after write n has made an empty file, where it opens one.
    """

    def __init__(self, folder: Path, point: int | None) -> None:
        self.folder, self.point = os.path.realpath(folder), point
        self.points: list[int] = []
        self._writes = 0

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """Look at one event of the interpreter."""
        opens = event == "open" and isinstance(arguments[2], int) and bool(arguments[2] & _WRITING)
        if not (opens or event in _CHANGES) or not self._is_inside(event, arguments[0]):
            return
        number = 2 * self._writes
        self._writes += 1
        self.points += [number, number + 1] if opens else [number]
        if self.point == number:
            os.kill(os.getpid(), signal.SIGKILL)
        if opens and self.point == number + 1:
            name, self.point = str(arguments[0]), None
            os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o666))
            os.kill(os.getpid(), signal.SIGKILL)

    def _is_inside(self, event: str, path: object) -> bool:
        if isinstance(path, int):  # a file that was opened here
            return event == "os.truncate"
        return isinstance(path, str | os.PathLike) and os.path.realpath(path).startswith(self.folder + os.sep)


def run(
    folder: Path, words: list[str], point: int | None = None, seconds: float | None = None
) -> tuple[int, list[int], str]:
    """Run a command in `folder` and kill it at a point, or after so long; its exit code, points, and what it said."""
    receiver, sender = _context.Pipe(duplex=False)
    process = ForkServerProcess(target=_child, args=(folder, words, point, sender))
    process.start()
    sender.close()
    if seconds is not None:
        process.join(seconds)
        process.kill()
    process.join()
    points = receiver.recv() if process.exitcode == 0 else []
    receiver.close()
    said = folder / "said.txt"
    return process.exitcode or 0, points, said.read_text(encoding="utf-8") if said.exists() else ""


def _child(folder: Path, words: list[str], point: int | None, sender: "multiprocessing.connection.Connection") -> None:
    import torch

    torch.set_num_threads(1)
    os.chdir(folder)
    said = os.open("said.txt", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o666)
    os.dup2(said, 1)
    os.dup2(said, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    killer = Killer(folder, point)
    sys.addaudithook(killer)
    code: int | str | None = 0
    try:
        _main(words[0])(words[1:], prog_name=words[0])
    except SystemExit as end:
        code = end.code
    sender.send(killer.points)
    sys.exit(code)


def _main(program: str) -> Callable[..., object]:
    if program == "seg-prep":
        from prep.cli.main import main
    elif program == "train-network":
        from tests.kills.commands import train_network as main
    else:
        from train.cli.main import main
    return main
