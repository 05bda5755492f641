"""Work over many files: in this process while there is little of it, in worker processes otherwise."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import TypeVar

import cv2

from prep.core.arguments import need_number
from prep.core.progress import Progress, silent
from prep.core.workers import worker_context

Job = TypeVar("Job")
Result = TypeVar("Result")

_SECONDS_ALONE = 1.0
"""Worker processes take about this long to pay for their start."""

_CHUNKS_PER_WORKER = 16


def run_jobs(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    workers: int | None = None,
    progress: Progress = silent,
    executor: Executor | None = None,
) -> list[Result]:
    """Apply a function to every job and return the results in the order of the jobs.

    workers: number of processes; None takes all cores, but begins alone and starts them only for longer work.
    executor: where to run instead, for example the executor of a Dask client.
    The first exception of a job is raised; jobs not yet begun are then dropped.
    """
    need_number("workers", workers, 1)
    results: list[Result] = []
    started = time.monotonic()
    alone = executor is None and workers in (None, 1)
    while alone and len(results) < len(jobs):
        results.append(function(jobs[len(results)]))
        progress(len(results), len(jobs))
        alone = workers == 1 or time.monotonic() - started < _SECONDS_ALONE
    rest = jobs[len(results) :]
    if not rest:
        return results
    with _pool(workers or os.cpu_count() or 1) if executor is None else _borrowed(executor) as pool:
        size = max(1, len(rest) // ((workers or os.cpu_count() or 1) * _CHUNKS_PER_WORKER))
        chunks = [rest[start : start + size] for start in range(0, len(rest), size)]
        futures = {pool.submit(_run_chunk, function, chunk): chunk for chunk in chunks}
        done = len(results)
        try:
            for future in as_completed(futures):
                future.result()
                done += len(futures[future])
                progress(done, len(jobs))
        except BaseException:
            _cancel(list(futures))
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


def _run_chunk(function: Callable[[Job], Result], chunk: Sequence[Job]) -> list[Result]:
    return [function(job) for job in chunk]


def _cancel(futures: list[Future[list[Result]]]) -> None:
    for future in futures:
        future.cancel()


@contextmanager
def _borrowed(executor: Executor) -> Iterator[Executor]:
    yield executor


@contextmanager
def _pool(workers: int) -> Iterator[Executor]:
    with ProcessPoolExecutor(workers, mp_context=worker_context(), initializer=_begin_worker) as pool:
        yield pool


def _begin_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    cv2.setNumThreads(1)  # one core a worker
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """End this worker when the parent is gone, also after kill -9; the pool itself would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
