"""Measures two or more ways to do one job side by side in one run, and reports ratios with their spread.

The ways take turns (A B C, C B A, A B C, ...), so that a slow minute of the machine hits all of them. A round gives
one ratio for each plain way; the median of the rounds is the result, the smallest and largest are its spread.
Seconds are information about the machine of the day, ratios are the claim. The ratio of processor time is shown beside
the ratio of wall time: other work on the machine hardly touches it, but it does not see waiting or a second core.
"""

import gc
import importlib.metadata
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Way = Callable[[], object]
Row = list[str]

_PACKAGES = (
    "numpy",
    "opencv-python-headless",
    "pillow",
    "scikit-image",
    "scipy",
    "simplejpeg",
    "torch",
    "lightning-fabric",
    "monai",
)
_OURS = ""
_HEADER = ["job", "plain way", "ours", "plain", "ratio", "min .. max", "cpu", "goal"]


def _nothing() -> None: ...


@dataclass(frozen=True)
class Comparison:
    """One job done our way and one or more plain ways.

    work, unit: how much of what one run does; results are shown as `unit` a second (or seconds, if unit is "").
    reports: what the ways return ("MB", "s"), for a measure of their own instead of the wall clock: less is better.
    reset: runs before every way, unmeasured.  warm_up: whether one unmeasured round of all ways comes first.
    goal: the ratio plain / ours that we want at least, against the way of the same position in `plain`.
    """

    job: str
    ours: Way
    plain: Mapping[str, Way]
    work: float = 1.0
    unit: str = ""
    reports: str = ""
    reset: Way = _nothing
    warm_up: bool = True
    rounds: int = 7
    goal: float | None = None


@dataclass(frozen=True)
class Result:
    """The measures (seconds, or what the ways report) of each round: ours, and by name of the plain way.

    cpu: seconds of processor time of this process and its finished children, ours under the name "".
    """

    comparison: Comparison
    ours: list[float]
    plain: dict[str, list[float]]
    cpu: dict[str, list[float]]

    def ratios(self, name: str) -> list[float]:
        """Plain / ours of every round: how many times faster (or smaller) ours is."""
        return [plain / ours for plain, ours in zip(self.plain[name], self.ours, strict=True)]

    def cpu_ratio(self, name: str) -> float | None:
        """The median ratio of processor time; None for other measures than time."""
        pairs = zip(self.cpu[name], self.cpu[_OURS], strict=True)
        return None if self.comparison.reports else statistics.median(plain / max(ours, 1e-9) for plain, ours in pairs)

    def rows(self) -> list[Row]:
        """One line of the table for each plain way."""
        return [self._row(name) for name in self.plain]

    def _row(self, name: str) -> Row:
        ratios = self.ratios(name)
        goal, cpu = self.comparison.goal, self.cpu_ratio(name)
        return [
            self.comparison.job,
            name,
            self._shown(self.ours),
            self._shown(self.plain[name]),
            f"{statistics.median(ratios):.2f}x",
            f"{min(ratios):.2f} .. {max(ratios):.2f}",
            "" if cpu is None else f"{cpu:.2f}x",
            "" if goal is None else f">= {goal:g}x",
        ]

    def _shown(self, values: Sequence[float]) -> str:
        middle = statistics.median(values)
        compared = self.comparison
        if compared.reports:
            return f"{_digits(middle)} {compared.reports}"
        return f"{_digits(compared.work / middle)} {compared.unit}/s" if compared.unit else f"{_digits(middle)} s"

    def to_json(self) -> dict[str, object]:
        """Every single measure, and the ratios as they stand in the table."""
        compared = self.comparison
        ways = {
            name: {
                "values": self.plain[name],
                "ratio_median": statistics.median(self.ratios(name)),
                "ratio_min": min(self.ratios(name)),
                "ratio_max": max(self.ratios(name)),
                "cpu_values": self.cpu[name],
                "cpu_ratio_median": self.cpu_ratio(name),
            }
            for name in self.plain
        }
        return {
            "job": compared.job,
            "measure": compared.reports or "s",
            "work": compared.work,
            "unit": compared.unit,
            "goal": compared.goal,
            "ours": self.ours,
            "ours_cpu": self.cpu[_OURS],
            "plain": ways,
        }


def measure(comparison: Comparison, *, quick: bool = False) -> Result:
    """Let the ways take turns; `quick` does two rounds."""
    names = [_OURS, *comparison.plain]
    if comparison.warm_up:
        for name in names:
            _once(comparison, name)
    measures: dict[str, list[float]] = {name: [] for name in names}
    cpu: dict[str, list[float]] = {name: [] for name in names}
    for number in range(min(2, comparison.rounds) if quick else comparison.rounds):
        for name in names if number % 2 == 0 else reversed(names):
            value, cpu_seconds = _once(comparison, name)
            measures[name].append(value)
            cpu[name].append(cpu_seconds)
    ours = measures.pop(_OURS)
    return Result(comparison, ours, measures, cpu)


def _once(comparison: Comparison, name: str) -> tuple[float, float]:
    """What is measured (wall seconds, or what the way reports), and seconds of processor time."""
    way = comparison.plain[name] if name else comparison.ours
    comparison.reset()
    gc.collect()
    started, cpu_started = time.perf_counter(), _cpu_seconds()
    reported = way()
    seconds, cpu_seconds = time.perf_counter() - started, _cpu_seconds() - cpu_started
    if not comparison.reports:
        return seconds, cpu_seconds
    if not isinstance(reported, (int, float)):
        raise TypeError(f"{comparison.job}: a way that reports {comparison.reports} returns a number, not {reported!r}")
    return float(reported), cpu_seconds


def _cpu_seconds() -> float:
    children = os.times()
    return time.process_time() + children.children_user + children.children_system


def require(truth: bool, text: str) -> None:
    """Stop the benchmark if two ways that must give the same result do not."""
    if not truth:
        raise SystemExit(f"not the same job: {text}")


def table(results: Sequence[Result]) -> str:
    """All results as text; a ratio above 1 means that ours is faster (or smaller)."""
    rows = [_HEADER, *(row for result in results for row in result.rows())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    left = {0, 1}
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def machine() -> dict[str, object]:
    """Where the figures come from: processor, cores, load, versions."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count() or 1,
        "load": load(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "packages": {name: version for name in _PACKAGES if (version := _version(name))},
    }


def load() -> list[float]:
    """Load average over 1, 5 and 15 minutes; empty where the system has none."""
    return [round(value, 2) for value in os.getloadavg()] if hasattr(os, "getloadavg") else []


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _digits(value: float) -> str:
    """Three significant digits, without exponent."""
    return (
        f"{value:,.0f}"
        if value >= 100
        else f"{value:.1f}"
        if value >= 10
        else f"{value:.2g}"
        if value < 0.1
        else f"{value:.2f}"
    )
