"""Work over many files: in this process while there is little of it, in worker processes otherwise."""

import os
import time
from collections.abc import Callable, Iterator, MutableSequence, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.sharedctypes import Synchronized
from typing import TypeVar

import cv2

from prep.core.arguments import need_number
from prep.core.errors import SegError
from prep.core.progress import Progress, silent
from prep.core.words import list_some
from prep.core.workers import follow_parent, worker_context

Job = TypeVar("Job")
Result = TypeVar("Result")

_SECONDS_ALONE = 1.0
"""Worker processes take about this long to pay for their start."""

_CHUNKS_PER_WORKER = 16
_LONGEST_NAME = 80

_IDLE = -1


class _Note:
    """Where a worker process tells its parent the number of the job that it is at; elsewhere it tells nobody."""

    places: MutableSequence[int] | None = None
    place = 0

    def at_work(self, number: int) -> None:
        if self.places is not None:
            self.places[self.place] = number


_note = _Note()


class WorkerKilled(SegError):
    """Somebody killed a worker process, as the system does where memory runs out."""


def run_jobs(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    workers: int | None = None,
    progress: Progress = silent,
    executor: Executor | None = None,
    look: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Apply a function to every job and return the results in the order of the jobs.

    workers: number of processes; None takes all cores, but begins alone and starts them only for longer work.
    executor: where to run instead, for example the executor of a Dask client.
    look: is shown each result as soon as it is there, in any order, and may raise to end it all.
    The first exception of a job is raised; jobs not yet begun are then dropped. WorkerKilled if a process dies.
    """
    need_number("workers", workers, 1)
    results: list[Result] = []
    started = time.monotonic()
    alone = executor is None and workers in (None, 1)
    while alone and len(results) < len(jobs):
        results.append(function(jobs[len(results)]))
        look(results[-1])
        progress(len(results), len(jobs))
        alone = workers == 1 or time.monotonic() - started < _SECONDS_ALONE
    rest = jobs[len(results) :]
    if not rest:
        return results
    number = workers or os.cpu_count() or 1
    with _pool(number, rest) if executor is None else _borrowed(executor) as pool:
        size = max(1, len(rest) // (number * _CHUNKS_PER_WORKER))
        starts = range(0, len(rest), size)
        futures = [pool.submit(_run_chunk, function, rest[start : start + size], start) for start in starts]
        done = len(results)
        try:
            for future in as_completed(futures):
                for result in future.result():
                    look(result)
                done += len(future.result())
                progress(done, len(jobs))
        except BaseException:
            _drop(futures, pool if executor is None else None)
            raise
        for future in futures:
            results.extend(future.result())
    return results


@contextmanager
def threads(workers: int | None) -> Iterator[Executor | None]:
    """Threads to give to run_jobs, for jobs that spend their time in libraries which release Python's lock.

    They start at once, where worker processes first import everything. workers: None takes all cores; for one worker
    there is no thread (None), and run_jobs does the work itself.
    """
    need_number("workers", workers, 1)
    workers = workers or os.cpu_count() or 1
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)  # one core a worker
    try:
        with ThreadPoolExecutor(workers) as pool:
            yield pool if workers > 1 else None
    finally:
        cv2.setNumThreads(before)


def _run_chunk(function: Callable[[Job], Result], chunk: Sequence[Job], first: int) -> list[Result]:
    """Apply the function to jobs number first, first + 1, ..."""
    results = []
    for number, job in enumerate(chunk, start=first):
        _note.at_work(number)
        results.append(function(job))
    _note.at_work(_IDLE)
    return results


def _drop(futures: list[Future[list[Result]]], pool: Executor | None) -> None:
    """Begin no further job. A pool of our own drops them in the thread that also hears of its workers' deaths.

    That thread fails with a traceback where it finds a job cancelled by another one (Python 3.11).
    """
    if pool is not None:
        pool.shutdown(cancel_futures=True)
        return
    for future in futures:
        future.cancel()


@contextmanager
def _borrowed(executor: Executor) -> Iterator[Executor]:
    yield executor


@contextmanager
def _pool(workers: int, jobs: Sequence[object]) -> Iterator[Executor]:
    """Worker processes; where one of them is killed, the error names the jobs that were at work."""
    context = worker_context()
    places, taken = context.RawArray("q", [_IDLE] * workers), context.Value("i", 0)
    with ProcessPoolExecutor(workers, context, _begin_worker, (places, taken)) as pool:
        try:
            yield pool
        except BrokenProcessPool as error:
            names = list_some([_name_of(jobs[number]) for number in sorted(places) if number != _IDLE])
            raise WorkerKilled(
                "a worker process was killed, most likely because memory ran out"
                + (f"; at work were {names}" if names else "")
                + ". With --workers 1 the same work takes less memory"
            ) from error


def _name_of(job: object) -> str:
    """The name of the file that a job is about, by what it says of itself, its label or its sample."""
    for attribute in ("name", "stem", "label", "sample"):
        if (value := getattr(job, attribute, None)) is not None:
            return value if isinstance(value, str) else _name_of(value)
    return str(job)[:_LONGEST_NAME]


def _begin_worker(places: "MutableSequence[int]", taken: "Synchronized[int]") -> None:
    follow_parent()  # the pool itself would wait for ever where the parent is killed
    cv2.setNumThreads(1)  # one core a worker
    with taken.get_lock():
        _note.places, _note.place = places, taken.value
        taken.value += 1
