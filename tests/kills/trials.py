"""One command, killed at its points one after the other, and typed again."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.kills.commands import COMMANDS, content
from tests.kills.killer import run


@dataclass(frozen=True)
class Command:
    """A command with what it makes of the base when nothing disturbs it, and its points."""

    name: str
    base: Path
    before: dict[str, bytes]
    after: dict[str, bytes]
    points: list[int]


def undisturbed(name: str, base: Path, folder: Path) -> Command:
    """Run a command without a kill."""
    shutil.copytree(base, folder, symlinks=True)
    code, points, said = run(folder, COMMANDS[name].split())
    assert code == 0, f"{name}: {said}"
    found = Command(name, base, content(base), content(folder), points)
    shutil.rmtree(folder)
    return found


def killed(command: Command, point: int, folder: Path) -> str | None:
    """What is wrong after a kill at a point and the same command again; None if nothing is."""
    shutil.copytree(command.base, folder, symlinks=True)
    words = COMMANDS[command.name].split()
    try:
        code, _, said = run(folder, words, point)
        if code != -9:
            return f"ended with {code} instead of being killed: {said}"
        code, _, said = run(folder, words)
        if code != 0:
            return f"typed again: {said}"
        found = content(folder)
        return "; ".join(_differences(found, command.after)) or None
    finally:
        shutil.rmtree(folder)


def _differences(found: dict[str, bytes], expected: dict[str, bytes]) -> Iterator[str]:
    for name in sorted({*found, *expected}):
        if name not in found:
            yield f"{name} is missing"
        elif name not in expected:
            yield f"{name} is left over"
        elif found[name] != expected[name]:
            yield f"{name} differs"
