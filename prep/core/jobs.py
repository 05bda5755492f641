"""Work over many files: in this process while there is little of it, in worker processes otherwise."""

import operator
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from typing import Any, Generic, Protocol, Self, TypeVar, overload

from prep.core.arguments import need_number
from prep.core.progress import Progress, silent
from prep.core.workers import noted, processes

Job = TypeVar("Job")
Result = TypeVar("Result")
Kept = TypeVar("Kept")


class _Addable(Protocol):
    def __add__(self, other: Self, /) -> Self: ...


Addend = TypeVar("Addend", bound=_Addable)

_SECONDS_ALONE = 1.0
"""Worker processes take about this long to pay for their start."""

_CHUNKS_PER_WORKER = 16

_LONGEST_CHUNK, _CHUNKS_AHEAD = 32, 4
"""Jobs that are sent together, and how often that for each worker before one is done: bounds what is under way."""


@overload
def run_jobs(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    workers: int | None = None,
    progress: Progress = silent,
    executor: Executor | None = None,
) -> list[Result]: ...


@overload
def run_jobs(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    workers: int | None = None,
    progress: Progress = silent,
    executor: Executor | None = None,
    *,
    take: Callable[[Result], Kept],
) -> list[Kept]: ...


def run_jobs(
    function: Callable[[Job], Any],
    jobs: Sequence[Job],
    workers: int | None = None,
    progress: Progress = silent,
    executor: Executor | None = None,
    *,
    take: Callable[[Any], Any] | None = None,
) -> list[Any]:
    """Apply a function to every job and return the results in the order of the jobs.

    workers: number of processes; None takes all cores, but begins alone and starts them only for longer work.
    executor: where to run instead, for example the executor of a Dask client.
    take: is given each result as soon as it is there, in any order; what it returns is kept in the place of the result,
    and it may raise to end it all.
    The first exception of a job is raised; jobs not yet begun are then dropped. WorkerKilled if a process dies.
    A few small chunks of jobs are under way at any time, each with the function: it holds nothing that grows with them.
    """
    kept: list[Any] = [None] * len(jobs)

    def put(first: int, results: list[Any]) -> None:
        kept[first : first + len(results)] = results if take is None else map(take, results)

    _in_chunks(_Each(function), jobs, put, workers, progress, executor)
    return kept


def sum_jobs(
    function: Callable[[Job], Addend],
    jobs: Sequence[Job],
    workers: int | None = None,
    progress: Progress = silent,
    executor: Executor | None = None,
) -> Addend:
    """Apply a function to every job, one or more, and add up the results where they arise; the rest as `run_jobs`.

    Any two may be added first: only sums that are exact in any order are the same for any number of workers.
    """
    sums: list[Addend] = []

    def add(_: int, results: list[Addend]) -> None:
        sums[:] = [reduce(operator.add, [*sums, *results])]

    _in_chunks(_Sum(function), jobs, add, workers, progress, executor)
    return sums[0]


@dataclass(frozen=True)
class _Each(Generic[Job, Result]):
    function: Callable[[Job], Result]

    def __call__(self, chunk: Sequence[Job], first: int) -> list[Result]:
        """The results of the jobs number first, first + 1, ..."""
        return [self.function(job) for job in noted(chunk, first)]


@dataclass(frozen=True)
class _Sum(Generic[Job, Addend]):
    function: Callable[[Job], Addend]

    def __call__(self, chunk: Sequence[Job], first: int) -> list[Addend]:
        """The sum of the results of the jobs number first, first + 1, ..."""
        return [reduce(operator.add, map(self.function, noted(chunk, first)))]


def _in_chunks(
    work: Callable[[Sequence[Job], int], list[Result]],
    jobs: Sequence[Job],
    take: Callable[[int, list[Result]], None],
    workers: int | None,
    progress: Progress,
    executor: Executor | None,
) -> None:
    """Work on all jobs, some at a time; `take` gets the number of their first and what was made of them."""
    need_number("workers", workers, 1)
    done, started = 0, time.monotonic()
    alone = executor is None and workers in (None, 1)
    while alone and done < len(jobs):
        take(done, work(jobs[done : done + 1], done))
        done += 1
        progress(done, len(jobs))
        alone = workers == 1 or time.monotonic() - started < _SECONDS_ALONE
    if done == len(jobs):
        return
    number = workers or os.cpu_count() or 1
    size = min(_LONGEST_CHUNK, max(1, (len(jobs) - done) // (number * _CHUNKS_PER_WORKER)))
    starts = iter(range(done, len(jobs), size))
    under_way: dict[Future[list[Result]], int] = {}
    with processes(number, jobs) if executor is None else _borrowed(executor) as pool:
        try:
            while True:
                for start in islice(starts, number * _CHUNKS_AHEAD - len(under_way)):
                    under_way[pool.submit(work, jobs[start : start + size], start)] = start
                if not under_way:
                    return
                finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in sorted(finished, key=lambda each: under_way[each]):
                    start = under_way.pop(future)
                    take(start, future.result())
                    done += min(size, len(jobs) - start)
                    progress(done, len(jobs))
        except BaseException:
            _drop(under_way, pool if executor is None else None)
            raise


def _drop(futures: Iterable[Future[list[Result]]], pool: Executor | None) -> None:
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
