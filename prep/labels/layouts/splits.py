"""Splits that labels came divided into, by the names of their folders and files."""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from prep.core.folder_names import SPLIT_WORDS, place_of, role_of
from prep.images.finding import FoundFile
from prep.labels.layouts.affixes import is_named_as_mask
from prep.labels.reader import LabelSource

_SPLIT = re.compile(
    r"(?<![a-z])(train|training|val|valid|validation|test|testing|dev|eval|evaluation)(?:set)?(?![a-z])"
)


def split_of(name: str) -> str:
    """The split that a path says: that of the nearest folder, or of the file's own name (instances_train2017.json).

    Empty where none is said.
    """
    for part in reversed(PurePosixPath(name).parts):
        if found := _SPLIT.search((place_of(part) if role_of(part) else part).lower()):
            return SPLIT_WORDS[found[1]]
    return ""


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
