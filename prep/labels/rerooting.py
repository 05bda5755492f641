"""Find files by the paths that another computer knew them under."""

import os
import re
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from prep.core.folder_names import names_photos, places_among
from prep.core.words import composed
from prep.labels.pairs.former_datasets import paths_outside_datasets
from prep.labels.pairs.namesakes import Namesakes
from prep.labels.shapes.folders_said import (
    BESIDE,
    OPEN,
    SAME,
    SPLIT,
    Said,
    Standing,
    as_compared,
    is_foreign,
    said_by,
    standing,
)
from prep.labels.shapes.moved_photos import Guess, Sought, Whereabouts, folders_of_versions

_MAX_FILES = 1_000_000
"""Below a folder with more files nothing is searched by name alone: these take ten seconds and 600 MB."""


class Rerooting:
    r"""Finds what `C:\anna\photos\1.jpg` or `/home/anna/photos/1.jpg` is called below `root` on this computer.

    The longest end of the path that exists below `root` wins (photos/1.jpg before 1.jpg); failing that, a file of
    that name anywhere below but in our own datasets, if there is only one, or only one in a folder of the name that the
    path says. One in the folder of another split, or of another place than the path says, is taken only where names
    tell that the photos were divided anew, or their folder renamed: see Whereabouts. Names are compared in composed
    Unicode. Never leaves `root`, whatever the path says.

    root: the folder.  files: those below it that may be found; None: all but those of our own datasets.
    several: the files of each path found in several places, or in one of them only, and so in none.
    elsewhere: the files that have the name of a path, lie in the folder of another place or split, and are not taken.
    renamed: those that are taken though their folder has another name. By both: the place that the path says.
    homes: the folders in which others lie that are said to lie where those of elsewhere should.
    tied: each file that find_each found for several paths of which none comes closer, as often.
    """

    def __init__(self, root: Path, files: Iterable[Path] | None = None) -> None:
        self.root = root
        self._files = files
        self._by_name: dict[str, list[Path]] | None = None
        self._in_several: set[str] | None = None
        self._said: dict[Path, Said] = {}
        self._namesakes: dict[str, Namesakes] = {}
        self._places: set[tuple[bool, str, str]] = set()
        self._contested: set[Path] = set()
        self.several: dict[str, list[Path]] = {}
        self.elsewhere: dict[Path, str] = {}
        self.renamed: dict[Path, str] = {}
        self.homes: dict[Path, Path] = {}
        self.tied: list[Path] = []

    def find(self, foreign: str) -> Path | None:
        """The file, or None."""
        return self.find_all([foreign])[0]

    def find_all(
        self, foreign: Sequence[str], beside: Sequence[str] = (), known: Sequence[Path | None] = ()
    ) -> list[Path | None]:
        """A file or None for each path; what all of them say tells what became of one that leads nowhere.

        beside: the folder below the root, or the split, of the label that says a path, "" where that is not known; it
        counts where the path names no place.  known: the photos of those paths of which they are known.
        """
        sought = [_sought(*each) for each in zip_longest(foreign, beside[: len(foreign)], fillvalue="")]
        found = [*known, *[None] * (len(sought) - len(known))]
        sure = [file or self._straight(each.parts) for each, file in zip(sought, found, strict=True)]
        if all(sure) and not _of_several_folders(sought, sure):
            return sure
        self._contested.clear()
        guesses = self._guesses(sought, sure)
        names = self._index()
        is_there = [
            bool(file or guess) or each.name in names for each, file, guess in zip(sought, found, guesses, strict=True)
        ]
        repeats = any(len(names.get(each.name, ())) > 1 for each in sought)
        whereabouts = Whereabouts(sought, is_there, guesses, repeats=repeats)
        asked = sum(each.path in self.several for each in sought)
        claimed, versions = {*sure}, folders_of_versions(self._contested, asked, guesses)
        for number, (each, guess) in enumerate(zip(sought, guesses, strict=True)):
            if guess is None or found[number]:
                continue
            if not guess.is_straight and guess.file.parent in versions:
                self.several[each.path] = [guess.file]
            elif whereabouts.is_for(each, guess):
                found[number] = guess.file
                self.renamed |= {guess.file: each.place} if guess.standing not in (SAME, SPLIT) else {}
            elif guess.is_straight or guess.file not in claimed:
                home = whereabouts.home_of(each)
                self.elsewhere[guess.file] = each.place or (home.name if home else "")
                self.homes |= {guess.file: home} if home else {}
        return found

    def _guesses(self, sought: Sequence[Sought], sure: Sequence[Path | None]) -> list[Guess | None]:
        """The file of each path, or the one that may be its; sure: those that are known, or lie where paths say."""
        named = {place for each in sought for place in each.said.places}
        here = self._places_of([each for each in sought if each.is_beside], filter(None, sure))
        return [
            self._guess(each, named, here)
            if file is None
            else Guess(file, SAME, self._said_of(file.parent), is_straight=True)
            if file.is_relative_to(self.root)
            else None
            for each, file in zip(sought, sure, strict=True)
        ]

    def find_from(self, folder: Path, foreign: str) -> Path | None:
        r"""The file that a relative path (..\images\1.jpg) says, seen from a folder; None outside of the root."""
        path = Path(os.path.normpath(folder / foreign.replace("\\", "/")))
        is_below = path.is_relative_to(os.path.normpath(self.root))
        return path if foreign and is_below and "\0" not in foreign and _is_file(path) else None

    def find_each(
        self, foreign: Sequence[str], beside: Sequence[str] = (), known: Sequence[Path | None] = ()
    ) -> list[Path | None]:
        """A file or None for each path, each file but the known ones once: see find_all, and closest_only."""
        found = self.find_all(foreign, beside, known)
        sure = [*known, *[None] * (len(found) - len(known))]
        kept, tied = closest_only(
            [(path, None if photo else file) for path, photo, file in zip(foreign, sure, found, strict=True)]
        )
        self.tied += tied
        return [photo or file for photo, file in zip(sure, kept, strict=True)]

    def names(self) -> list[str]:
        """The names of all files below, each once."""
        return list(dict.fromkeys(path.name for paths in self._index().values() for path in paths))

    def _straight(self, parts: Sequence[str]) -> Path | None:
        """The file at the longest end of a path that exists below the root."""
        return next(filter(_is_file, (self.root.joinpath(*parts[start:]) for start in range(len(parts)))), None)

    def _guess(self, each: Sought, named: Collection[str], here: Container[str]) -> Guess | None:
        """The file that has the name of a path; None if there is none, or several of which none comes closer.

        named: the places that paths say.  here: those of labels that say none, in which their photos lie.
        """
        files = self._index().get(each.name, [])
        if len(files) == 1:
            how = self._standing(each, files[0], named, here)
            repeats = how == SPLIT and files[0].suffix.lower() in self._repeated()
            return None if repeats else Guess(files[0], how, self._said_of(files[0].parent))
        by_standing = self._by_standing(each, files, named, here) if files else {}
        for how in (SAME, BESIDE, OPEN):
            alike = by_standing.get(how, [])
            if nearest := _closest(each.parts, alike) or self._of_split(each.said.split, alike):
                return Guess(nearest, how, self._said_of(nearest.parent))
            if alike:
                self.several[each.path] = files
                self._contested |= {path.parent for path in alike}
                return None
        return None

    def _by_standing(
        self, each: Sought, files: Sequence[Path], named: Collection[str], here: Container[str]
    ) -> Mapping[Standing, Sequence[Path]]:
        """How files of one name stand to a path; of those that stand alike because of their places two of a kind."""
        if each.name not in self._namesakes:
            self._namesakes[each.name] = Namesakes(files, self._said_of)
        namesakes = self._namesakes[each.name]
        found: dict[Standing, list[Path]] = {}
        near = namesakes.near(each.said)
        for file in near:
            found.setdefault(self._standing(each, file, named, here), []).append(file)
        if each.said.places and not self._is_here(each, files[0], here)(each.said.places[-1]):
            found.setdefault(BESIDE if each.is_beside else OPEN, []).extend(namesakes.elsewhere(each.said, near, named))
        return found

    def _standing(self, each: Sought, file: Path, named: Container[str], here: Container[str]) -> Standing:
        how = standing(each.said, self._said_of(file.parent), self._is_here(each, file, here), named)
        return BESIDE if how == OPEN and each.is_beside else how

    def _is_here(self, each: Sought, file: Path, here: Container[str]) -> Callable[[str], bool]:
        """Tells whether photos, of the ending of a file, lie in a folder of a place."""
        key = each.said.of_labels, file.suffix.lower()
        return (lambda place: place in here) if each.is_beside else (lambda place: (*key, place) in self._places)

    def _places_of(self, sought: Sequence[Sought], known: Iterable[Path]) -> set[str]:
        """The places of labels in which photos lie that have the name of one that a label there says, and of known."""
        below = {photo.parent for photo in known if sought and photo.is_relative_to(self.root)}
        by_name: dict[str, set[str]] = {}
        for each in sought:
            by_name.setdefault(each.name, set()).update(each.said.marks)
        return {
            place
            for name, places in by_name.items()
            for file in self._index().get(name, [])
            for place in self._said_of(file.parent).marks
            if place in places
        } | {place for folder in below for place in self._said_of(folder).marks}

    def _of_split(self, split: str, named: Sequence[Path]) -> Path | None:
        """Of files of one name the only one in folders of a split: train/data/1.jpg is train/1.jpg elsewhere."""
        found = [path for path in named if split and self._said_of(path.parent).split == split]
        return found[0] if len(found) == 1 else None

    def _said_of(self, folder: Path) -> Said:
        """What a folder says; what lies above the root says nothing."""
        if folder not in self._said:
            self._said[folder] = said_by(folder.relative_to(self.root).parts)
        return self._said[folder]

    def _repeated(self) -> set[str]:
        """The endings of files of which names stand in the folders of several splits."""
        if self._in_several is None:
            several = (paths for paths in self._index().values() if len(paths) > 1)
            self._in_several = {
                paths[0].suffix.lower()
                for paths in several
                if len({self._said_of(path.parent).split for path in paths} - {""}) > 1
            }
        return self._in_several

    def _index(self) -> dict[str, list[Path]]:
        if self._by_name is None:
            self._by_name = {}
            for number, path in enumerate(paths_outside_datasets(self.root) if self._files is None else self._files):
                if number == _MAX_FILES:
                    self._by_name, self._places = {}, set()
                    break
                self._by_name.setdefault(as_compared(path.name), []).append(path)
                said = self._said_of(path.parent)
                self._places |= {(said.of_labels, path.suffix.lower(), place) for place in said.marks}
        return self._by_name


