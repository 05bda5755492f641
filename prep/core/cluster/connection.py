"""The connection of a command to a Dask cluster, and the crew that its workers are."""

import asyncio
import json
import logging
import secrets
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from prep.core.cluster.crews import working_on
from prep.core.cluster.identity import identity
from prep.core.cluster.probe import probed
from prep.core.cluster.task import CommandContext, Halted, Task, halt
from prep.core.errors import SegError
from prep.core.words import counted
from prep.core.workers import WorkerKilled

if TYPE_CHECKING:
    from distributed import Client
    from distributed import Future as DaskFuture

_INSTALL = "pip install 'seg-prep[cluster]'"
_SECONDS_TO_ANSWER = 10
_SECONDS_TO_COME = 30

_SECONDS_A_TASK = 10.0
_MOST_JOBS = 500
_GROWTH = 8
"""Tasks last about so long, with so many jobs at most; one is at most so many times as long as one before."""

_SHARES = 4
_AHEAD = 2
"""Chunks for each worker that the jobs that are left are cut into at least, and that are under way at a time."""

_SECONDS_COUNTED = 2.0


@contextmanager
def connected(address: str, folders: Sequence[Path] = ()) -> Iterator[None]:
    """During the block, the workers of a Dask cluster do all work over many files.

    address: of its scheduler, such as tcp://10.0.0.1:8786, or the scheduler's file.
    folders: where data are read and written; nothing is begun if a worker does not see one of them.
    Raises SegError if no scheduler answers, if no worker is there, or if one runs other code than this process.
    """
    if find_spec("distributed") is None:
        raise SegError(f"Work on a cluster needs the extra cluster; type: {_INSTALL}")
    with ExitStack() as stack:
        stack.enter_context(_quiet())
        client = _client(address)
        stack.callback(client.close)
        _wait_for_workers(client, address)
        setting = CommandContext(identity(), str(Path.cwd()), stack.enter_context(probed(folders)))
        cluster = DaskCluster(client, address, setting)
        cluster.refuse_strangers()
        stack.enter_context(working_on(cluster))
        yield


class DaskCluster:
    """The workers of a scheduler."""

    def __init__(self, client: "Client", address: str, setting: CommandContext) -> None:
        self.client, self.address, self.setting = client, address, setting
        self._counted, self._workers = 0.0, 1

    def crew(self) -> "DaskCrew":
        """All of its workers, for jobs whose paths mean what they mean here and now: a notebook may go elsewhere."""
        return DaskCrew(self, replace(self.setting, folder=str(Path.cwd())))

    def workers(self) -> int:
        """How many there are, as of a moment ago."""
        if time.monotonic() - self._counted > _SECONDS_COUNTED:
            self._workers = max(1, len(self.client.nthreads()))
            self._counted = time.monotonic()
        return self._workers

    def everywhere(self, function: Callable[..., Any], *arguments: object) -> dict[str, Any]:
        """What a function gives in each worker, or its exception; those that die meanwhile are left out."""
        found: dict[str, Any] = self.client.run(function, *arguments, on_error="return")
        return {worker: each for worker, each in found.items() if not isinstance(each, OSError)}

    def refuse_strangers(self) -> None:
        """SegError if a worker, or the scheduler, runs other code, has several threads, or does not see the folders."""
        for worker, threads in self.client.nthreads().items():
            if threads != 1:
                raise SegError(
                    f"{self.address}: the worker {worker} has {counted(threads, 'thread')}, and work needs a process "
                    "for each core; start workers with: dask worker ADDRESS --nworkers auto --nthreads 1"
                )
        for worker, found in self.everywhere(self.setting.refuse_other).items():
            self._refuse(f"the worker {worker}", found)
        try:
            there = self.client.run_on_scheduler(identity)
        except Exception as error:  # noqa: BLE001  # whatever the scheduler met: it says it in its own words
            self._refuse("the scheduler", error)
        else:
            for name, here, other in self.setting.identity.differences(there):
                raise SegError(
                    f"{self.address}: the scheduler has {name} {other}, and the command {here}; install the same on "
                    "both, then start the cluster again"
                )

    def _refuse(self, who: str, found: object) -> None:
        if isinstance(found, SegError):
            raise SegError(f"{self.address}: {found}") from found
        if isinstance(found, Exception):
            raise SegError(
                f"{self.address}: {who} cannot run seg-prep {self.setting.identity.seg_prep} "
                f"({type(found).__name__}: {found}); install the same there, then start it again"
            ) from found


