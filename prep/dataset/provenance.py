"""provenance.jsonl: one line for each command that changed a folder."""

import inspect
import json
import math
import os
import re
import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from datetime import UTC, datetime
from functools import cache, wraps
from importlib.metadata import version
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from prep.core.errors import SegError
from prep.core.files import appending, explained, open_plain, read_bytes, to_utf8
from prep.dataset.dataset_files import PROVENANCE

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_SPLITTING = re.compile(r"(.+ |prep\.)split")
"""What commands that split are called in the record: seg-prep.exe split, python -m prep split, prep.split."""

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


@dataclass(frozen=True)
class SplitWay:
    """How samples are dealt out, as the options of 'seg-prep split' say it; None what they do not say."""

    ratios: tuple[float, float, float] | None = None
    group_by: str | None = None
    block: float | None = None

    @property
    def grouping(self) -> str:
        """The options that group, as they are typed; empty without any."""
        if self.group_by is None:
            return ""
        return shlex.join(
            ["--group-by", self.group_by, *([] if self.block is None else ["--block", f"{self.block:g}m"])]
        )


def last_split_way(root: Path) -> SplitWay:
    """How the samples of a dataset were dealt out last, as far as its record tells; a damaged line tells nothing."""
    found = [way for _, way in reversed(_split_lines(root))]
    ratios = next((way.ratios for way in found if way.ratios is not None), None)
    grouped = next((way for way in found if way.group_by is not None), SplitWay())
    return SplitWay(ratios, grouped.group_by, grouped.block)


def carry_split_way(source: Path, root: Path) -> None:
    """Add what the record of a dataset tells of its splits to that of another one, which has taken these over."""
    lines = [line for line, _ in _split_lines(source)]
    if lines and last_split_way(source) != last_split_way(root):
        with appending(root / PROVENANCE) as file:
            file.write(to_utf8("".join(f"{line}\n" for line in lines)))


def _split_lines(root: Path) -> list[tuple[str, SplitWay]]:
    """The lines of a record that tell how samples were dealt out, the oldest first, and what they tell."""
    try:
        lines = read_bytes(root / PROVENANCE).decode("utf-8", errors="replace").splitlines()
    except SegError:  # there is none, or it is damaged: nobody knows then
        return []
    return [(line, way) for line in lines if '"group_by"' in line and (way := _way_in(line)) is not None]


def _way_in(line: str) -> SplitWay | None:
    """What one line tells; None if it is of another command, or damaged."""
    try:
        entry = json.loads(line)
        given = entry["arguments"] if _SPLITTING.fullmatch(entry["command"]) else None
        if given is None:
            return None
        ratios, group_by, block = given["ratios"], given["group_by"], given["block"]
        return SplitWay(
            None if ratios is None else _ratios(*map(float, ratios)),
            None if group_by is None else str(group_by),
            None if block is None else _above_0(float(block)),
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _ratios(train: float, val: float, test: float) -> tuple[float, float, float]:
    if not min(val, test) >= 0:
        raise ValueError("no shares")
    return _above_0(train), val, test


def _above_0(number: float) -> float:
    if not 0 < number < math.inf:
        raise ValueError("no length")
    return number


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