def path_beside(foreign: str, folder: str) -> str:
    """A path, with the places of the folder of its label in front where it names none itself."""
    named = said_by(path_parts(foreign)[:-1])
    if is_foreign(foreign) or named.places or named.split:
        return foreign
    return "/".join([*places_among(path_parts(folder)), foreign])


def _sought(foreign: str, folder: str) -> Sought:
    path = path_beside(foreign, folder)
    parts = tuple(path_parts(path))
    said = said_by(parts[:-1], foreign=is_foreign(path))
    return Sought(foreign, parts, as_compared(parts[-1]) if parts else "", said, is_beside=path != foreign)


def _of_several_folders(sought: Sequence[Sought], files: Sequence[Path | None]) -> bool:
    """Whether files of paths that say one folder lie in several."""
    folders = {(each.parts[:-1], file.parent) for each, file in zip(sought, files, strict=True) if file}
    return len({said for said, _ in folders}) < len(folders)


def _closest(parts: Sequence[str], named: Sequence[Path]) -> Path | None:
    """Of files of one name the one that has most folders of a path in common with it, if it has any."""
    for shown in (list, _places, _plain_places):
        common = [common_end(shown(parts), shown(path.parts)) for path in named]
        best = max(common, default=0)
        if best > 1 and common.count(best) == 1:
            return named[common.index(best)]
    return None