class DaskCrew:
    """The workers of a cluster, for the jobs of one call."""

    def __init__(self, cluster: DaskCluster, setting: CommandContext) -> None:
        self._cluster, self._setting = cluster, setting
        self._call = secrets.token_hex(8)
        self._sent: WeakSet[DaskFuture] = WeakSet()
        self._seconds, self._size = 0.0, 0

    def size(self, left: int) -> int:
        """As many as take some seconds, by those that are done, but so that all workers have something to the end."""
        fitting = round(_SECONDS_A_TASK / self._seconds) if self._seconds else 1
        self._size = max(1, min(fitting, _MOST_JOBS, _GROWTH * max(1, self._size)))
        return min(self._size, max(1, left // (self._cluster.workers() * _SHARES)))

    def most(self) -> int:
        """A few for each worker."""
        return self._cluster.workers() * _AHEAD

    def submit(self, work: Callable[[Any, int], list[Any]], chunk: Sequence[Any], first: int) -> Future[Any]:
        """Send a chunk."""
        client = self._cluster.client
        task = Task(self._call, self._setting, work)
        sent = client.submit(task, chunk, first, pure=False)  # jobs write files: none is taken for another
        self._sent.add(sent)
        return asyncio.run_coroutine_threadsafe(_results(client, sent), client.loop.asyncio_loop)

    def results(self, future: Future[Any]) -> list[Any]:
        """The results of a chunk, or its exception; WorkerKilled if several workers died of it."""
        from distributed.scheduler import KilledWorker

        try:
            seconds, results = future.result()
        except KilledWorker as error:
            raise WorkerKilled(
                "several workers of the cluster died while they were at it, most likely because memory ran out there"
            ) from error
        except (CancelledError, Halted) as error:
            raise SegError(f"{self._cluster.address}: {_GONE}") from error
        self._seconds = seconds if not self._seconds else 0.7 * self._seconds + 0.3 * seconds
        found: list[Any] = results
        return found

    def drop(self, futures: Iterable[Future[Any]]) -> None:
        """Begin no further job, and return when no worker is at one."""
        with suppress(OSError, CancelledError):  # a cluster that is gone does nothing more
            self._cluster.client.cancel(list(self._sent))
            while any(found for found in self._cluster.everywhere(halt, self._call).values()):
                time.sleep(0.05)


async def _results(client: "Client", sent: "DaskFuture") -> object:
    """What comes of a task.

    The executor of Dask asks how the task stands once more after its results have come, and takes them for an exception
    if their worker was killed in between.
    """
    return await client.gather(sent, asynchronous=True)


_GONE = "the scheduler is gone, and with it all work that was under way; start the cluster again"


def _client(address: str) -> "Client":
    from distributed import Client
    from distributed.comm import get_address_host_port

    path = Path(address)
    where = {"scheduler_file": address} if path.is_file() else {"address": address}
    try:
        # A Client of what is no address is not done with that for 20 seconds, and ends with a traceback.
        get_address_host_port(json.loads(path.read_bytes())["address"] if path.is_file() else address)
        return Client(**where, timeout=_SECONDS_TO_ANSWER, set_as_default=False)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise SegError(
            f"{address}: no Dask scheduler answers there; start one with 'dask scheduler', and give the address that "
            "it prints, such as tcp://10.0.0.1:8786, or the file of its --scheduler-file"
        ) from error


def _wait_for_workers(client: "Client", address: str) -> None:
    until = time.monotonic() + _SECONDS_TO_COME
    while not client.nthreads():
        if time.monotonic() > until:
            raise SegError(
                f"{address}: the scheduler has no worker; start some with: dask worker ADDRESS --nworkers auto "
                "--nthreads 1"
            )
        time.sleep(0.2)


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask's own messages are for those who run the cluster."""
    log = logging.getLogger("distributed")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)
