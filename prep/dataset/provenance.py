"""provenance.jsonl: one line for each command that changed a folder."""

import inspect
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from functools import cache, wraps
from importlib.metadata import version
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from prep.core.files import appending, explained, open_plain, to_utf8
from prep.dataset.dataset_files import PROVENANCE

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_PACKAGES = ("seg-prep", "numpy", "opencv-python-headless", "pillow")


def need_record(root: Path) -> None:
    """SegError, before there is any work, if the provenance of a folder is a link, a folder or a pipe."""
    path = root / PROVENANCE
    if os.path.lexists(path):
        with explained(path):
            os.close(open_plain(path, os.O_WRONLY | os.O_APPEND))


def record(root: Path, command: str, arguments: dict[str, object], seconds: float) -> None:
    """Append what was run: time, command, arguments (the seed among them), versions, seconds."""
    line = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "arguments": arguments,
        "versions": _versions(),
        "seconds": round(seconds, 3),
    }
    path = root / PROVENANCE
    data = to_utf8(json.dumps(line, ensure_ascii=False, default=Path.as_posix) + "\n")
    with appending(path) as file:
        file.write(data)  # in one piece: another command may add its line in this moment


@cache
def _versions() -> dict[str, str]:
    """Looked up once: in a process they stay what they are, and each is a search in all folders of packages."""
    return {name: version(name) for name in _PACKAGES}


def recorded(
    folder: Callable[[Mapping[str, Any], Any], Path],
) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Record each call of a function in the folder that this function finds in its arguments and its result."""

    def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        signature = inspect.signature(function)
        name = f"{function.__module__.partition('.')[0]}.{function.__name__}"

        @wraps(function)
        def call(*arguments: Parameters.args, **named: Parameters.kwargs) -> Result:
            started = time.monotonic()
            result = function(*arguments, **named)
            bound = signature.bind(*arguments, **named)
            bound.apply_defaults()
            given = {key: _plain(value) for key, value in bound.arguments.items() if not callable(value)}
            record(folder(bound.arguments, result), name, given, time.monotonic() - started)
            return result

        return call

    return decorate


def _plain(value: object) -> object:
    """A value as JSON can hold it; of a dataset or a run its folder, and of settings all of them."""
    if isinstance(value, str | int | float | None):
        return value
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    for place in (value, getattr(value, "root", None), getattr(value, "folder", None)):
        if isinstance(place, Path):
            return place.as_posix()
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else repr(value)
