"""The other processes of a training on this machine: begun by the first one, watched, and ended with it."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from prep.core.errors import SegError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_LOST = (
    "another process of this training has ended, what it said tells why; go on with 'seg-train --resume RUN', begun as "
    "this command was"
)


class Companions:
    """The processes that the first process of a training starts on its machine; each runs the same command line.

    Lightning starts such processes too, but kills the first one by SIGKILL where another ends by an error, also where
    the first is about to say that error itself.
    """

    grace = 60.0
    """Seconds in which the first process can say itself why a training ends, once another has ended by an error."""

    def __init__(self) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []
        self._before: dict[str, str | None] = {}
        self._over = threading.Event()

    def start(self, fabric: "Fabric") -> None:
        """Start as many as a training needs beside this process; none where torchrun or a scheduler starts them."""
        from lightning_fabric.plugins.environments import LightningEnvironment

        meeting = getattr(fabric.strategy, "cluster_environment", None)
        if not isinstance(meeting, LightningEnvironment) or meeting.creates_processes_externally:
            return
        place = {
            "MASTER_ADDR": meeting.main_address,
            "MASTER_PORT": str(meeting.main_port),
            "NODE_RANK": str(meeting.node_rank()),
            "WORLD_SIZE": str(fabric.world_size),
            "LOCAL_RANK": "0",
        }
        self._before = {name: os.environ.get(name) for name in place}
        os.environ.update(place)
        for rank in range(1, len(fabric.strategy.parallel_devices)):
            self.processes.append(subprocess.Popen(_own_command(), env={**os.environ, "LOCAL_RANK": str(rank)}))
        threading.Thread(target=self._watch, name="companions", daemon=True).start()

    def kill(self) -> None:
        """End them at once: they would wait for this process, on GPUs for ever."""
        for process in self.processes:
            process.kill()

    def leave(self) -> None:
        """The training is over: what becomes of them no longer ends this process, and another training can begin."""
        self._over.set()
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    def _watch(self) -> None:
        """End this process where another has ended by an error, and this one has not heard of it after the grace.

        Gloo notices at once that a process is gone; NCCL waits for it.
        """
        while not self._over.wait(1):
            codes = [process.poll() for process in self.processes]
            if any(codes):
                break
            if all(code == 0 for code in codes):
                return
        if not self._over.wait(self.grace):
            self.kill()
            sys.stderr.write(f"Error: {_LOST}\n")  # unbuffered lines; os._exit flushes nothing
            os._exit(1)


def _own_command() -> list[str]:
    """The command line of this process, as a person would type it again."""
    module = sys.modules["__main__"].__spec__
    begin = [os.path.abspath(sys.argv[0])] if module is None else ["-m", module.name]  # noqa: PTH100  # no links followed
    return [sys.executable, *begin, *sys.argv[1:]]


@contextmanager
def ending_together(companions: Companions) -> Iterator[None]:
    """Where this process stops by an error, stop those that it started."""
    try:
        yield
    except BaseException:
        companions.kill()
        raise
    finally:
        companions.leave()


@contextmanager
def lost_in_words(processes: int) -> Iterator[None]:
    """SegError where other processes of a training have ended, and this one cannot go on."""
    try:
        yield
    except Exception as error:
        if processes > 1 and _is_of_others(error):
            raise SegError(_LOST) from error
        raise


def _is_of_others(error: Exception) -> bool:
    """Whether the processes of a training have lost each other: gloo raises plain RuntimeErrors with its name."""
    lost = isinstance(error, RuntimeError) and ("gloo" in str(error).lower() or "NCCL" in str(error))
    return lost or isinstance(error, torch.distributed.DistError)
