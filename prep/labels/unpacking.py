"""Zip files as they were downloaded, unpacked into a hidden folder for as long as a command reads their labels.

Labels of regions and their photos have to be files. The folder lies in the dataset that is made, or in the system's
folder for temporary files where there is none, and goes with the command, or with the next one if it was killed.
"""

import hashlib
import os
import re
import shlex
import shutil
import stat
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from prep.core.errors import SegError
from prep.core.files import explained, make_folder
from prep.core.words import TYPE_AS_SOURCE, counted, lines
from prep.dataset.lock import is_free, locked
from prep.images.finding import photos_beside
from prep.labels.archive import DAMAGED, is_zip, open_archive
from prep.labels.array_samples.samples import samples_in, write_array_samples
from prep.labels.contents import is_hidden
from prep.labels.microscopes.imagej import is_roi_set
from prep.labels.registry import reads_zip

_MOST_MEMBERS = 200_000
_ALWAYS = 1 << 30
_MOST_TIMES = 200
"""A zip file may unpack to 1 GB, or else to so many times its own size: JPEG and PNG hardly shrink."""

_BLOCK = 1 << 20
_DEEPEST = 3
"""Zip files in zip files are unpacked so far down."""

_TEMPORARY = "seg-prep-unpacked-"
_QUOTED = re.compile(r"(?:'[^']*'|[^\s'])+")
"""A word of a command, as shlex quotes it."""


@contextmanager
def unpacked(source: Path, root: Path | None = None, variable: str = "") -> Iterator[Path]:
    """Give the source as the readers need it: zip files unpacked, samples of arrays as files, all else as it is.

    root: the dataset whose lock the command holds; its folder of temporary files is taken up by the next writer.
    variable: what --variable says.
    Raises SegError if the zip file is damaged, leads outside, or unpacks to more than it should.
    """
    wrapped: list[tuple[Path, Path]] = []
    if not is_zip(source):
        with _arrays_written(source, source, root, variable) as place:
            yield place
    elif reads_zip(source):
        with _called(source, source, wrapped):
            yield source
    else:
        with (
            _place(source, root) as place,
            _called(source, place / source.absolute().name, wrapped),
            _arrays_written(_unpack(source, place, wrapped), source, root, variable) as inner,
        ):
            yield inner


@contextmanager
def _arrays_written(folder: Path, source: Path, root: Path | None, variable: str) -> Iterator[Path]:
    """Samples of arrays below a folder as files, where there are some; the folder itself where not."""
    if is_zip(folder) or (found := samples_in(folder, variable)) is None:
        yield folder
        return
    with _place(source, root, "arrays") as place, _called(folder, place / folder.absolute().name, []):
        target = write_array_samples(found, folder, place)
        for path in {file.path for file in photos_beside(folder)} if folder != source else ():
            (new := target / path.relative_to(folder)).parent.mkdir(parents=True, exist_ok=True)
            path.rename(new)  # out of what a zip file was unpacked to, so that masks and photos lie in one folder
        yield target


@contextmanager
def _place(source: Path, root: Path | None, purpose: str = "unpacked") -> Iterator[Path]:
    """A hidden folder for as long as the command runs."""
    if root is None:
        with _temporary() as place:
            yield place
        return
    place = root / _name(source, purpose)
    _remove(place)
    try:
        make_folder(place)
        yield place
    finally:
        _remove(place)


@contextmanager
def _called(source: Path, place: Path, wrapped: Sequence[tuple[Path, Path]]) -> Iterator[None]:
    """Errors name files by their place in the source: the folder that it was unpacked to is gone when they are read.

    place: the folder that it was unpacked to.  wrapped: zip files in it, each with its folder.
    """
    try:
        yield
    except SegError as error:
        text = _unpacked_before(str(error), source, place, wrapped) if is_zip(source) else str(error)
        raise type(error)(text.replace(str(place), str(source))) from error


def _unpacked_before(text: str, archive: Path, place: Path, wrapped: Sequence[tuple[Path, Path]]) -> str:
    """An error that gives files of a zip file to be typed as SOURCE, with what unpacks these."""
    before, said, after = text.partition(TYPE_AS_SOURCE)
    ways = after.split("\n")
    named = [path for way in ways if way.startswith("  ") for path in _QUOTED.findall(way) if str(place) in path]
    if not named:
        return text
    folder = archive.with_suffix("")
    folder = folder.with_name(f"{folder.name}_unpacked") if folder.exists() else folder

    def moved(path: str) -> str:
        return shlex.quote("".join(shlex.split(path)).replace(str(place), str(folder)))

    inside = [(each, own) for each, own in wrapped if any(f"{own}/" in path for path in named)]
    unpack = [f"unzip {shlex.quote(str(archive))} -d {shlex.quote(str(folder))}"]
    unpack += [f"unzip {moved(shlex.quote(str(each)))} -d {moved(shlex.quote(str(own)))}" for each, own in inside]
    typed = (
        _QUOTED.sub(lambda way: moved(way[0]) if str(place) in way[0] else way[0], way) if way[:2] == "  " else way
        for way in ways
    )
    return f"{before}unpack it:{lines(unpack)}\nand then {said}" + "\n".join(typed)


