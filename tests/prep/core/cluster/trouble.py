"""Loaded into each worker of the tests: some files end the process that opens them, some folders are not there."""

import os
import signal
from pathlib import Path
from typing import Any

_open, _read_bytes = os.open, Path.read_bytes


def _open_or_die(path: Any, *arguments: Any, **named: Any) -> int:  # noqa: ANN401
    if os.path.basename(str(path)) == "poison.png":  # noqa: PTH119
        os.kill(os.getpid(), signal.SIGKILL)  # as the system does where memory runs out
    return _open(path, *arguments, **named)


def _read_bytes_or_miss(path: Path, *arguments: Any, **named: Any) -> bytes:  # noqa: ANN401
    if "not_shared" in str(path):
        raise FileNotFoundError(2, "No such file or directory", str(path))
    return _read_bytes(path, *arguments, **named)


def dask_setup(worker: object) -> None:
    os.open = _open_or_die
    Path.read_bytes = _read_bytes_or_miss  # type: ignore[method-assign]
