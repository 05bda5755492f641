"""What the folders of a path say of the place and the split of a photo, and whether those of a file contradict."""

import os
import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from prep.core.folder_names import SPLIT_WORDS, names_labels, place_of, places_among, role_of, words_of
from prep.core.words import composed
from prep.labels.layouts.splits import split_of

Standing = Literal["same", "beside", "split", "open", "other"]
"""Of a file of the name that a path ends in: where the path says; where it says nothing, in a folder of another name
than that of its label; in the folder of another split; in a folder of another name, and that which the path says is not
there, so that it may have been renamed; or elsewhere for sure."""
SAME: Standing = "same"
BESIDE: Standing = "beside"
SPLIT: Standing = "split"
OPEN: Standing = "open"
OTHER: Standing = "other"

_NUMBER = re.compile(r"\d+")
_FOREIGN_ROOT = re.compile(r"[A-Za-z]:|[\\/]|\w+://")


@dataclass(frozen=True)
class Said:
    """What folders say: places from the outermost on, without those that only say what lies in them; the split.

    of_labels: whether one of them says that labels lie in it.
    """

    places: tuple[str, ...] = ()
    split: str = ""
    of_labels: bool = False

    @property
    def marks(self) -> tuple[str, ...]:
        """The places, and the split as one more."""
        return (*self.places, f"/{self.split}") if self.split else self.places


def as_compared(name: str) -> str:
    """A name of a file or folder as it is compared: in composed Unicode, and Windows does not tell capitals apart."""
    return composed(name).lower()


def is_foreign(path: str) -> bool:
    """Whether a path begins at the root of another computer, whose outer folders say nothing of photos."""
    return bool(_FOREIGN_ROOT.match(path))


def said_by(folders: Sequence[str], *, foreign: bool = False) -> Said:
    """What these folders say.

    foreign: they begin at the root of another computer: /home/test/run says no split, only the innermost place may.
    """
    own = places_among(folders) if foreign else []
    split = split_of(own[-1] if own else "/".join(folders))
    return Said(tuple(filter(None, map(_place, folders))), split, any(map(names_labels, folders)))


def folder_of(label: Path, source: Path, root: Path) -> str:
    """The folder of a label below what was named; where photos lie elsewhere, its innermost ones that say where.

    These are a place, and a split in it, but for folders that the photos lie in, too.

    root: below which photos are looked for.
    """
    folder = label.parent
    below = folder.relative_to(source).as_posix() if folder.is_relative_to(source) else ""
    if places_among(PurePosixPath(below).parts) or folder.is_relative_to(root):
        return below
    ours, theirs = (Path(os.path.abspath(each)) for each in (folder, root))  # noqa: PTH100  # resolve() follows links
    shared = next((len(each.parts) for each in (theirs, *theirs.parents) if ours.is_relative_to(each)), 0)
    said = []
    for name in reversed(ours.parts[shared:]):
        place = _place(name)
        said += [name] if split_of(name) else [place] if place else []
        if place:
            break
    return "/".join(reversed(said))


def _place(folder: str) -> str:
    """What a folder says of the place, without the split: berlin of train_berlin, 1 of train_01; or empty."""
    if role_of(folder):
        folder = place_of(folder)
    if not split_of(folder):
        return as_compared(folder)
    return "_".join(sorted(word.lstrip("0") for word in words_of(composed(folder)) - SPLIT_WORDS.keys()))


def standing(said: Said, there: Said, is_here: Callable[[str], bool], named: Container[str]) -> Standing:
    """How a file stands to the path that may be of it.

    said, there: what the folders of the path, and those of the file, say.
    is_here: whether photos lie in a folder of this place, or of a split as marks has it.
    named: the places that all paths say.
    """
    is_other_split = bool(said.split and there.split) and said.split != there.split
    pairs = list(zip(reversed(said.places), reversed(there.places), strict=False))
    depth, (ours, theirs) = next(((at, pair) for at, pair in enumerate(pairs) if pair[0] != pair[1]), (0, ("", "")))
    if ours and ours not in there.places and theirs not in said.places:  # else one only has a folder more
        if is_here(ours) or theirs in named or are_siblings(ours, theirs):
            return OTHER
        if not depth and not is_other_split:
            return OPEN
    if said.split and not there.split and not {*there.places} <= {*said.places} and is_here(f"/{said.split}"):
        return OTHER  # train/1.jpg is lost where train/ is, and not unlabeled/1.jpg
    return SPLIT if is_other_split else SAME


def closeness(said: Said, there: Said) -> int:
    """How much the folders of a file say of what a path says; -1 if they say something else, or more."""
    return len(there.marks) if {*there.marks} <= {*said.marks} else -1


def are_siblings(one: str, other: str) -> bool:
    """Whether two places are counted, so that neither is the other renamed: cam1 and cam2, camA and camB."""
    return uncounted(one) == uncounted(other) or (len(one) == len(other) and one[:-1] == other[:-1])


def uncounted(place: str) -> str:
    """A place with 0 for each of its numbers, which is the same of all that only numbers tell apart."""
    return _NUMBER.sub("0", place)
