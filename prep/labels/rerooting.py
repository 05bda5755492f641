"""Find files by the paths that another computer knew them under."""

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from prep.core.errors import SegError
from prep.core.folder_names import names_photos
from prep.core.words import counted, list_some, options, verb
from prep.dataset.dataset_files import IMAGES, INDEX, MASKS
from prep.labels.layouts.splits import split_of

_MAX_FILES = 200_000
"""Below a folder with more files nothing is searched by name alone; that would take minutes."""


class Rerooting:
    r"""Finds what `C:\anna\photos\1.jpg` or `/home/anna/photos/1.jpg` is called below `root` on this computer.

    The longest end of the path that exists below `root` wins (photos/1.jpg before 1.jpg); failing that, a file of
    that name anywhere below but in our own datasets, if there is only one, or only one in a folder of the name that the
    path says, and does not lie in the folder of another split. Never leaves `root`, whatever the path says.

    several: the files of each path that it found in several places, and so in none.
    tied: each file that find_each found for several paths of which none comes closer, as often.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._by_name: dict[str, list[Path]] | None = None
        self._in_several: set[str] | None = None
        self.several: dict[str, list[Path]] = {}
        self.tied: list[Path] = []

    def find(self, foreign: str) -> Path | None:
        """The file, or None."""
        parts = path_parts(foreign)
        for start in range(len(parts)):
            candidate = self._root.joinpath(*parts[start:])
            if _is_file(candidate):
                return candidate
        if not parts:
            return None
        split = split_of("/".join(parts[:-1]))
        all_named = self._index().get(parts[-1].lower(), [])
        named = self._that_may_be_of(split, all_named)
        found = named[0] if named and len(all_named) == 1 else _closest(parts, named) or self._of_split(split, named)
        if named and found is None:
            self.several[foreign] = all_named
        return found

    def find_from(self, folder: Path, foreign: str) -> Path | None:
        r"""The file that a relative path (..\images\1.jpg) says, seen from a folder; None outside of the root."""
        path = Path(os.path.normpath(folder / foreign.replace("\\", "/")))
        is_below = path.is_relative_to(os.path.normpath(self._root))
        return path if foreign and is_below and "\0" not in foreign and _is_file(path) else None

    def find_each(self, foreign: Sequence[str]) -> list[Path | None]:
        """A file or None for each path, each file once: see closest_only."""
        kept, tied = closest_only([(path, self.find(path)) for path in foreign])
        self.tied += tied
        return kept

    def names(self) -> list[str]:
        """The names of all files below, each once."""
        return list(dict.fromkeys(path.name for paths in self._index().values() for path in paths))

    def _that_may_be_of(self, split: str, named: Sequence[Path]) -> list[Path]:
        """Those of the files that do not lie in the folder of another split, where names stand in several splits.

        The photo of train that is lost is not the one of its name in val. Where each name stands once, somebody has
        divided the photos anew.
        """
        splits = {path: self._split_of(path.parent) for path in named}
        others = [path for path in named if splits[path] not in ("", split)]
        if not split or not others or others[0].suffix.lower() not in self._repeated():
            return list(named)
        return [path for path in named if path not in others]

    def _of_split(self, split: str, named: Sequence[Path]) -> Path | None:
        """Of files of one name the only one in folders of a split: train/data/1.jpg is train/1.jpg elsewhere."""
        found = [path for path in named if split and self._split_of(path.parent) == split]
        return found[0] if len(found) == 1 else None

    def _split_of(self, folder: Path) -> str:
        """The split that a folder says; what lies above the root says nothing."""
        return split_of(folder.relative_to(self._root).as_posix())

    def _repeated(self) -> set[str]:
        """The endings of files of which names stand in the folders of several splits."""
        if self._in_several is None:
            several = (paths for paths in self._index().values() if len(paths) > 1)
            self._in_several = {
                paths[0].suffix.lower()
                for paths in several
                if len({self._split_of(path.parent) for path in paths} - {""}) > 1
            }
        return self._in_several

    def _index(self) -> dict[str, list[Path]]:
        if self._by_name is None:
            self._by_name = {}
            for number, path in enumerate(_files_below(self._root)):
                if number == _MAX_FILES:
                    self._by_name = {}
                    break
                self._by_name.setdefault(path.name.lower(), []).append(path)
        return self._by_name


def note_on_other_splits(found: Iterable[tuple[str, Path | None]], root: Path) -> tuple[str, ...]:
    """What to say of photos that lie in the folder of another split than the paths by which labels name them say."""
    others = []
    for foreign, photo in found:
        said = split_of("/".join(path_parts(foreign)[:-1]))
        place = photo.relative_to(root).as_posix() if photo is not None and photo.is_relative_to(root) else ""
        there = split_of(place.rpartition("/")[0])
        if said and there and said != there:
            others.append(place)
    if not others:
        return ()
    photos = f"{counted(len(others), 'photo')} {verb(len(others), 'lies', 'lie')}"
    return (f"{photos} in the folder of another split than the labels name: {list_some(others)}",)


def note_on_several(roots: Iterable[Rerooting], *, found: bool) -> tuple[str, ...]:
    """What to say of photos whose names stand in several folders; nothing where there are none.

    found: whether other photos were found; if not, it is a SegError that says what to add.
    """
    several = {foreign: paths for root in roots for foreign, paths in root.several.items()}
    if not several:
        return ()
    shown = f"{path_parts(next(iter(several)))[-1]} ({list_some([str(path) for path in next(iter(several.values()))])})"
    folders = dict.fromkeys(str(path.parent) for paths in several.values() for path in paths)
    said = (
        f"{counted(len(several), 'photo')} not taken, because the name stands in several folders: {shown}; say which "
        f"holds the right ones:{options('--images', folders)}"
    )
    if not found:
        raise SegError(said)
    return (said,)


def _closest(parts: Sequence[str], named: Sequence[Path]) -> Path | None:
    """Of files of one name the one that has most folders of a path in common with it, if it has any."""
    for shown in (list, _places):
        common = [common_end(shown(parts), shown(path.parts)) for path in named]
        best = max(common, default=0)
        if best > 1 and common.count(best) == 1:
            return named[common.index(best)]
    return None


def _places(parts: Sequence[str]) -> list[str]:
    """Without folders that only say that photos lie in them: train/images/1.jpg is images/train/1.jpg elsewhere."""
    return [part for part in parts[:-1] if not names_photos(part)] + [*parts[-1:]]


def path_parts(foreign: str) -> list[str]:
    """Parts of a Windows or Unix path, without drive, root, and steps that climb or stay."""
    parts = [part for part in re.split(r"[\\/]+", foreign) if part not in ("", ".", "..") and "\0" not in part]
    return parts[1:] if parts and re.fullmatch(r"[A-Za-z]:", parts[0]) else parts


def unique_stems(foreign: list[str]) -> list[str]:
    """A stem for each path: its name without ending, with as many of its folders in front as make all differ.

    In composed Unicode, as stems of files here are.
    """
    foreign = [unicodedata.normalize("NFC", path) for path in foreign]
    split = [path_parts(path) or ["unnamed"] for path in foreign]
    for depth in range(1, max((len(parts) for parts in split), default=1) + 1):
        stems = ["_".join([*parts[-depth:-1], Path(parts[-1]).stem]) for parts in split]
        if len(set(stems)) == len(stems):
            break
    return stems if split else []


def closest_only(claims: Sequence[tuple[str, Path | None]]) -> tuple[list[Path | None], list[Path]]:
    """A file or None for each (foreign path, file found for it), each file once; and the tied files, as often.

    A file that was found for several goes to the one whose path has the most folders in common with it, and to none
    if that is not one alone: a/1.jpg that is not there must not get b/1.jpg.
    """
    owners: dict[Path, list[tuple[int, int]]] = {}
    for position, (foreign, file) in enumerate(claims):
        if file is not None:
            owners.setdefault(file, []).append((common_end(path_parts(foreign), file.parts), position))
    kept: list[Path | None] = [None] * len(claims)
    tied: list[Path] = []
    for file, found in owners.items():
        best = max(found)[0]
        closest = [position for common, position in found if common == best]
        if len(closest) == 1:
            kept[closest[0]] = file
        else:
            tied += [file] * len(closest)
    return kept, tied


def refuse_shared(photos: Iterable[Path]) -> None:
    """SegError if a photo is there twice: several labels are of it, and which of them counts, nobody knows."""
    shared = [str(photo) for photo, times in Counter(photos).items() if times > 1]
    if shared:
        raise SegError(
            f"several labels are of one photo: {counted(len(shared), 'photo')} ({list_some(shared)}). Where two people "
            "labelled the same photos, name the folder of one with SOURCE, and the photos with --images; where they "
            "are of other photos of the same names, name the folder of these with --images"
        )


def common_end(one: Sequence[str], other: Sequence[str]) -> int:
    """How many of the last parts of two paths are equal."""
    pairs = enumerate(zip(reversed(one), reversed(other), strict=False))
    return next((count for count, (left, right) in pairs if left != right), min(len(one), len(other)))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a path of another computer may be too long for this one
        return False


def _is_result(folder: Path) -> bool:
    """Whether it looks like a dataset of ours, whose images have the names of the photos they were made of."""
    return (folder / INDEX).is_file() and any((folder / name).is_dir() for name in (IMAGES, MASKS))


def _files_below(root: Path) -> Iterable[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and not _is_result(Path(folder, name)))
        yield from (Path(folder) / name for name in sorted(names))
