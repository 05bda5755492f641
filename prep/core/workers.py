"""Worker processes that begin with seg_prep.py, not with the program that starts them.

Python runs the main file of a program again in each of its workers: without `if __name__ == "__main__":` a script would
start all over there. Ours need nothing of it, and find our packages whatever lies in the working folder.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from types import ModuleType

_MAIN = "seg_prep"

# Forking a process that has threads (progress bars, OpenCV) can lock up; a fork server has none.
_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
_BASE = multiprocessing.get_context(_METHOD)
_STARTING = threading.Lock()


class _Process(_BASE.Process):  # type: ignore[misc, name-defined]  # which class it is depends on the system
    """A process whose main module is seg_prep.py."""

    def start(self) -> None:
        with _another_main():
            super().start()


class _Context(type(_BASE)):  # type: ignore[misc]
    """As multiprocessing.get_context gives it, with these processes."""

    Process = _Process


def worker_context() -> BaseContext:
    """The context to give to a ProcessPoolExecutor."""
    context: BaseContext = _Context()
    return context


@contextmanager
def _another_main() -> Iterator[None]:
    """While a process starts, `__main__` is seg_prep: multiprocessing takes the name of what to import from there."""
    with _STARTING:  # two threads at once would take each other's stand-in for the main module
        main = sys.modules["__main__"]
        stand_in = ModuleType("__main__")
        stand_in.__spec__ = find_spec(_MAIN)
        sys.modules["__main__"] = stand_in
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def follow_parent() -> None:
    """In such a process: leave Ctrl-C to the parent, and end as soon as it is gone, also after kill -9."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
