"""Splits that labels came divided into, by the names of their folders and files."""

import functools
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from prep.core.folder_names import SPLIT_WORDS, place_of, role_of
from prep.images.finding import FoundFile
from prep.labels.layouts.affixes import is_named_as_mask
from prep.labels.reader import LabelSource

_SPLIT = re.compile(
    r"(?<![a-z])(train|training|val|valid|validation|test|testing|dev|eval|evaluation)(?:set)?(?![a-z])"
)

_WORDS = "training|train|validation|valid|val|testing|test"
_GLUED, _BEGUN = re.compile(rf"(.*?)[ _\-.]*({_WORDS})[ _\-.]*(.*)", re.IGNORECASE), re.compile(_WORDS, re.IGNORECASE)


def split_of(name: str) -> str:
    """The split that a path says: that of the nearest folder, or of the file's own name (instances_train2017.json).

    Empty where none is said.
    """
    for part in reversed(PurePosixPath(name).parts):
        if found := _SPLIT.search((place_of(part) if role_of(part) else part).lower()):
            return SPLIT_WORDS[found[1]]
    return ""


def out_of_folders_in_splits(masks: Sequence[FoundFile]) -> Sequence[FoundFile]:
    """Masks in folders of one name in each split, which say neither photos nor masks, named without it: train/lab/x."""
    parts = [PurePosixPath(file.name).parts for file in masks]
    if any(len(each) < 3 for each in parts) or len({each[-2] for each in parts}) > 1:
        return masks
    names = ["/".join([*each[:-2], each[-1]]) for each in parts]
    return [FoundFile(file.path, name) for file, name in zip(masks, names, strict=True)]


def with_folders_of_splits(files: Sequence[FoundFile]) -> list[FoundFile]:
    """Files as train/x/1.png whose folder says a split and two words beside it in all (trainx, valx); else none."""
    parts = [PurePosixPath(file.name).parts for file in files]
    told = splits_and_words([each[-2] for each in parts])
    if len({word for _, word in told.values()}) != 2:
        return []
    names = ["/".join([*each[:-2], *told[each[-2]], each[-1]]) for each in parts]
    return [FoundFile(file.path, name) for file, name in zip(files, names, strict=True)]


def splits_of_folders(folders: Collection[str]) -> dict[str, str]:
    """The split that each of some paths of folders says, also with a word at it (trainx); empty where it says none."""
    told = splits_and_words([PurePosixPath(folder).name for folder in folders])
    found = {}
    for folder in folders:
        name = PurePosixPath(folder).name
        begun = _BEGUN.match(name)
        glued = SPLIT_WORDS[begun[0].lower()] if begun else ""
        found[folder] = split_of(folder) or told.get(name, (glued, ""))[0]
    return found


def say_other_splits(one: str, other: str) -> bool:
    """Whether one of two folders says a split, and the other one another."""
    said = splits_of_folders([one, other])
    return bool(said[one] and said[other] and said[one] != said[other])


def splits_and_words(folders: Collection[str]) -> dict[str, tuple[str, str]]:
    """(train, x) of each folder that is called trainx, x_train or the like, if all are, in several splits; else empty.

    A word beside a split has to stand beside another one, too: contest is no folder of tests.
    """
    found = {
        folder: (SPLIT_WORDS[told[2].lower()], told[1] or told[3])
        for folder in {*folders}
        if (told := _GLUED.fullmatch(folder)) and bool(told[1]) != bool(told[3])
    }
    times = Counter(word for _, word in set(found.values()))
    alike = len(found) == len({*folders}) == len(set(found.values())) and max(times.values(), default=0) > 1
    return found if alike else {}


def lie_with_masks(photos: Sequence[FoundFile], masks: Sequence[FoundFile], of_test: Sequence[FoundFile]) -> bool:
    """Whether photos lie where masks do, and elsewhere only those of a test that came without masks.

    of_test: what lies directly in its folder.
    """
    ours, theirs = ({PurePosixPath(file.name).parent for file in files} for files in (photos, masks))
    names = [PurePosixPath(file.name).stem for file in of_test]
    known = {
        PurePosixPath(file.name).stem for file in photos if split_of(str(PurePosixPath(file.name).parent)) == "test"
    }
    alone = len({*names}) == len(names) and known.isdisjoint(names) and not any(map(is_named_as_mask, names))
    return alone and theirs <= ours and all(split_of(str(place)) == "test" for place in ours - theirs)


def splits_of(names: Mapping[str, str]) -> dict[str, str]:
    """The splits that folders name, by stem, if each file lies in one and there are several; file names say nothing.

    names: path of each file below the folder that a person named, by stem.
    """
    split_of_folder = functools.cache(split_of)  # of a million files most lie in few folders
    splits = {stem: split_of_folder(name.rpartition("/")[0]) for stem, name in names.items()}
    return splits if all(splits.values()) and len(set(splits.values())) > 1 else {}


def with_splits_of_folders(found: LabelSource, source: Path, photos: Path | None) -> LabelSource:
    """With the splits that the folders of all labels say, of all their photos, or the paths in a label file.

    photos: the folder that a person named.
    """
    if found.splits or not found.labels:
        return found
    files = {label.stem: label.path for label in found.labels}
    ways = (
        {stem: _below(path, source) for stem, path in files.items()},
        {stem: _below(found.photos.get(stem), photos or source) for stem in files},
        {label.stem: label.part for label in found.labels},
    )
    splits = next(filter(None, map(splits_of, ways)), {})
    return replace(found, splits=splits) if splits else found


def _below(path: Path | None, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path is not None and path.is_relative_to(folder) else ""


def with_note_on_split(found: LabelSource, source: Path) -> LabelSource:
    """Say that a split is not kept which the name of what a person named says of all labels (instances_val.json)."""
    said = split_of(source.name)
    if found.splits or not said or source.suffix.lower() != ".json":
        return found
    note = (
        f"{source.name} says that these labels are of the split {said}, which is not kept: to keep the division, "
        "convert the folder that holds all splits at once"
    )
    return replace(found, notes=(*found.notes, note))
