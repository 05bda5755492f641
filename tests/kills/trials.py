"""One command, killed at its points or at any moment, and typed again."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prep.dataset.transaction import writing
from tests.kills.commands import COMMANDS, IN_THE_BACKGROUND, TRAINED, TRAININGS, content
from tests.kills.killer import run

KILLED = -9


@dataclass(frozen=True)
class Command:
    """A command with what it makes of the base when nothing disturbs it, its points, and how long it takes."""

    name: str
    words: list[str]
    base: Path
    after: dict[str, bytes]
    points: list[int]
    seconds: float


def undisturbed(name: str, base: Path, folder: Path, workers: int = 1, cluster: Path | None = None) -> Command:
    """Run a command without a kill. workers: processes, where it takes several.  cluster: who does its work instead."""
    shutil.copytree(base, folder, symlinks=True)
    words = COMMANDS[name].replace(" --workers 1", f" --workers {workers}" if cluster is None else "").split()
    words += [] if cluster is None else ["--cluster", str(cluster)]
    began = time.monotonic()
    code, points, said = run(folder, words)
    assert code == 0, f"{name}: {said}"
    found = Command(name, words, base, content(folder), points, time.monotonic() - began)
    shutil.rmtree(folder)
    return found


def killed(command: Command, point: int, folder: Path) -> str | None:
    """What is wrong after a kill at a point and the same command again; None if nothing is."""
    shutil.copytree(command.base, folder, symlinks=True)
    try:
        code, _, said = run(folder, command.words, point)
        if code == 0 and command.name in IN_THE_BACKGROUND:
            return "; ".join(_differences(content(folder), command.after)) or None
        if code != KILLED:
            return f"ended with {code} instead of being killed: {said}"
        return _typed_again(command, folder)
    finally:
        shutil.rmtree(folder)


def killed_after(command: Command, seconds: float, folder: Path) -> tuple[bool, str | None]:
    """Whether the kill came before the command was over, and what is wrong after the same command again.

    Its workers are not waited for: whatever they still do, they do beside the second command.
    """
    shutil.copytree(command.base, folder, symlinks=True)
    try:
        code, _, said = run(folder, command.words, seconds=seconds)
        if code not in (0, KILLED):
            return False, f"ended with {code}: {said}"
        return code == KILLED, _typed_again(command, folder) if code == KILLED else None
    finally:
        shutil.rmtree(folder)


def _typed_again(command: Command, folder: Path) -> str | None:
    code, _, said = _go_on(folder) if command.name in TRAININGS else run(folder, command.words)
    if code != 0 and "train again with 'seg-train'" in said:
        code, _, said = run(folder, command.words)
    if code != 0:
        return f"typed again: {said}"
    if trained := TRAINED.get(command.name):  # what is left of a commit of statistics goes when somebody writes there
        with writing(folder / trained):
            pass
    return "; ".join(_differences(content(folder), command.after)) or None


def _go_on(folder: Path) -> tuple[int, list[int], str]:
    if not (folder / "runs" / "latest").exists():
        return 1, [], "train again with 'seg-train'"
    return run(folder, ["seg-train", "--resume", "--device", "cpu"])


def _differences(found: dict[str, bytes], expected: dict[str, bytes]) -> Iterator[str]:
    for name in sorted({*found, *expected}):
        if name not in found:
            yield f"{name} is missing"
        elif name not in expected:
            yield f"{name} is left over"
        elif found[name] != expected[name]:
            yield f"{name} differs"
