"""All results of one command, staged in a hidden folder and moved into the dataset together.

A killed command leaves only its hidden folder behind. The same command run again takes what is finished in
there and goes on; another command, or the same with other settings, starts over. Once everything is made, a
commit record is written, then files are moved, the index last. If the process dies while moving, the next
command that opens the dataset finishes the move: a dataset is always the old one or the new one.
"""

import filecmp
import json
import shutil
from collections.abc import Collection
from pathlib import Path, PurePath
from types import TracebackType
from typing import Self

from prep.core.errors import SegError
from prep.core.files import explained, make_folder, remove_parts, write_text
from prep.dataset.dataset_files import INDEX

_PREFIX = ".unfinished-"
_SETTINGS, _COMMIT = "settings.json", "commit.json"


class Transaction:
    """Stage files for the folder `root`, then `commit` them, or `discard` them.

    settings: everything the result depends on, as plain data; only a run with the same settings continues.
    Leaving the block without a commit keeps the staged files for the next run if it was interrupted,
    or if the disk was full, and removes a new and empty `root`.
    """

    def __init__(self, root: Path, command: str, settings: dict[str, object]) -> None:
        self.root = root
        self.staging = root / f"{_PREFIX}{command}"
        self._settings = json.dumps(settings, sort_keys=True)
        self._made: list[Path] = []

    def __enter__(self) -> Self:
        recover(self.root)
        self._made = [path for path in (self.root, *self.root.parents) if not path.exists()]
        settings = self.staging / _SETTINGS
        if self.staging.exists() and _text(settings) != self._settings:
            shutil.rmtree(self.staging)
        make_folder(self.staging)
        remove_parts(self.staging)
        write_text(settings, self._settings)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not _has_files(self.staging):
            self.discard()

    def path(self, relative: str) -> Path:
        """Where to write the file that will stand at `relative` (posix) below the root."""
        path = self.staging / "new" / relative
        make_folder(path.parent)
        return path

    def discard(self) -> None:
        """Throw away everything staged; the dataset stays as it was."""
        shutil.rmtree(self.staging, ignore_errors=True)
        for folder in self._made:  # from the inside out
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def commit(self, *, overwrite: bool, updates: Collection[str] = (), remove: Collection[str] = ()) -> list[str]:
        """Move everything staged into the root and say which files are new or changed.

        updates: files that may change without `overwrite`, because the command has merged old and new.
        remove: files and folders below the root that the new results replace; only with `overwrite`.
        Raises SegError if files that exist would change and `overwrite` is not set; nothing is changed then.
        """
        new = self.staging / "new"
        staged = sorted(path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file())
        changed = [name for name in staged if not _same(new / name, self.root / name)]
        clashes = [name for name in changed if (self.root / name).exists() and name not in updates]
        if clashes and not overwrite:
            self.discard()
            raise SegError(
                f"{self.root}: already holds other results ({clashes[0]}"
                + (f" and {len(clashes) - 1} more files" if len(clashes) > 1 else "")
                + "); add --overwrite to replace them"
            )
        if not changed:
            self.discard()
            return []
        leaving = sorted(name for name in remove if (self.root / name).exists()) if overwrite else []
        # The index comes last: whoever finds it finds everything that it names.
        order = sorted(staged if leaving else changed, key=lambda name: (name == INDEX, name))
        write_text(self.staging / _COMMIT, json.dumps({"remove": leaving, "move": order}))
        recover(self.root)
        return changed


def is_committing(root: Path) -> bool:
    """Whether a command is moving files into `root`, or was killed while it did: they replace what is written now."""
    return any(root.glob(f"{_PREFIX}*/{_COMMIT}"))


def recover(root: Path) -> None:
    """Finish commits that a killed process began in `root`; SegError for one that leads out of it."""
    if not root.is_dir():
        return
    for staging in sorted(root.glob(f"{_PREFIX}*")):
        if not (staging / _COMMIT).exists():
            continue
        record = json.loads(_text(staging / _COMMIT))
        _refuse_names_outside(staging, [*record["remove"], *record["move"]])
        with explained(root):
            for number, name in enumerate(record["remove"]):
                old = staging / f"old-{number}"
                if not old.exists():
                    (root / name).rename(old)
            for name in record["move"]:
                source, target = staging / "new" / name, root / name
                if source.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    source.replace(target)
            # The record goes first, so that a second recovery never sees it beside half a folder.
            (staging / _COMMIT).unlink()
        shutil.rmtree(staging)


def _refuse_names_outside(staging: Path, names: Collection[str]) -> None:
    """A dataset that somebody else made could write to any place, or remove things there, once it is opened."""
    for path in map(PurePath, names):
        if path.is_absolute() or path.drive or ".." in path.parts:
            raise SegError(f"{staging}: would change {path}, outside of the dataset; remove this folder")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and filecmp.cmp(one, other, shallow=False)


def _has_files(staging: Path) -> bool:
    return any(path.is_file() for path in (staging / "new").rglob("*"))
