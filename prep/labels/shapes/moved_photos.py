"""Whether files that do not lie where paths say are of these paths: folders renamed, photos divided anew, or lost."""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from prep.core.folder_names import places_among
from prep.labels.shapes.folders_said import BESIDE, OPEN, SAME, SPLIT, Said, Standing, closeness

_COUNTING = re.compile(r"[^\W\d_]{0,5}[\W_]*0*\d{1,6}[\W_]*")
_RUN = re.compile(r"[1-9]\d*")
_DIGITS_OF_A_DATE = 8


@dataclass(frozen=True)
class Sought:
    """A path of another computer.

    parts: its folders and its name.  name: that as names are compared.  said: what its folders say.
    is_beside: whether the path says no place, and its folders are those of the label that says it.
    """

    path: str
    parts: tuple[str, ...]
    name: str
    said: Said
    is_beside: bool = False

    @property
    def place(self) -> str:
        """The innermost of its folders that says a place or a split."""
        return ([*self.parts[:-1], *places_among(self.parts[:-1])] or [""])[-1]


@dataclass(frozen=True)
class Guess:
    """The file that has the name of a path, how it stands to that, and what its folders say.

    is_straight: whether it lies where the path ends, below the folder that is searched.
    """

    file: Path
    standing: Standing
    there: Said
    is_straight: bool = False


class Whereabouts:
    """Says of each guess whether it is right, by what all paths say of which it is one.

    A folder was renamed where each of its photos is found; photos were divided anew where each name is there, stands in
    one split only, and is no number that counts, or where some went each way. Numbers that count are in other folders,
    too: where one is lost, the photo of that name is another one. A name with a date in it is one of its kind, unless
    two cameras counted the photos of that day. Where photos of a folder lie in it, one that lies in a folder below or
    beside is another version of the photo (augmented, a thumbnail), whatever its name.

    is_there: whether the name of each path is that of a file.  repeats: whether one is that of several files.
    """

    def __init__(
        self, sought: Sequence[Sought], is_there: Sequence[bool], guesses: Sequence[Guess | None], *, repeats: bool
    ) -> None:
        self._repeats = repeats
        self._lost_in = Counter(each.parts[:-1] for each, there in zip(sought, is_there, strict=True) if not there)
        moved = [
            (each, guess)
            for each, guess in zip(sought, guesses, strict=True)
            if guess is not None and guess.standing == SPLIT
        ]
        ways = {(each.said.split, guess.there.split) for each, guess in moved}
        splits: defaultdict[str, set[str]] = defaultdict(set)
        for each in sought if moved else ():
            splits[each.name].add(each.said.split)
        self._divided = (
            all(is_there)
            and all(len(splits[each.name]) == 1 for each, _ in moved)
            and (any(way[::-1] in ways for way in ways) or not any(_is_counted(guess.file) for _, guess in moved))
        )
        self._homes = _homes([(each, guess) for each, guess in zip(sought, guesses, strict=True) if guess is not None])

    def is_for(self, each: Sought, guess: Guess) -> bool:
        """Whether the file is of the path."""
        homes = self._homes.get(each.parts[:-1], {})
        if guess.standing in (SAME, BESIDE):
            return not homes or guess.file.parent in homes
        if not self._repeats and _is_one_of_its_kind(guess.file):
            return True
        if guess.standing == SPLIT:
            return self._divided
        may_be_renamed = guess.standing == OPEN and not homes
        return may_be_renamed and (not self._lost_in[each.parts[:-1]] or not _is_counted(guess.file))

    def home_of(self, each: Sought) -> Path | None:
        """The folder in which other photos lie that are said to lie where this one is."""
        return next(iter(self._homes.get(each.parts[:-1], ())), None)


def folders_of_versions(contested: Set[Path], asked: int, guesses: Sequence[Guess | None]) -> Set[Path]:
    """Of folders that hold files of the same names those whose other files may be further versions of lost photos.

    Those that lie below another of them; others where more names stand in several (asked) than in one. So two cameras
    whose numbers meet are no versions.
    """
    outermost = Path(os.path.commonpath(contested)) if contested else None
    inner = contested - {outermost}
    alone = sum(each is not None and not each.is_straight and each.file.parent in inner for each in guesses)
    return inner if outermost in contested or alone < asked else frozenset()


def _homes(found: Sequence[tuple[Sought, Guess]]) -> dict[tuple[str, ...], dict[Path, None]]:
    """By the folders that paths say those in which most of what they say is found; of these the ones they lead to."""
    best: dict[tuple[str, ...], tuple[int, bool]] = {}
    homes: dict[tuple[str, ...], dict[Path, None]] = {}
    for each, guess in found:
        folders, rank = each.parts[:-1], (closeness(each.said, guess.there), guess.is_straight)
        if guess.standing != SAME or rank[0] < 0 or rank < best.get(folders, rank):
            continue
        if rank > best.get(folders, (-1, False)):
            best[folders], homes[folders] = rank, {}
        homes[folders][guess.file.parent] = None
    return homes


def _is_counted(file: Path) -> bool:
    """Whether a name is a number that another folder may have, too: 1, 000139, IMG_0412, frame 12."""
    return bool(_COUNTING.fullmatch(file.stem))


def _is_one_of_its_kind(file: Path) -> bool:
    """Whether a name has as many digits as a date, so that no other photo is called so: IMG_20230501_101112."""
    return sum(map(len, _RUN.findall(file.stem))) >= _DIGITS_OF_A_DATE
