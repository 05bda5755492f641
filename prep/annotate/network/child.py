"""The process that trains beside the page, with the arguments FOLDER MINUTES [RUN].

It says how far it is in lines of JSON on its standard output, and ends, with all that it has started, when its standard
input ends: with the server, however that ends. At most one is at work for a dataset.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from filelock import lock_descriptor

from prep.annotate.network.comparison import score_held_out
from prep.annotate.network.trainer import TrainingProgress, open_trainer
from prep.annotate.network.training_set import DATASET
from prep.core.errors import SegError
from prep.core.files import explained, open_plain

_NICE = 15
_LOCK = "lock"


def main() -> None:
    """Train in the folder that is named, and compare what came of it."""
    told = _message_pipe()
    threading.Thread(target=_end_with_server, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(_NICE)
    try:
        with _alone(Path(sys.argv[1]).parent):
            told(_trained(Path(sys.argv[1]), float(sys.argv[2]), next(map(Path, sys.argv[3:]), None), told))
    except SegError as error:
        told({"error": str(error)})
        sys.exit(1)


def _trained(
    folder: Path, minutes: float, before: Path | None, told: Callable[[dict[str, object]], None]
) -> dict[str, object]:
    os.chdir(folder)
    trainer = open_trainer()

    def report(progress: TrainingProgress) -> None:
        told({"progress": asdict(progress)})

    run = trainer.train(Path(DATASET), minutes, before, report)
    told({"comparing": True})
    return {"run": run.as_posix(), "comparison": asdict(score_held_out(Path(), trainer.open_network(run)))}


def _message_pipe() -> Callable[[dict[str, object]], None]:
    """What writes messages to the server; anything else that is printed goes where errors go."""
    pipe: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def told(message: dict[str, object]) -> None:
        pipe.write(json.dumps(message) + "\n")
        pipe.flush()

    return told


def _end_with_server() -> None:
    """Wait for the end of standard input; then nothing of this group of processes is left."""
    while os.read(0, 1):
        pass
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process trains for this dataset: one that a killed server left ends in this moment."""
    path = folder / _LOCK
    with explained(path):
        descriptor = open_plain(path, os.O_RDWR | os.O_CREAT)
        with suppress(OSError):  # a network drive that knows no locks
            lock_descriptor(descriptor)
    try:
        yield
    finally:
        os.close(descriptor)
