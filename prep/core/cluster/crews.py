"""Who works on jobs: processes or threads of this machine, or the workers of a cluster; each gets chunks of them."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import Any, Protocol, TypeVar

from prep.core.workers import WorkerKilled

Job = TypeVar("Job", contravariant=True)
Result = TypeVar("Result")


class Work(Protocol[Job, Result]):
    """What is made of jobs."""

    def __call__(self, chunk: Sequence[Job], first: int) -> list[Result]:
        """The results of the jobs number first, first + 1, ..."""

    def killed(self, job: Job, error: WorkerKilled) -> list[Result]:
        """What is told of a job that kills its worker; the error where that is the end of all."""


_CHUNKS_PER_WORKER = 16

_LONGEST_CHUNK, _CHUNKS_AHEAD = 32, 4
"""Jobs that are sent together, and how often that for each worker before one is done: bounds what is under way."""


class Crew(Protocol):
    """Those who work on the jobs of one call; chunks of jobs go out, their results come back in any order."""

    def size(self, left: int) -> int:
        """How many of the jobs that are left to send together, now."""

    def most(self) -> int:
        """How many chunks may be under way, now."""

    def submit(self, work: Work[Job, Result], chunk: Sequence[Job], first: int) -> Future[Any]:
        """Send a chunk. What its future gives is for `results`."""

    def results(self, future: Future[Any]) -> list[Any]:
        """The results of a chunk that is done; the exception of a job. WorkerKilled lets the others go on."""

    def drop(self, futures: Iterable[Future[Any]]) -> None:
        """Begin no further job, and return when none is being worked on."""


class Cluster(Protocol):
    """Workers of other machines, as long as a command runs."""

    def crew(self) -> Crew:
        """Those of its workers who are there, for the jobs of one call."""


class LocalCrew:
    """Processes or threads. number: of them.  jobs: how many there are.  is_ours: whether nobody else uses them."""

    def __init__(self, executor: Executor, number: int, jobs: int, *, is_ours: bool) -> None:
        self._executor, self._number, self._is_ours = executor, number, is_ours
        self._size = min(_LONGEST_CHUNK, max(1, jobs // (number * _CHUNKS_PER_WORKER)))

    def size(self, left: int) -> int:
        """The same until the end."""
        return self._size

    def most(self) -> int:
        """A few for each worker."""
        return self._number * _CHUNKS_AHEAD

    def submit(self, work: Work[Job, Result], chunk: Sequence[Job], first: int) -> Future[list[Result]]:
        """Send a chunk."""
        return self._executor.submit(work, chunk, first)

    def results(self, future: Future[list[Result]]) -> list[Result]:
        """The results, or the exception: of a job, or of the pool where a process died."""
        return future.result()

    def drop(self, futures: Iterable[Future[Any]]) -> None:
        """Begin no further job. A pool of our own drops them in the thread that also hears of its workers' deaths.

        That thread fails with a traceback where it finds a job cancelled by another one (Python 3.11).
        """
        if self._is_ours:
            self._executor.shutdown(cancel_futures=True)
            return
        for future in futures:
            future.cancel()


def finished_chunks(
    crew: Crew, work: Work[Job, Result], jobs: Sequence[Job], first: int
) -> Generator[tuple[range, list[Result]], None, None]:
    """Let a crew work on the jobs from number `first` on: numbers of jobs that are done, with what was made of them.

    Jobs that were under way where a worker was killed come last, one at a time. One that kills its worker even then
    gives what its function says of it (`work.killed`), or ends it all.
    """
    under_way: dict[Future[Any], range] = {}
    suspects: list[range] = []
    parts = _parts(crew, first, len(jobs))
    try:
        while True:
            for part in islice(parts, max(0, crew.most() - len(under_way))):
                under_way[crew.submit(work, jobs[part.start : part.stop], part.start)] = part
            if not under_way:
                break
            finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in sorted(finished, key=lambda each: under_way[each].start):
                part = under_way.pop(future)
                try:
                    results = crew.results(future)
                except WorkerKilled:
                    suspects.append(part)
                else:
                    yield part, results
        for number in sorted(number for part in suspects for number in part):
            yield range(number, number + 1), _alone(crew, work, jobs[number], number, under_way)
    except BaseException:
        crew.drop(under_way)
        raise


def _parts(crew: Crew, first: int, end: int) -> Iterator[range]:
    while first < end:
        part = range(first, min(end, first + crew.size(end - first)))
        yield part
        first = part.stop


def _alone(
    crew: Crew, work: Work[Job, Result], job: Job, number: int, under_way: dict[Future[Any], range]
) -> list[Result]:
    """Nothing else is under way meanwhile: whoever kills a worker now is found."""
    future = crew.submit(work, [job], number)
    under_way[future] = range(number, number + 1)
    try:
        results: list[Result] = crew.results(future)
    except WorkerKilled as error:
        results = work.killed(job, error)
    del under_way[future]
    return results


_at_hand: ContextVar[Cluster | None] = ContextVar("cluster", default=None)


def cluster_at_hand() -> Cluster | None:
    """The cluster that works during the block of `working_on`."""
    return _at_hand.get()


@contextmanager
def working_on(cluster: Cluster) -> Iterator[None]:
    """During the block, all work over many files is done by this cluster."""
    token = _at_hand.set(cluster)
    try:
        yield
    finally:
        _at_hand.reset(token)
