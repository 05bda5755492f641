"""What a worker of a cluster gets: some jobs, and what has to be the same there as where the command was typed."""

import os
import platform
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from prep.core.cluster.identity import Identity, identity
from prep.core.cluster.probe import is_seen
from prep.core.errors import SegError
from prep.core.workers import set_up_worker

_one_at_a_time = threading.Lock()  # the working folder belongs to the process
_counting = threading.Lock()
_at_work: Counter[str] = Counter()
_halted: set[str] = set()


class Halted(Exception):
    """The command that asked for this work has ended."""


@dataclass(frozen=True)
class CommandContext:
    """identity: of the command.  folder: where it is at work, absolute.  probes: files, absolute, and what they hold.

    Paths of jobs mean the same in the same folder, and so do the words that are said of them.
    """

    identity: Identity
    folder: str
    probes: tuple[tuple[str, str], ...]

    def refuse_other(self) -> None:
        """SegError if this process runs other code, or does not see the folders of the command."""
        _refuse_other(self)


@dataclass(frozen=True)
class Task:
    """Does some jobs. call: which call of the command they belong to."""

    call: str
    setting: CommandContext
    work: Callable[[Any, int], list[Any]]

    def __call__(self, chunk: Sequence[Any], first: int) -> tuple[float, list[Any]]:
        """The seconds that a job took, and the results."""
        with _working(self.call), _one_at_a_time:
            self.setting.refuse_other()
            set_up_worker()
            before = Path.cwd()
            os.chdir(self.setting.folder)
            try:
                begun = time.monotonic()
                results = self.work(_until_halted(self.call, chunk), first)
                return (time.monotonic() - begun) / len(chunk), results
            finally:
                os.chdir(before)


def halt(call: str) -> int:
    """In a worker: let no job of this call begin, and say how many tasks of it are still at work."""
    with _counting:
        _halted.add(call)
        return _at_work[call]


@contextmanager
def _working(call: str) -> Iterator[None]:
    with _counting:
        if call in _halted:
            raise Halted
        _at_work[call] += 1
    try:
        yield
    finally:
        with _counting:
            _at_work[call] -= 1


def _until_halted(call: str, chunk: Sequence[Any]) -> Iterator[Any]:
    for job in chunk:
        if call in _halted:
            raise Halted
        yield job


@lru_cache(maxsize=64)
def _refuse_other(setting: CommandContext) -> None:
    host = platform.node()
    if differences := setting.identity.differences(identity()):
        what = "; ".join(f"{name} {there}, and the command {here}" for name, here, there in differences)
        raise SegError(
            f"a worker on {host} has {what}: results could differ without a word. Install the same on both, then start "
            "the worker again"
        )
    for path, content in setting.probes:
        if not is_seen(Path(path), content):
            raise SegError(
                f"{Path(path).parent}: is not the same folder on {host}, where a worker runs; data have to lie in a "
                "folder that all machines of the cluster see under this path"
            )
    if not Path(setting.folder).is_dir():
        raise SegError(
            f"{setting.folder}: is not there on {host}, where a worker runs; type the command in a folder that all "
            "machines of the cluster see under this path"
        )
