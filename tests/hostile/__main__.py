"""Hostile input: spoils files of every format and lets the readers read them, in processes that may crash.

Mutation N of a target is the same on every machine. It breaks a reader if anything else than success or SegError
comes of it: another exception, a crash, more time or memory than allowed, a file touched outside of the results.

    python -m tests.hostile --minutes 30
    python -m tests.hostile --target mat --first 1234 --mutations 1
"""

import argparse
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from prep.core.errors import SegError
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.registry import formats
from tests.hostile.json_mutations import JSON_MUTATORS
from tests.hostile.mutations import MUTATORS
from tests.hostile.seeds import TARGETS, Files, Target
from tests.hostile.watch import touching
from tests.support import tree

ROOT = Path(__file__).parents[2]
SECONDS = 20
"""For one mutation; a process that needs longer is killed by its alarm."""
ADDRESS_SPACE = 4 << 30
RESIDENT = 2 << 30
HOME = "home"
"""Home, temporary and current folder of the processes, where nothing may appear."""
_ENVIRONMENT = {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
_WRONG_SUFFIXES = (*sorted(IMAGE_SUFFIXES), ".mat", ".zip", ".txt", "")


def spoiled(target: Target, name: str, number: int) -> Files:
    """The files of mutation `number`: first the bombs, then seeds with one file spoiled or misnamed."""
    if number < len(target.bombs):
        return target.bombs[number]()
    random = np.random.default_rng([number, *name.encode()])
    files = dict(target.seeds[int(random.integers(len(target.seeds)))]())
    victim = sorted(files)[0 if random.random() < 0.8 else int(random.integers(len(files)))]
    for _ in range(int(random.integers(1, 4))):
        if files[victim]:
            ways = JSON_MUTATORS if victim.endswith(".json") and random.random() < 0.8 else MUTATORS
            files[victim] = ways[int(random.integers(len(ways)))](files[victim], random)
    if random.random() < 0.1:
        files[str(Path(victim).with_suffix(str(random.choice(_WRONG_SUFFIXES))))] = files.pop(victim)
    return files


def write(files: Files, folder: Path) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def attack(name: str, number: int, base: Path) -> str:
    """Run one mutation in this process; returns what broke, or nothing."""
    target, case = TARGETS[name], base / f"{name}-{number}"
    write(spoiled(target, name, number), case / "raw")
    for folder in (case, base / HOME):
        folder.mkdir(exist_ok=True)
        (folder / "sentinel.png").write_bytes(b"nobody may touch this")
    before = {path: content for path, content in tree(base).items() if not path.startswith(f"{case.name}/out")}
    formats()  # looks once for those of other packages, in all folders of installed packages
    signal.alarm(SECONDS)
    try:
        with touching(case / "out", base, [case / "raw"]) as touched:
            target.read(case / "raw", case / "out")
    except SegError as error:
        if not str(error):
            return "a SegError without words"
    except Exception:  # noqa: BLE001  # whatever breaks out is what is looked for
        return " | ".join(traceback.format_exc().splitlines()[-7:])
    finally:
        signal.alarm(0)
        shutil.rmtree(case / "out", ignore_errors=True)
    after = {path: content for path, content in tree(base).items() if not path.startswith(f"{case.name}/out")}
    shutil.rmtree(case)
    if touched:
        return f"touched outside of the results: {touched[:5]}"
    if after != before:  # C libraries are not seen to touch anything
        return f"changed outside of the results: {sorted(after.keys() ^ before.keys()) or 'contents'}"
    return f"{peak() >> 20} MB of memory" if peak() > RESIDENT else ""


def peak() -> int:
    """Largest resident memory of this process in bytes; getrusage begins with that of the process that started it."""
    status = Path("/proc/self/status")
    if not status.exists():  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def work(name: str, numbers: Sequence[int], base: Path) -> None:
    """Run mutations in this process, and say before each which one it is."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.dont_write_bytecode = True  # of modules that a reader loads late
    for number in numbers:
        print(f"begin {number}", flush=True)
        if problem := attack(name, number, base):
            print(f"broken {number} {problem!r}", flush=True)
            return


def run(name: str, first: int, count: int) -> list[str]:
    """Run mutations first .. first + count - 1 of a target in other processes; returns what broke."""
    broken, end = [], first + count
    while first < end:
        with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
            home = Path(folder, HOME)
            home.mkdir()
            command = [sys.executable, "-W", "error", "-m", "tests.hostile", "--target", name, "--inside", folder]
            process = subprocess.run(
                [*command, "--first", str(first), "--mutations", str(end - first)],
                cwd=home,  # whatever goes to the usual places ends in the folder that is watched
                env={**os.environ, **dict.fromkeys(("HOME", "TMPDIR"), str(home)), **_ENVIRONMENT},
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        lines = process.stdout.splitlines()
        begun = [int(line.split()[1]) for line in lines if line.startswith("begin ")]
        failed = [line for line in lines if line.startswith("broken ")]
        if process.returncode == 0 and not failed and begun and begun[-1] == end - 1:
            break
        last = begun[-1] if begun else first
        reason = failed[-1].split(" ", 2)[2] if failed else f"exit {process.returncode}: {process.stderr[-2000:]}"
        broken.append(f"{name} {last}: {reason}")
        first = last + 1
    return broken


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--target", choices=sorted(TARGETS), help="one reader only")
    parser.add_argument("--first", type=int, default=0, help="number of the first mutation")
    parser.add_argument("--mutations", type=int, default=300, help="a target and round")
    parser.add_argument("--minutes", type=float, default=0, help="go on with more mutations for so long")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside is not None:
        work(given.target, range(given.first, given.first + given.mutations), given.inside)
        return
    end, first, broken, done = time.monotonic() + 60 * given.minutes, given.first, [], 0
    while True:
        for name in [given.target] if given.target else TARGETS:
            found = run(name, first, given.mutations)
            broken, done = broken + found, done + given.mutations
            print("\n".join([*found, f"{name}: mutations {first} to {first + given.mutations - 1}"]), flush=True)
        first += given.mutations
        if time.monotonic() >= end:
            break
    print(f"{done} mutations, {len(broken)} broke a reader")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