def _remove(place: Path) -> None:
    """Also where a stranger's dataset has a link of that name."""
    if place.is_symlink():
        place.unlink()
    shutil.rmtree(place, ignore_errors=True)


def _name(archive: Path, purpose: str) -> str:
    """A name of a half-written folder (see part_of), the same for the same file: a killed command goes on with it."""
    with explained(archive):
        status = archive.stat()
    text = f"{archive.resolve()} {status.st_size} {status.st_mtime_ns}"
    return f".{purpose}-{hashlib.sha256(os.fsencode(text)).hexdigest()[:12]}.part"


@contextmanager
def _temporary() -> Iterator[Path]:
    """A folder of this process alone; those that killed processes of the same person left go."""
    base = Path(tempfile.gettempdir())
    own = os.getuid() if hasattr(os, "getuid") else 0  # Windows has a folder for each person
    for left in base.glob(f"{_TEMPORARY}*"):
        with suppress(OSError, SegError):
            if not left.is_symlink() and left.stat().st_uid == own and is_free(left):
                with locked(left):
                    shutil.rmtree(left)
    with explained(base):
        place = Path(tempfile.mkdtemp(prefix=_TEMPORARY))
    with locked(place):
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _unpack(archive: Path, place: Path, wrapped: list[tuple[Path, Path]]) -> Path:
    """All members but hidden ones below a folder with the name of the zip file; the folder."""
    target = place / archive.name
    _unpack_into(target, archive, _Size(archive, place), _DEEPEST, wrapped)
    return target


def _unpack_into(target: Path, archive: Path, size: "_Size", depth: int, wrapped: list[tuple[Path, Path]]) -> None:
    """Members below the folder `target`; those that are zip files, as sites wrap them, in folders of their names.

    wrapped: gets these, each with its folder.
    """
    make_folder(target)
    opened = open_archive(archive)
    members = [info for info in opened.infolist() if not info.is_dir()]
    wanted = {_inner(archive, info): info for info in members}
    size.add(list(wanted.values()))
    for inner, info in wanted.items():
        if not is_hidden(inner):
            _write(archive, opened, info, target / inner)
    for path in [target / inner for inner in wanted]:
        if depth and is_zip(path) and not is_roi_set(path):
            bare = path.with_suffix("")
            folder = path.with_name(f"{path.name}_") if bare.exists() else bare
            wrapped.append((path, folder))
            _unpack_into(folder, path, size, depth - 1, wrapped)
            path.unlink()


def _inner(archive: Path, info: zipfile.ZipInfo) -> str:
    """The path of a member, with the separators of Unix; SegError if it leads outside or is a link."""
    name = info.filename
    parts = PurePosixPath(name).parts
    leads_out = name.startswith("/") or ".." in parts or not parts or ":" in parts[0] or not name.isprintable()
    if leads_out or stat.S_ISLNK(info.external_attr >> 16):
        raise SegError(
            f"{archive}: holds {info.orig_filename!r}, which is a link or leads outside of it; export it again"
        )
    return PurePosixPath(name).as_posix()


class _Size:
    """How much a zip file unpacks to below `place`, with the zip files in it."""

    def __init__(self, archive: Path, place: Path) -> None:
        self._archive, self._place = archive, place
        self._files = self._bytes = 0

    def add(self, members: list[zipfile.ZipInfo]) -> None:
        """Count members before they are written; SegError if it is too much for labels, or for the disk."""
        more, own = sum(info.file_size for info in members), self._archive.stat().st_size
        self._files += len(members)
        self._bytes += more
        if self._files > _MOST_MEMBERS or self._bytes > max(_ALWAYS, _MOST_TIMES * own):
            raise SegError(
                f"{self._archive}: unpacks to {counted(self._files, 'file')} of {counted(self._bytes, 'byte')}, out of "
                f"{own:,}; that is no export of labels. If it is, unpack it and name the folder"
            )
        free = shutil.disk_usage(self._place).free
        if more > free:
            raise SegError(
                f"{self._archive}: unpacks to {counted(more, 'byte')}, and {self._place.parent} has {free:,} free; "
                "make room there"
            )


def _write(archive: Path, opened: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    """With the time that the zip file says, so that a command that goes on knows the file again."""
    try:
        with opened.open(info) as content:
            with explained(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                file = path.open("xb")
            with file:
                left = info.file_size
                while block := content.read(_BLOCK):
                    left -= len(block)
                    if left < 0:
                        raise SegError(f"{archive}: {info.filename} is larger than it says; export the file again")
                    with explained(path):
                        file.write(block)
    except (*DAMAGED, OSError, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        raise SegError(f"{archive}: {info.filename} cannot be unpacked ({error}); export the file again") from error
    with suppress(OSError, ValueError, OverflowError):
        changed = time.mktime((*info.date_time, 0, 0, -1))
        os.utime(path, (changed, changed))
