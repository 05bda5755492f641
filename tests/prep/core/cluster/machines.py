"""A scheduler and workers in processes of their own, as on other machines; started, killed, ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import wait_until

ROOT = Path(__file__).parents[4]
TROUBLE = Path(__file__).with_name("trouble.py")


@dataclass
class Machines:
    """file: of the scheduler, for --cluster.  folder: for logs and for what workers write."""

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder / "scheduler.json"

    def start(self, *, workers: int = 2) -> None:
        """A scheduler with workers, each in the care of a nanny, which starts another one where one dies."""
        self._run("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                  "--scheduler-file", self.file)  # fmt: skip
        wait_until(self.file.is_file)
        self.add(workers)

    def add(self, workers: int = 1, *options: object, path: Path = ROOT) -> subprocess.Popen[bytes]:
        """More workers. path: where they find our packages."""
        return self._run(
            "distributed.cli.dask_worker", "--scheduler-file", self.file, "--nworkers", workers, "--no-dashboard",
            "--local-directory", self.folder, "--preload", TROUBLE, "--host", "127.0.0.1",
            *(options or ("--nthreads", 1)), path=path,
        )  # fmt: skip

    def _run(self, module: str, *arguments: object, path: Path = ROOT) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(path), "OMP_NUM_THREADS": "1",
                       "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}  # fmt: skip
        with (self.folder / f"{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *map(str, arguments)], cwd=self.folder, env=environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def end(self, processes: Sequence[subprocess.Popen[bytes]] | None = None) -> None:
        """End these, or all."""
        for process in reversed(self.processes if processes is None else processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes if processes is None else processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextmanager
def running(folder: Path) -> Iterator[Machines]:
    """Machines as long as the block lasts."""
    machines = Machines(folder)
    try:
        machines.start()
        yield machines
    finally:
        machines.end()
