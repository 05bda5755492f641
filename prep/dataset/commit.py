"""The commit of staged results: a record of what moves, checked before and carried out so that it can be finished.

The record is the point of no return. Whoever holds the lock of the folder finishes it; readers wait for it. The record
may come from somebody else's dataset, so it is trusted in nothing: no name that leads out, and no links on the way.
"""

import errno
import json
import os
import shutil
import stat
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TypeVar

from prep.core.errors import SegError
from prep.core.files import explained, open_plain, replacing, write_text
from prep.dataset import lock
from prep.dataset.dataset_files import INDEX

STAGING = ".unfinished-"
NEW = "new"
COMMIT_RECORD = "commit.json"
_LARGEST_RECORD = 2**28
_TRIES = 100

Result = TypeVar("Result")
Stamps = list[tuple[int, ...] | None]


@dataclass(frozen=True)
class Commit:
    """What a command that staged its results is going to do.

    staging: its hidden folder in `root`.  remove, move: posix names below `root`, in the order of the work.
    """

    root: Path
    staging: Path
    remove: tuple[str, ...]
    move: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in (*self.remove, *self.move):  # also those of a command may come from a stranger's index
            path = PurePath(name)
            if path.is_absolute() or path.drive or ".." in path.parts or not path.parts or "\0" in name:
                raise SegError(f"{self.staging}: would change {name!r}, outside of the dataset; remove this folder")
            if path.parts[0] == lock.LOCK or path.parts[0].startswith(STAGING):
                raise SegError(f"{self.staging}: would change {name!r}, which is no result; remove this folder")

    def write(self) -> None:
        """Pass the point of no return; SegError, before that, if anything stands in the way of a file."""
        self._refuse_obstacles()
        self._refuse_links([*self.remove, *self.move])
        write_text(self.staging / COMMIT_RECORD, json.dumps({"remove": self.remove, "move": self.move}))

    def refuse_strangers(self) -> None:
        """SegError for links and special files on the way: a record of a command of ours never meets any."""
        self._refuse_links([*self.remove, *self.move])
        _refuse_special(
            [self.staging / NEW, *(self.staging / NEW / name for name in _parents(self.move))], stat.S_ISDIR
        )
        _refuse_special((self.staging / NEW / name for name in self.move), stat.S_ISREG)

    def finish(self) -> None:
        """Do what is not done yet; SegError names what is in the way, and then nothing of the rest is lost."""
        self.refuse_strangers()
        for number, name in enumerate(self.remove):
            with explained(self.root / name):
                _take_away(self.root / name, self.staging / f"old-{number}")
        for folder in _parents(self.move):
            with explained(self.root / folder):
                (self.root / folder).mkdir(parents=True, exist_ok=True)
        for name in self.move:
            source, target = self.staging / NEW / name, self.root / name
            if os.path.lexists(source):
                with explained(target):
                    _move(source, target)
        with explained(self.staging):
            # The record goes first, so that a second recovery never sees it beside half a folder.
            (self.staging / COMMIT_RECORD).unlink()
            shutil.rmtree(self.staging)

    def _refuse_obstacles(self) -> None:
        """Where a folder is a file, a file a folder, or nothing may be written: found out while nothing is changed."""
        gone = {PurePath(name) for name in self.remove}
        for folder in _parents([*self.remove, *self.move]):
            path = self.root / folder
            if not gone.isdisjoint((folder, *folder.parents)) or not os.path.lexists(path):
                continue
            if not path.is_dir():
                raise SegError(f"{path}: is a file, and a folder has to be there; move it away")
            if not os.access(path, os.W_OK | os.X_OK):
                raise SegError(f"{path}: permission denied; change the permissions of this folder")
        refuse_folders(self.root, self.move, self.remove)
        self._refuse_property()

    def _refuse_property(self) -> None:
        """Where several people share a folder: what only its owner may take away."""
        names = [*self.remove, *self.move]
        guarded = {folder for folder in set(map(os.path.dirname, names)) if _is_guarded(self.root / folder)}
        for path in (self.root / name for name in names if os.path.dirname(name) in guarded):  # noqa: PTH120  # many
            if os.path.lexists(path) and path.lstat().st_uid != os.geteuid():
                raise SegError(
                    f"{path}: only its owner may replace it here (sticky bit); work on a copy of the dataset"
                )
        for name in self.remove:
            for folder, _, _ in os.walk(self.root / name):
                if not os.access(folder, os.W_OK | os.X_OK):
                    raise SegError(f"{folder}: permission denied; change the permissions of this folder")

    def _refuse_links(self, names: Collection[str]) -> None:
        for folder in _parents(names):
            if _is_link(self.root / folder):
                raise SegError(
                    f"{self.root / folder}: is a link, and results are not written through links; "
                    "put a folder in its place, or let the whole dataset be where it leads"
                )


