"""A folder for each class beside photos whose folder no name tells: leftMask and rightMask, Forceps_labels, ..."""

import itertools
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from prep.core.errors import SegError
from prep.core.folder_names import SPLIT_WORDS, role_of, speaks_of_labels, words_of
from prep.images.finding import FoundFile
from prep.labels.layouts.looks import number_of_values
from prep.labels.pixels.binary import inside_of

_MOST_FOLDERS = 100
_FEW = 64
_LOOKED_AT = 4
_LABEL_WORD = re.compile(
    r"(?:(?<=[a-z])(?=[A-Z])|[ _\-.]+)(?i:masks?|labels?|annotations?|segmentations?|gt)$|^(?i:masks?|labels?)[ _\-.]+"
)
_NO_CLASS = frozenset({"rater", "annotator", "observer", "reader", "expert", "manual", "auto", "predicted", "fold"})
"""Words of folders that say who drew, and not what."""
_LAST_WORD = re.compile(r"[ _\-.]+[A-Za-z]+$")

Folders = Mapping[PurePosixPath, Sequence[FoundFile]]


def by_class_folders(files: Sequence[FoundFile]) -> tuple[list[FoundFile], list[FoundFile]] | None:
    """Photos of the only folder that looks so, and masks in folders named as classes, renamed so that they pair.

    None unless masks that are looked at are of two values and show different things, and each has a photo of its name.
    """
    folders: dict[PurePosixPath, list[FoundFile]] = defaultdict(list)
    for file in files:
        folders[PurePosixPath(file.name).parent].append(file)
    if not 3 <= len(folders) <= _MOST_FOLDERS:
        return None
    masks = {folder: own for folder, own in folders.items() if _may_be_class(folder)}
    photos = {folder: own for folder, own in folders.items() if folder not in masks}
    if not photos or not _are_classes(masks) or len({folder.name for folder in photos}) > 1:
        return None
    renamed = [FoundFile(file.path, f"{folder.parent}/{_base(file)}") for folder in photos for file in photos[folder]]
    found = _below_masks(masks, {file.stem for file in renamed})
    if not found or any(_is_drawn(own[0]) for own in photos.values()):
        return None
    return None if show_the_same(masks) else (renamed, found)


def without_last_word(stem: str) -> str:
    """IDRiD_01 of IDRiD_01_MA, as masks in a folder of their class are called; the name itself where it has none."""
    return _LAST_WORD.sub("", stem)


def class_of(folder: str) -> str:
    """The class: left of leftMask, Bipolar_Forceps of Bipolar_Forceps_labels."""
    return _LABEL_WORD.sub("", folder)


def says_class(name: str) -> bool:
    """Whether the name of a folder may be that of a class: not what lies in it, its split, or who drew it."""
    return len(name) > 1 and not (words_of(name) & (_NO_CLASS | SPLIT_WORDS.keys()) or role_of(name))


def _may_be_class(folder: PurePosixPath) -> bool:
    return bool(folder.name) and (speaks_of_labels(folder.name) or speaks_of_labels(folder.parent.name))


def _are_classes(masks: Folders) -> bool:
    """Whether several names are left, and none of them says something else than a class."""
    names = {class_of(folder.name) for folder in masks}
    kinds = {name.rstrip("0123456789") for name in names}
    return len(names) > 1 and len(kinds) == len(names) and all(map(says_class, names))


def show_the_same(masks: Folders) -> bool:
    """Whether masks of a name lie on each other, as those of several people do, or hold more values than two."""
    by_name: dict[str, list[FoundFile]] = defaultdict(list)
    for own in masks.values():
        for file in own:
            by_name[_base(file).partition(".")[0]].append(file)
    several = [own for own in by_name.values() if len(own) > 1]
    try:
        return any(map(lie_on_each_other, several[:_LOOKED_AT] or list(by_name.values())[:_LOOKED_AT]))
    except SegError:
        return True


def lie_on_each_other(files: Sequence[FoundFile]) -> bool:
    """Whether two masks share more pixels than each has alone; SegError if one holds more than two values."""
    inside = [inside_of(file.path) for file in files]
    both = itertools.combinations(inside, 2)
    return any(a.shape == b.shape and 2 * int((a & b).sum()) > int((a | b).sum()) for a, b in both)


def _is_drawn(file: FoundFile) -> bool:
    """Whether it holds as few values as masks do; a damaged one does."""
    try:
        return number_of_values(file.path) <= _FEW
    except SegError:
        return True


def _below_masks(masks: Folders, photos: set[str]) -> list[FoundFile]:
    """The masks as masks/left/x.png, without what their folders say beside the class; none if one has no photo."""
    found = []
    for folder, own in masks.items():
        for file in own:
            above = next((each for each in folder.parents if _stems(file, each) & photos), None)
            if above is None:
                return []
            found.append(FoundFile(file.path, f"{above}/masks/{class_of(folder.name)}/{_base(file)}"))
    return found


def _stems(file: FoundFile, above: PurePosixPath) -> set[str]:
    stem = FoundFile(file.path, f"{above}/{_base(file)}").stem
    return {stem, without_last_word(stem)}


def _base(file: FoundFile) -> str:
    return PurePosixPath(file.name).name
