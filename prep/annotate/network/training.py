"""A training at work in a process of its own, as the server knows it."""

import json
import logging
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from prep.annotate.network.comparison import HeldOutScores
from prep.annotate.network.trainer import TrainingProgress
from prep.core.files import explained

_CHILD = "import seg_prep; seg_prep.take_own_packages(); from prep.annotate.network.child import main; main()"
"""Whatever files of these names lie where Python looks first."""

_PATIENCE_S = 10.0
_LINES = 40
"""Of what a training that failed said last, for the terminal."""


class Training:
    """Trains for so many minutes in a folder with a training set, or goes on with what a killed process began there.

    before: the run that it begins with, if not anew.
    progress: how far it is.  is_comparing: whether it is trained.
    run, comparison: what came of it, once it is over; None where it failed, and failure() tells people why.
    """

    def __init__(self, folder: Path, minutes: float, before: Path | None) -> None:
        self.progress = TrainingProgress()
        self.is_comparing = False
        self.run: Path | None = None
        self.comparison: HeldOutScores | None = None
        self._folder = folder
        self._error = ""
        self._said: deque[str] = deque(maxlen=_LINES)
        with explained(Path(sys.executable)):
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _CHILD, str(folder.resolve()), str(minutes),
                 *([str(before.resolve())] if before else [])],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
                errors="replace", env=_environment(), start_new_session=True,
            )  # fmt: skip
        self._readers = [
            _reader(self._process.stdout, self._hear),
            _reader(self._process.stderr, self._said.append),
        ]

    @property
    def is_over(self) -> bool:
        """Whether the process has ended and all that it said is known."""
        return self._process.poll() is not None and not any(reader.is_alive() for reader in self._readers)

    def failure(self) -> str:
        """Why nothing came of it; the terminal gets all of what is no fault of the person."""
        if self._error:
            return self._error
        logging.getLogger(__name__).error("The training of the network failed:\n%s", "".join(self._said))
        code = self._process.returncode
        if code < 0:
            return f"its process was ended from outside (signal {-code}), perhaps as memory ran out"
        return next((line.strip() for line in reversed(self._said) if line.strip()), f"its process ended with {code}")

    def end(self) -> None:
        """End the process, if it is at work, and all that it has started; its run can go on later."""
        with suppress(OSError):  # it has ended already
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join()

    def _hear(self, line: str) -> None:
        message: dict[str, Any] = json.loads(line)
        if "progress" in message:
            self.progress = TrainingProgress(**message["progress"])
        elif "comparing" in message:
            self.is_comparing = True
        elif "error" in message:
            self._error = message["error"]
        else:
            self.comparison = HeldOutScores(**message["comparison"])
            self.run = self._folder / message["run"]


def _reader(pipe: IO[str] | None, take: Callable[[str], None]) -> threading.Thread:
    def read() -> None:
        assert pipe is not None
        with pipe, suppress(ValueError):  # half a line of a process that was killed
            for line in pipe:
                take(line)

    reader = threading.Thread(target=read, name="training", daemon=True)
    reader.start()
    return reader


def _environment() -> dict[str, str]:
    """A core is left to the page, whatever the network is trained with."""
    return {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) - 1)), **os.environ}