def refuse_folders(root: Path, move: Collection[str], remove: Collection[str]) -> None:
    """SegError for a folder where a file goes, unless it is in what goes before."""
    gone = {PurePath(name) for name in remove}
    for name in map(PurePath, move):
        if (root / name).is_dir() and gone.isdisjoint((name, *name.parents)):
            raise SegError(f"{root / name}: is a folder, and a file has to be there; move it away")


def _parents(names: Collection[str]) -> list[PurePath]:
    """The folders that these names are in, the outer ones first, without the base itself."""
    inner = set(map(os.path.dirname, names))  # few, where the names are many
    return sorted({folder for name in inner for folder in (PurePath(name), *PurePath(name).parents)} - {PurePath()})


def _is_guarded(folder: Path) -> bool:
    """Whether others than its owner may take only their own files out of a folder."""
    try:
        status = folder.stat()
    except OSError:
        return False
    return os.name == "posix" and bool(status.st_mode & stat.S_ISVTX) and os.geteuid() not in (0, status.st_uid)


def _is_link(path: Path) -> bool:
    is_junction = getattr(os.path, "isjunction", None)  # of Windows, from Python 3.12 on
    return path.is_symlink() or bool(is_junction and is_junction(path))


def _refuse_special(paths: Iterable[Path], is_ours: Callable[[int], bool]) -> None:
    for path in paths:
        try:
            mode = path.lstat().st_mode
        except OSError:
            continue  # not there, as for lexists
        if not is_ours(mode) or _is_link(path):
            kind = "folder" if is_ours is stat.S_ISDIR else "file"
            raise SegError(f"{path}: is no plain {kind}, so no command of ours made it; remove this hidden folder")


def _take_away(path: Path, old: Path) -> None:
    """Move away what the new results replace. `old` stands then: a second recovery spares the new ones."""
    if os.path.lexists(old):
        return
    try:
        path.rename(old)
    except FileNotFoundError:
        old.touch()
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EBUSY):
            raise
        if path.is_dir() and not _is_link(path):
            _empty(path)
        else:
            path.unlink()
        old.touch()


def _empty(folder: Path) -> None:
    """Remove a folder; of one where a drive is mounted all that is in it."""
    try:
        shutil.rmtree(folder)
    except OSError as error:
        if error.errno != errno.EBUSY or any(folder.iterdir()):
            raise


def _move(source: Path, target: Path) -> None:
    """Put a file in its place; a part of a dataset may be a drive of its own, where it has to be copied."""
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with replacing(target, durable=True) as part:
            shutil.copyfile(source, part)
        source.unlink()


def pending(root: Path) -> list[Path]:
    """The hidden folders of commits that are under way in `root`, or whose commands were killed during them."""
    try:
        with os.scandir(root) as entries:
            names = sorted(entry.name for entry in entries if entry.name.startswith(STAGING))
    except OSError:
        return []
    return [root / name for name in names if os.path.lexists(root / name / COMMIT_RECORD)]


