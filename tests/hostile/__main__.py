"""Hostile input: spoils files of every format and lets the readers read them, in processes that may crash.

Mutation N of a target and a seed is the same on every machine. It breaks a reader if anything else than success or
SegError comes of it: another exception, a crash, more time or memory than allowed, a file touched outside of the
results, a program started, a connection made.

    python -m tests.hostile --mutations 100000
    python -m tests.hostile --minutes 30
    python -m tests.hostile --target mat --first 1234 --mutations 1
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.hostile.attack import HOME, work
from tests.hostile.seeds import TARGETS

ROOT = Path(__file__).parents[2]
_ENVIRONMENT = {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
_AT_ONCE = 200
"""Mutations of one process."""


@dataclass
class Figures:
    """What came of mutations of a target. seconds: of processor time, the longest.  peak: bytes, the largest."""

    mutations: int = 0
    read: int = 0
    refused: int = 0
    seconds: float = 0.0
    peak: int = 0
    broken: list[str] = field(default_factory=list)

    def add(self, other: "Figures") -> None:
        """Take those of others in."""
        self.mutations, self.read = self.mutations + other.mutations, self.read + other.read
        self.refused, self.broken = self.refused + other.refused, self.broken + other.broken
        self.seconds, self.peak = max(self.seconds, other.seconds), max(self.peak, other.peak)

    def row(self, name: str) -> str:
        """A line of the table."""
        numbers = f"{self.mutations:,} | {self.read:,} | {self.refused:,} | {len(self.broken)}"
        return f"| {name} | {numbers} | {self.seconds:.1f} | {self.peak / 1e6:,.0f} |"


def run(name: str, first: int, number: int, seed: int = 0) -> Figures:
    """Run mutations first .. first + number - 1 of a target in other processes."""
    figures, end = Figures(mutations=number), first + number
    while first < end:
        with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
            lines, error = _lines_of(name, first, end - first, seed, Path(folder))
        begun = [int(line.split()[1]) for line in lines if line.startswith("begin ")]
        failed = [line.split(" ", 2)[2] for line in lines if line.startswith("broken ")]
        for outcome, seconds, peak in (line.split() for line in lines if line.startswith(("read ", "refused "))):
            figures.add(Figures(0, outcome == "read", outcome == "refused", float(seconds), int(peak)))
        if not error and not failed and begun and begun[-1] == end - 1:
            break
        last = begun[-1] if begun else first
        figures.broken.append(f"{name} {last}: {failed[-1] if failed else error}")
        first = last + 1
    return figures


def _lines_of(name: str, first: int, number: int, seed: int, folder: Path) -> tuple[list[str], str]:
    """What one process says, and how it ended if that was bad."""
    home = folder / HOME
    home.mkdir()
    numbers = ("--first", str(first), "--mutations", str(number), "--seed", str(seed))
    process = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.hostile", "--target", name, "--inside", str(folder), *numbers],
        cwd=home,  # whatever goes to the usual places ends in the folder that is watched
        env={**os.environ, **dict.fromkeys(("HOME", "TMPDIR"), str(home)), **_ENVIRONMENT},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    ended_well = process.returncode == 0
    return process.stdout.splitlines(), "" if ended_well else f"exit {process.returncode}: {process.stderr[-2000:]}"


def rounds(names: list[str], first: int, mutations: int, end: float) -> Iterator[tuple[str, int, int]]:
    """Target, first mutation and number of each process: so many mutations in all, or until the time is over."""
    each = -(-mutations // len(names))
    for start in count(first, _AT_ONCE):
        left = first + each - start
        if left <= 0 and time.monotonic() >= end:
            return
        for name in names:
            yield name, start, min(_AT_ONCE, left) if left > 0 else _AT_ONCE


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--target", choices=sorted(TARGETS), help="one reader only")
    parser.add_argument("--first", type=int, default=0, help="number of the first mutation of each target")
    parser.add_argument("--mutations", type=int, default=3000, help="over all targets")
    parser.add_argument("--minutes", type=float, default=0, help="go on with more mutations for so long")
    parser.add_argument("--seed", type=int, default=0, help="other mutations")
    parser.add_argument("--workers", type=int, default=2, help="processes at once")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside is not None:
        work(given.target, range(given.first, given.first + given.mutations), given.seed, given.inside)
        return
    began, names = time.monotonic(), [given.target] if given.target else [*TARGETS]
    figures = {name: Figures() for name in names}

    parts = rounds(names, given.first, given.mutations, began + 60 * given.minutes)
    lock = threading.Lock()

    def take_parts() -> None:
        while True:
            with lock:
                part = next(parts, None)
            if part is None:
                return
            name, first, number = part
            found = run(name, first, number, given.seed)
            with lock:
                figures[name].add(found)
                print("\n".join([*found.broken, f"{name}: mutations {first} to {first + number - 1}"]), flush=True)

    threads = [threading.Thread(target=take_parts) for _ in range(given.workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print_table(figures)
    broken = sum(len(each.broken) for each in figures.values())
    done = sum(each.mutations for each in figures.values())
    print(f"{done:,} mutations of seed {given.seed} in {time.monotonic() - began:,.0f} s, {broken} broke a reader")
    sys.exit(bool(broken))


def print_table(figures: dict[str, Figures]) -> None:
    """A row a target, and one for all."""
    print("\n| target | mutations | read | refused in words | broken | longest, s | peak, MB |")
    print("|---|---|---|---|---|---|---|")
    total = Figures()
    for name, each in figures.items():
        print(each.row(name))
        total.add(each)
    print(total.row("all"))


if __name__ == "__main__":
    main()
