"""Worker processes, and threads, to run jobs in; and what is said where a process is killed.

The processes begin with seg_prep.py, not with the program that starts them. Python runs the main file of a program
again in each of its workers: without `if __name__ == "__main__":` a script would start all over there. Ours need
nothing of it, and find our packages whatever lies in the working folder.

They begin and end undisturbed by Ctrl-C, however often it is pressed. A process whose start is cut short is known to
nobody, is not waited for, and ends with a traceback. Python (seen in 3.11) takes a thread for ended where waiting for
it was cut short (https://github.com/python/cpython/issues/90882), closes what that reads from, and then waits for ever
for workers to whom nobody listens.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, MutableSequence, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from ctypes import c_byte
from functools import partial
from importlib.util import find_spec
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from multiprocessing.sharedctypes import Synchronized
from types import ModuleType
from typing import Any, TypeVar

import cv2

from prep.core.arguments import FROM_1, need
from prep.core.errors import SegError
from prep.core.words import list_some

Job = TypeVar("Job")

MOST_PROCESSES = 61 if sys.platform == "win32" else 1024
"""Windows waits for no more at once, and so Python's pool takes no more there."""

_LONGEST_NAME = 80

_IDLE = -1

_MAIN = "seg_prep"
_HANGUP = (signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()
"""Of a terminal that closes, which tells all processes in it; Windows has none."""

_STOPS = (signal.SIGINT, signal.SIGTERM, *_HANGUP)

# Forking a process that has threads (progress bars, OpenCV) can lock up; a fork server has none.
_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
_BASE = multiprocessing.get_context(_METHOD)
_STARTING = threading.Lock()


class WorkerKilled(SegError):
    """Somebody killed a worker process, as the system does where memory runs out."""


class _Process(_BASE.Process):  # type: ignore[misc, name-defined]  # which class it is depends on the system
    """A process whose main module is seg_prep.py."""

    def start(self) -> None:
        try:
            with _another_main():
                super().start()
        except EOFError as error:  # from the fork server, which click would take for Ctrl-D
            raise WorkerKilled(
                "the process that starts workers was killed, most likely because memory ran out; type the command "
                "again, with --workers 1 if it has to do without workers"
            ) from error


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


class Over(Exception):
    """The pool of a job is being shut down: nobody wants what it would give."""


class _Here(threading.local):
    """What a thread that works on jobs knows of its pool."""

    is_over: Callable[[], bool] = staticmethod(lambda: False)


_here = _Here()


class Threads(ThreadPoolExecutor):
    """A ThreadPoolExecutor whose end waits for the jobs that are at work, also where it is told to stop once more."""

    def __init__(self, workers: int, name: str = "") -> None:
        self._over = threading.Event()
        super().__init__(workers, name, partial(setattr, _here, "is_over", self._over.is_set))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As of its base; no further job of a chunk is begun."""
        self._over.set()
        with _signals_held():
            super().shutdown(wait, cancel_futures=cancel_futures)


class Processes(ProcessPoolExecutor):
    """A ProcessPoolExecutor whose end waits for the jobs that are at work, also where it is told to stop once more.

    places: for each worker the number of the job that it is at, -1 for none.
    """

    def __init__(self, workers: int) -> None:
        context = worker_context()
        self.places = context.RawArray("q", [_IDLE] * workers)
        self._over = context.RawValue("b", 0)
        taken = context.Value("i", 0)
        super().__init__(workers, context, _begin_worker, (self.places, taken, self._over, dict(os.environ)))

    def submit(self, /, *arguments: Any, **named: Any) -> Future[Any]:  # noqa: ANN401  # as that of its base
        """As of its base."""
        with _signals_held():
            return super().submit(*arguments, **named)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As of its base; no further job of a chunk is begun."""
        self._over.value = 1
        with _signals_held():
            super().shutdown(wait, cancel_futures=cancel_futures)


@contextmanager
def _signals_held() -> Iterator[None]:
    """Ctrl-C, SIGTERM and SIGHUP come after the block."""
    if threading.current_thread() is not threading.main_thread():  # signals interrupt the main one alone
        yield
        return
    came: list[int] = []
    before = {each: handler for each in _STOPS if (handler := signal.getsignal(each)) is not None}
    for each in before:
        signal.signal(each, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for number in came:
            signal.raise_signal(number)


def follow_parent() -> None:
    """In such a process: leave Ctrl-C and SIGHUP to the parent, and end as soon as it is gone, also after kill -9."""
    for each in (signal.SIGINT, *_HANGUP):
        signal.signal(each, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def set_up_worker() -> None:
    """The settings of libraries in every process that works on jobs, of this machine or another one."""
    cv2.setNumThreads(1)  # one core a worker


class _Note:
    """Where a worker process tells its parent the number of the job that it is at; elsewhere it tells nobody."""

    places: MutableSequence[int] | None = None
    place = 0

    def at_work(self, number: int) -> None:
        if self.places is not None:
            self.places[self.place] = number


_note = _Note()


def noted(chunk: Iterable[Job], first: int) -> Iterator[Job]:
    """Jobs number first, first + 1, ..., each noted before it begins; Over where none is wanted any more."""
    for number, job in enumerate(chunk, start=first):
        if _here.is_over():
            raise Over
        _note.at_work(number)
        yield job
    _note.at_work(_IDLE)


@contextmanager
def threads(workers: int | None) -> Iterator[Executor | None]:
    """Threads to give to run_jobs, for jobs that spend their time in libraries which release Python's lock.

    They start at once, where worker processes first import everything. workers: None takes all cores; for one worker
    there is no thread (None), and run_jobs does the work itself.
    """
    need("workers", workers, int | None, FROM_1)
    workers = workers or os.cpu_count() or 1
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)  # one core a worker
    try:
        with Threads(workers) as pool:
            yield pool if workers > 1 else None
    finally:
        cv2.setNumThreads(before)


@contextmanager
def processes(workers: int, jobs: Sequence[object]) -> Iterator[Executor]:
    """Worker processes; where one of them is killed, the error names the jobs that were at work."""
    with Processes(workers) as pool:
        try:
            yield pool
        except BrokenProcessPool as error:
            names = list_some([name_of(jobs[number]) for number in sorted(pool.places) if number != _IDLE])
            raise WorkerKilled(
                "a worker process was killed, most likely because memory ran out"
                + (f"; at work were {names}" if names else "")
                + ". With --workers 1 the same work takes less memory"
            ) from error


def name_of(job: object) -> str:
    """The name of the file that a job is about, by what it says of itself, its label or its sample."""
    for attribute in ("name", "stem", "label", "sample"):
        if (value := getattr(job, attribute, None)) is not None:
            return value if isinstance(value, str) else name_of(value)
    return str(job)[:_LONGEST_NAME]


def _begin_worker(
    places: "MutableSequence[int]", taken: "Synchronized[int]", over: "c_byte", environment: dict[str, str]
) -> None:
    follow_parent()  # the pool itself would wait for ever where the parent is killed
    os.environ.clear()  # the fork server has that of its own start: credentials may have been set since
    os.environ.update(environment)
    set_up_worker()
    _here.is_over = lambda: bool(over.value)
    with taken.get_lock():
        _note.places, _note.place = places, taken.value
        taken.value += 1
