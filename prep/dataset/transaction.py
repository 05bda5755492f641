"""All results of one command, staged in a hidden folder and moved into the dataset together.

A killed command leaves only its hidden folder behind. The same command run again takes what is finished in
there and goes on; another command, or the same with other settings, starts over. Once everything is made, a
commit record is written, then files are moved, the index last. If the process dies while moving, the next
command that writes finishes the move: a dataset is always the old one or the new one.
"""

import filecmp
import json
import os
import re
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from prep.core.errors import SegError
from prep.core.failures import TooManyFailed
from prep.core.files import explained, is_part, make_folder, remove_parts, write_text
from prep.core.progress import Say
from prep.core.words import counted
from prep.dataset.commit import COMMIT_RECORD, NEW, STAGING, Commit, finish_all, pending, refuse_folders
from prep.dataset.dataset_files import INDEX, MASKS
from prep.dataset.lock import LOCK, is_held, locked
from prep.dataset.provenance import need_record

_SETTINGS = "settings.json"
_OVERWRITE = "add --overwrite to replace them"


@contextmanager
def writing(root: Path, say: Say | None = None, *, target: Path | None = None) -> Iterator[None]:
    """Be the only one who writes into the folder `root`, from before it is read to the end of the block.

    What a killed command has begun to move is moved first, and its half-written files go. Blocks may be nested.
    SegError if its provenance cannot be written.
    say: told who is at work after some seconds, and then it waits on; without it, that is a SegError.
    target: as of locked.
    """
    if is_held(root):
        yield
        return
    need_record(root)
    with locked(root, say, target=target) as was_killed:
        finish_all(root)
        if was_killed:
            remove_parts(root, deep=False)
            if not (root / MASKS).is_symlink():  # what it leads to is not ours to tidy
                remove_parts(root / MASKS)
            _remove_remains(root)
        yield


def settle(root: Path, say: Say | None = None) -> None:
    """Finish a commit whose command was killed, if there is one; for those who need the lock for nothing else yet."""
    if pending(root):
        with writing(root, say):
            pass


def forget(root: Path, command: str) -> None:
    """Throw away what a killed run of a command has staged; the folder is locked by whoever calls."""
    for staging in root.glob(f"{STAGING}{command}-*"):
        if not staging.is_symlink() and not (staging / COMMIT_RECORD).exists():
            shutil.rmtree(staging, ignore_errors=True)


def holds_files(folder: Path) -> bool:
    """Whether a folder holds anything but what a command leaves there that is at work, or was killed."""
    if not folder.is_dir():
        return False
    names = (path.name for path in folder.iterdir())
    return any(not (name == LOCK or name.startswith(STAGING) or is_part(name)) for name in names)


class Transaction:
    """Stage files for the folder `root`, then `commit` them, or `discard` them; nobody else writes meanwhile.

    settings: everything the result depends on, as plain data; only a run with the same settings continues.
    Leaving the block without a commit keeps the staged files for the next run if it was interrupted,
    or if the disk was full, but not if too many files cannot be used; and it removes a new and empty `root`.
    """

    def __init__(self, root: Path, command: str, settings: dict[str, object]) -> None:
        self.root = root
        self.staging = root / f"{STAGING}{command}-{secrets.token_hex(4)}"
        self._others = re.compile(re.escape(f"{STAGING}{command}") + "-[0-9a-f]{8}")
        self._settings = json.dumps(settings, sort_keys=True)
        self._lock = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(writing(self.root))
            self._take_up()
            make_folder(self.staging)
            write_text(self.staging / _SETTINGS, self._settings)
            self._lock = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            if isinstance(error, TooManyFailed) or not _has_files(self.staging):
                self.discard()

    def path(self, relative: str) -> Path:
        """Where to write the file that will stand at `relative` (posix) below the root."""
        path = self.staging / NEW / relative
        make_folder(path.parent)
        return path

    def discard(self) -> None:
        """Throw away everything staged; the dataset stays as it was."""
        shutil.rmtree(self.staging, ignore_errors=True)

    def commit(
        self, *, overwrite: bool, updates: Collection[str] = (), remove: Collection[str] = (), way: str = _OVERWRITE
    ) -> list[str]:
        """Move everything staged into the root and say which files are new or changed.

        updates: files that may change without `overwrite`, because the command has merged old and new.
        remove: files and folders below the root that the new results replace; only with `overwrite`.
        way: what a person may do without it.
        Raises SegError if files that exist would change and `overwrite` is not set, or if something stands in the way
        of a file; nothing is changed then.
        """
        new = self.staging / NEW
        staged = sorted(_files_in(new))
        changed = [name for name in staged if not _same(new / name, self.root / name)]
        clashes = [name for name in changed if (self.root / name).exists() and name not in updates]
        if clashes and not overwrite:
            refuse_folders(self.root, clashes, remove)  # which --overwrite would not replace
            self.discard()
            raise SegError(
                f"{self.root}: already holds other results ({clashes[0]}"
                + (f" and {counted(len(clashes) - 1, 'more file')}" if len(clashes) > 1 else "")
                + f"); {way}"
            )
        if not changed:
            self.discard()
            return []
        leaving = sorted(name for name in remove if (self.root / name).exists()) if overwrite else []
        # The index comes last: whoever finds it finds everything that it names.
        order = sorted(staged if leaving else changed, key=lambda name: (name == INDEX, name))
        commit = Commit(self.root, self.staging, tuple(leaving), tuple(order))
        commit.write()
        commit.finish()
        return changed

    def _take_up(self) -> None:
        """Make what a killed run of this command has staged our own, under a name that it does not know.

        Processes that it started may live on for a moment, and do not find our files. Other settings start over.
        """
        with explained(self.root):
            for name in sorted(filter(self._others.fullmatch, os.listdir(self.root))):  # noqa: PTH208  # names do
                found = self.root / name
                if not found.is_dir() or found.is_symlink():
                    found.unlink()
                elif not self.staging.exists() and self._fits(found):
                    found.rename(self.staging)
                    remove_parts(self.staging)
                else:
                    shutil.rmtree(found)

    def _fits(self, staging: Path) -> bool:
        """Whether we can go on there: not in a stranger's dataset where links would lead us elsewhere."""
        if any(path.is_symlink() or not (path.is_file() or path.is_dir()) for path in staging.rglob("*")):
            return False
        settings = staging / _SETTINGS
        return settings.is_file() and settings.read_bytes() == self._settings.encode()


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and filecmp.cmp(one, other, shallow=False)


def _remove_remains(root: Path) -> None:
    """What is left of a command that was killed when its commit was over, or before it had made anything."""
    for staging in root.glob(f"{STAGING}*"):
        is_ours = staging.is_dir() and not staging.is_symlink()
        if is_ours and not (staging / COMMIT_RECORD).exists() and not _has_files(staging):
            shutil.rmtree(staging, ignore_errors=True)


def _has_files(staging: Path) -> bool:
    return next(_files_in(staging / NEW), None) is not None


def _files_in(folder: Path) -> Iterator[str]:
    """The posix paths of the files below a folder; rglob would keep a Path of each until the end."""
    for place, _, names in os.walk(folder):
        below = Path(place).relative_to(folder)
        yield from ((below / name).as_posix() for name in names if (Path(place) / name).is_file())