def finish_all(root: Path) -> None:
    """Finish the commits that killed commands began in `root`; the caller holds its lock.

    SegError for one that leads out of it, or that no command of ours wrote; nothing is changed then.
    """
    for staging in pending(root):
        read_commit(root, staging).finish()


def read_commit(root: Path, staging: Path) -> Commit:
    """Read a record as the work of a stranger; SegError says what is wrong with it."""
    if _is_link(staging):
        raise SegError(f"{staging}: is a link, so no command of ours made it; remove it")
    try:
        data = json.loads(_record_text(staging / COMMIT_RECORD))
        if not (isinstance(data["remove"], list) and isinstance(data["move"], list)):
            raise TypeError("a text is a sequence of names, too")
        remove, move = (tuple(data[key]) for key in ("remove", "move"))
        if not all(isinstance(name, str) for name in (*remove, *move)):
            raise TypeError("names are texts")
        for name in (*remove, *move):
            os.fsencode(name)  # a ValueError where no file can be called so
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SegError(
            f"{staging / COMMIT_RECORD}: not written by a command of ours; remove the folder {staging}"
        ) from error
    return Commit(root, staging, remove, move)


def _record_text(path: Path) -> bytes:
    with explained(path), os.fdopen(open_plain(path, os.O_RDONLY), "rb") as file:
        return file.read(_LARGEST_RECORD)


def begins_dataset(root: Path) -> bool:
    """Whether a commit that is not finished yet makes a dataset of this folder."""
    try:
        return any(INDEX in read_commit(root, staging).move for staging in pending(root))
    except SegError:
        return False


def wait_for_commits(root: Path) -> None:
    """Wait a moment for the commits under way in `root`; changes nothing.

    SegError for one that stays: its command was killed, and the next one that writes finishes it.
    """
    deadline = time.monotonic() + lock.WAIT_S
    while staged := pending(root):
        at_work = lock.holder(root) or f"a command ({staged[0].name})"
        is_killed = lock.is_free(root) and staged[0] in pending(root)
        if is_killed:
            for staging in staged:  # what cannot be finished says how to get rid of it
                read_commit(root, staging).refuse_strangers()
            raise SegError(
                f"{root}: {at_work} was killed while it moved its results in. Type it again, or any other command "
                "that changes this dataset, such as 'seg-prep stats': that finishes the move"
            )
        if time.monotonic() > deadline:
            raise SegError(f"{root}: {at_work} is moving its results in; try again when that is done")
        time.sleep(lock.POLL_S)


def between_commits(root: Path, names: Collection[str], read: Callable[[], Result]) -> Result:
    """Read several files of `root` as no commit changes them meanwhile: after one, they are read again.

    names: files that are new after a commit that concerns the reader.  Raises SegError as wait_for_commits does.
    """
    for _ in range(_TRIES):
        before = settled_stamps(root, names)
        try:
            result = read()
        except SegError:
            if was_still(root, names, before):
                raise
            continue
        if was_still(root, names, before):
            return result
    raise SegError(f"{root}: is changed all the time; try again when that is done")


def settled_stamps(root: Path, names: Collection[str]) -> Stamps:
    """Stamps of these files while no commit is under way; waits for one, and raises SegError, as wait_for_commits does.

    A commit that has moved the named files before this may still be moving others: so it is looked for after them.
    """
    while True:
        wait_for_commits(root)
        found = stamps(root, names)
        if not pending(root):
            return found


def was_still(root: Path, names: Collection[str], before: Stamps) -> bool:
    """Whether no commit has touched these files since their stamps were taken, and none is about to.

    One that is over by now has left its traces in the files: so they are looked at after it was looked for.
    """
    return not pending(root) and stamps(root, names) == before


def stamps(root: Path, names: Iterable[str]) -> Stamps:
    """What tells that a file is another one, or was written, since; None for one that is not there.

    Not its number, which drives without such (FAT, many of networks) give anew when it is looked up again.
    """
    return [_stamp(root / name) for name in names]


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns
