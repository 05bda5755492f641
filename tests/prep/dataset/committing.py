"""A dataset folder before and after a change, and deaths in the middle of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from prep.dataset.transaction import Transaction, writing
from tests.support import Killed, tree

OLD = {
    "classes.json": b"old classes",
    "images/a.png": b"old a",
    "images/gone.png": b"only old",
    "masks/a.png": b"old mask",
    "patches/size96/images.npy": b"old patches",
    "photos/raw.jpg": b"raw",
    "index.csv": b"old index",
}
NEW = {"classes.json": b"old classes", "images/a.png": b"new a", "images/b.png": b"new b", "index.csv": b"new index"}
REMOVED = ("images", "masks", "patches", "never there")
# Everything new, nothing of what was to go, and all that the command knows nothing of.
REPLACED = {**NEW, "photos/raw.jpg": b"raw"}
OPERATIONS = ("rename", "replace", "unlink", "mkdir")


def fill(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def stage(change: Transaction, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        change.path(name).write_bytes(content)


def files_of(root: Path, *, hidden: bool = False) -> dict[str, bytes]:
    found = {name: content for name, content in tree(root).items() if not name.endswith("/")}
    return found if hidden else {name: content for name, content in found.items() if not name.startswith(".unfinished")}


def recover(root: Path) -> None:
    """What every command that writes does first."""
    with writing(root):
        pass


def replace_all(root: Path) -> None:
    with Transaction(root, "test", {"n": 1}) as change:
        stage(change, NEW)
        change.commit(overwrite=True, remove=REMOVED)


def dying_at(patch: pytest.MonkeyPatch, countdown: int, *, before: bool, recorded: Callable[[], bool]) -> list[bool]:
    """Die just before, or just after, change number `countdown` of the file system.

    Returns a list that holds, after the death, whether the commit record stood then.
    """
    calls = [0]
    stood: list[bool] = []

    def guard(real: Callable[..., object]) -> Callable[..., object]:
        def guarded(*arguments: object, **options: object) -> object:
            mine = calls[0] == countdown
            calls[0] += 1
            if mine and before:
                stood.append(recorded())
                raise Killed
            result = real(*arguments, **options)
            if mine:
                stood.append(recorded())
                raise Killed
            return result

        return guarded

    for name in OPERATIONS:
        patch.setattr(Path, name, guard(getattr(Path, name)))
    patch.setattr(shutil, "rmtree", guard(shutil.rmtree))
    return stood