def _places(parts: Sequence[str]) -> list[str]:
    """Without folders that only say that photos lie in them: train/images/1.jpg is images/train/1.jpg elsewhere."""
    return [part for part in parts[:-1] if not names_photos(part)] + [*parts[-1:]]


def _plain_places(parts: Sequence[str]) -> list[str]:
    return list(map(as_compared, _places(parts)))


def path_parts(foreign: str) -> list[str]:
    """Parts of a Windows or Unix path, without drive, root, and steps that climb or stay."""
    parts = [part for part in re.split(r"[\\/]+", foreign) if part not in ("", ".", "..") and "\0" not in part]
    return parts[1:] if parts and re.fullmatch(r"[A-Za-z]:", parts[0]) else parts


def unique_stems(foreign: list[str]) -> list[str]:
    """A stem for each path: its name without ending, with as many of its folders in front as make all differ.

    In composed Unicode, as stems of files here are.
    """
    foreign = [*map(composed, foreign)]
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
            common = common_end([*map(as_compared, path_parts(foreign))], [*map(as_compared, file.parts)])
            owners.setdefault(file, []).append((common, position))
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


def common_end(one: Sequence[str], other: Sequence[str]) -> int:
    """How many of the last parts of two paths are equal."""
    pairs = enumerate(zip(reversed(one), reversed(other), strict=False))
    return next((count for count, (left, right) in pairs if left != right), min(len(one), len(other)))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a path of another computer may be too long for this one
        return False
