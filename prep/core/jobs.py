"""Work over many files: in this process while there is little of it, in worker processes or on a cluster otherwise."""

import operator
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import Any, Generic, Protocol, Self, TypeVar, overload

from prep.core.arguments import FROM_1, need
from prep.core.cluster.crews import Crew, LocalCrew, cluster_at_hand, finished_chunks
from prep.core.errors import SegError
from prep.core.progress import Progress, silent
from prep.core.workers import MOST_PROCESSES, WorkerKilled, name_of, noted, processes

Job = TypeVar("Job")
Result = TypeVar("Result")
Kept = TypeVar("Kept")


class _Addable(Protocol):
    def __add__(self, other: Self, /) -> Self: ...


Addend = TypeVar("Addend", bound=_Addable)

_SECONDS_ALONE = 1.0
"""Worker processes take about this long to pay for their start."""


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
    executor: where to run instead. A cluster that is at hand (`working_on`) goes before both.
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

    def killed(self, job: Job, error: WorkerKilled) -> list[Result]:
        """What the function says of a job that kills its worker."""
        return [_result_of_killed(self.function, job, error)]


@dataclass(frozen=True)
class _Sum(Generic[Job, Addend]):
    function: Callable[[Job], Addend]

    def __call__(self, chunk: Sequence[Job], first: int) -> list[Addend]:
        """The sum of the results of the jobs number first, first + 1, ..."""
        return [reduce(operator.add, map(self.function, noted(chunk, first)))]

    def killed(self, job: Job, error: WorkerKilled) -> list[Addend]:
        """What the function says of a job that kills its worker."""
        return [_result_of_killed(self.function, job, error)]


def _result_of_killed(function: Callable[[Job], Result], job: Job, error: WorkerKilled) -> Result:
    """A function that returns the problems of files, not raises them, has a method `killed` that makes such a result.

    For the others such a job is the end: SegError.
    """
    problem = f"{name_of(job)}: {error}"
    result_of: Callable[[Job, str], Result] | None = getattr(function, "killed", None)
    if result_of is None:
        raise SegError(problem) from error
    return result_of(job, problem)


def _in_chunks(
    work: _Each[Job, Any] | _Sum[Job, Any],
    jobs: Sequence[Job],
    take: Callable[[int, list[Any]], None],
    workers: int | None,
    progress: Progress,
    executor: Executor | None,
) -> None:
    """Work on all jobs, some at a time; `take` gets the number of their first and what was made of them."""
    need("workers", workers, int | None, FROM_1)
    done, started = 0, time.monotonic()
    alone = executor is None and cluster_at_hand() is None and workers in (None, 1)
    while alone and done < len(jobs):
        take(done, work(jobs[done : done + 1], done))
        done += 1
        progress(done, len(jobs))
        alone = workers == 1 or time.monotonic() - started < _SECONDS_ALONE
    if done == len(jobs):
        return
    with (
        _crew(workers or os.cpu_count() or 1, jobs, len(jobs) - done, executor) as crew,
        closing(finished_chunks(crew, work, jobs, done)) as chunks,
    ):
        for part, results in chunks:
            take(part.start, results)
            done += len(part)
            progress(done, len(jobs))


@contextmanager
def _crew(number: int, jobs: Sequence[Job], left: int, executor: Executor | None) -> Iterator[Crew]:
    cluster = cluster_at_hand()
    if cluster is not None:
        yield cluster.crew()
    elif executor is not None:
        yield LocalCrew(executor, number, left, is_ours=False)
    else:
        number = min(number, MOST_PROCESSES)
        with processes(number, jobs) as pool:
            yield LocalCrew(pool, number, left, is_ours=True)
