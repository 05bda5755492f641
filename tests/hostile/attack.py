"""One mutation in this process: spoiled files, a reader, and what came of it."""

import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import numpy as np

from prep.core.errors import SegError
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.registry import formats
from tests.hostile.seeds import TARGETS, Files, Target
from tests.hostile.structure import mutator
from tests.hostile.watch import touching
from tests.support import tree

SECONDS = 10
"""Of processor time for one mutation; a process that takes more is killed by its timer."""
WAITING_S = 120
"""The same for one that waits and does nothing: long, because another process may have the machine."""
ADDRESS_SPACE = 4 << 30
RESIDENT = 1 << 30
"""Bytes, beside what the imports of a target take."""
HOME = "home"
"""Home, temporary and current folder of the processes, where nothing may appear."""
_WRONG_SUFFIXES = (*sorted(IMAGE_SUFFIXES), ".mat", ".zip", ".txt", "")
_READ, _REFUSED = "read", "refused"


def spoiled(target: Target, name: str, number: int, seed: int) -> Files:
    """The files of mutation `number`: first the bombs, then seeds with one file spoiled or misnamed."""
    if number < len(target.bombs):
        return target.bombs[number]()
    random = np.random.default_rng([seed, number, *name.encode()])
    files = dict(target.seeds[int(random.integers(len(target.seeds)))]())
    likely = [each for each in sorted(files) if each.endswith(target.victims)] if target.victims else sorted(files)[:1]
    victims = likely if random.random() < 0.8 else sorted(files)
    victim = victims[int(random.integers(len(victims)))]
    for _ in range(int(random.integers(1, 4))):
        if files[victim]:
            files[victim] = mutator(victim, files[victim], random)(files[victim], random)
    if random.random() < 0.1:
        files[str(Path(victim).with_suffix(str(random.choice(_WRONG_SUFFIXES))))] = files.pop(victim)
    return files


def write(files: Files, folder: Path) -> None:
    """Write the files below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def attack(name: str, number: int, seed: int, base: Path, resident: int = RESIDENT) -> tuple[str, str]:
    """Run one mutation; what came of it, and what broke, or nothing.  resident: bytes that may be in memory."""
    target, case = TARGETS[name], base / f"{name}-{number}"
    write(spoiled(target, name, number, seed), case / "raw")
    for folder in (case, base / HOME):
        folder.mkdir(exist_ok=True)
        (folder / "sentinel.png").write_bytes(b"nobody may touch this")
    tempfile.gettempdir()  # which writes a file there once in each process, to see whether it can
    before = {path: content for path, content in tree(base).items() if not path.startswith(f"{case.name}/out")}
    signal.alarm(WAITING_S)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    outcome = _READ
    try:
        with touching(case / "out", base, [case / "raw"]) as touched:
            target.read(case / "raw", case / "out")
    except SegError as error:
        outcome = _REFUSED
        if not str(error):
            return outcome, "a SegError without words"
    except Exception:  # noqa: BLE001  # whatever breaks out is what is looked for
        return outcome, " | ".join(traceback.format_exc().splitlines()[-7:])
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        shutil.rmtree(case / "out", ignore_errors=True)
    after = {path: content for path, content in tree(base).items() if not path.startswith(f"{case.name}/out")}
    shutil.rmtree(case)
    if touched:
        return outcome, f"touched outside of the results: {touched[:5]}"
    if after != before:  # C libraries are not seen to touch anything
        return outcome, f"changed outside of the results: {sorted(after.keys() ^ before.keys()) or 'contents'}"
    return outcome, f"{peak() >> 20} MB of memory" if peak() > resident else ""


def peak() -> int:
    """Largest resident memory of this process in bytes; getrusage begins with that of the process that started it."""
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _status(name: str) -> int:
    """Bytes, 0 if this is not Linux."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def work(name: str, numbers: Sequence[int], seed: int, base: Path) -> None:
    """Run mutations in this process, and say before each which one it is, and after it what came of it."""
    for module in TARGETS[name].imports:
        import_module(module)
    formats()  # looks once for those of other packages, in all folders of installed packages
    space, resident = (
        (ADDRESS_SPACE + _status("VmSize"), RESIDENT + peak()) if TARGETS[name].imports else (ADDRESS_SPACE, RESIDENT)
    )
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.dont_write_bytecode = True  # of modules that a reader loads late
    for number in numbers:
        print(f"begin {number}", flush=True)
        began = time.process_time()
        outcome, problem = attack(name, number, seed, base, resident)
        if problem:
            print(f"broken {number} {problem!r}", flush=True)
            return
        print(f"{outcome} {time.process_time() - began:.3f} {peak()}", flush=True)
