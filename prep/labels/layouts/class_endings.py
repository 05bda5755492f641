"""Masks of a class each in the folder of their photo, which no word tells from it: x.jpg, x_road.png, x_car.png."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from prep.core.errors import SegError
from prep.images.finding import FoundFile
from prep.labels.layouts.affixes import says_mask
from prep.labels.layouts.class_folders import says_class, show_the_same
from prep.labels.layouts.looks import is_photo
from prep.labels.pixels.binary import is_two_valued

_BREAKS = " _.-"
_MOST_CLASSES = 40
_LOOKED_AT = 3

PhotoWithMasks = tuple[FoundFile, Mapping[str, FoundFile]]
"""A photo, and its masks by the names of their classes."""

Divided = tuple[list[FoundFile], list[FoundFile], list[FoundFile]]
"""Photos, masks, and the rest."""


def by_class_endings(files: Sequence[FoundFile]) -> Divided | None:
    """Photos, and masks named as their photo with a class behind; or a folder for each photo: a/image, a/road, a/car.

    None unless several classes stand beside several photos each, the photos look so, and the masks that are looked at
    are of two values and show different things. Masks that are called by numbers (a/photo, a/0, a/1) are of objects.
    """
    if any(
        ".." in file.path.parts for file in files
    ):  # members of a zip file that lead out of it are no files to look at
        return None
    folders: dict[PurePosixPath, list[FoundFile]] = defaultdict(list)
    for file in files:
        folders[PurePosixPath(file.name).parent].append(file)
    named = [sample for own in folders.values() for sample in _in_one_folder(own)]
    of_folders = [] if named else _folder_each(folders)
    samples = _without_pictures(named or of_folders)
    names = [frozenset(masks) for _, masks in samples]
    are_objects = bool(of_folders) and all(name.isdecimal() for each in names for name in each)
    if len(samples) < 2 or not (are_objects or _are_classes(names)):
        return None
    seen = samples[:: max(1, len(samples) // _LOOKED_AT)]
    if not all(is_photo(photo.path) and all(is_two_valued(file.path) for file in own.values()) for photo, own in seen):
        return None
    if not are_objects and _lie_alike(seen):
        return None
    masks = [file for _, own in samples for file in own.values()]
    taken = {file.path for file in (*masks, *(photo for photo, _ in samples))}
    return [photo for photo, _ in samples], masks, [file for file in files if file.path not in taken]


def may_be_class_endings(files: Sequence[FoundFile]) -> bool:
    """Whether names allow it, for files of a zip file, at which nobody can look."""
    folders: dict[PurePosixPath, list[FoundFile]] = defaultdict(list)
    for file in files:
        folders[PurePosixPath(file.name).parent].append(file)
    stems = [frozenset(PurePosixPath(file.name).stem for file in own) for own in folders.values()]
    alike = len(stems) > 1 and 1 < len(frozenset.intersection(*stems)) <= _MOST_CLASSES
    return alike or any(_in_one_folder(own) or _begin_alike(own) for own in folders.values())


def _begin_alike(files: Sequence[FoundFile]) -> bool:
    """Whether names differ in the last word only, which is no number: x_road and x_car, whose photo lies elsewhere."""
    halves = [re.fullmatch(rf"(.+)[{_BREAKS}]([^{_BREAKS}]*)", PurePosixPath(file.name).stem) for file in files]
    begins = [half[1] for half in halves if half is not None and not half[2].isdecimal()]
    return len(set(begins)) < len(begins)


def _without_pictures(samples: Sequence[PhotoWithMasks]) -> Sequence[PhotoWithMasks]:
    """Without what is called as nothing of two values is: x_overlay.jpg beside x_road.png; nothing of another kind."""
    names = {name for _, own in samples for name in own}
    if len(samples) < 2 or not 2 <= len(names) <= _MOST_CLASSES or any(map(says_mask, names)):
        return samples if all(name.isdecimal() for name in names) else []
    pictures = {name for name, file in samples[0][1].items() if not is_two_valued(file.path)}
    return [(photo, {name: own[name] for name in own.keys() - pictures}) for photo, own in samples]


def _in_one_folder(files: Sequence[FoundFile]) -> list[PhotoWithMasks]:
    """x.jpg with x_road.png and x_car.png: a name that others begin with is that of a photo."""
    by_stem = {PurePosixPath(file.name).stem: file for file in files}
    found: dict[str, dict[str, FoundFile]] = defaultdict(dict)
    for stem, file in by_stem.items():
        begins = (stem[:place] for place, letter in enumerate(stem) if letter in _BREAKS)
        if (photo := next((begin for begin in begins if begin in by_stem), None)) is not None:
            found[photo][stem[len(photo) :].strip(_BREAKS)] = file
    return [(by_stem[stem], masks) for stem, masks in sorted(found.items())]


def _folder_each(folders: Mapping[PurePosixPath, Sequence[FoundFile]]) -> list[PhotoWithMasks]:
    """a/image.png with a/road.png and a/car.png: a name that is in each folder, and looks as a photo does."""
    named = {folder: {PurePosixPath(file.name).stem: file for file in own} for folder, own in folders.items()}
    first = next(iter(named.values()), {})
    photos = [name for name, file in first.items() if is_photo(file.path)] if len(first) <= _MOST_CLASSES else []
    if len(photos) != 1 or any(photos[0] not in own or not folder.name for folder, own in named.items()):
        return []
    return [
        (
            _renamed(folder, own[photos[0]], ""),
            {
                name: _renamed(folder, own[name], f"_mask_{name}" if name.isdecimal() else f"_{name}")
                for name in own.keys() - photos
            },
        )
        for folder, own in named.items()
    ]


def _renamed(folder: PurePosixPath, file: FoundFile, ending: str) -> FoundFile:
    return FoundFile(file.path, f"{folder}{ending}{file.path.suffix}")


def _are_classes(names: Sequence[frozenset[str]]) -> bool:
    """Whether several names are left that may be classes, each beside most photos or several of them."""
    every = {name for each in names for name in each}
    kinds = {name.rstrip("0123456789").rstrip(_BREAKS) for name in every}
    if not 2 <= len(every) <= _MOST_CLASSES or len(kinds) < len(every) or max(map(len, names)) < 2:
        return False
    return all(says_class(name) and not says_mask(name) and sum(name in each for each in names) > 1 for name in every)


def _lie_alike(samples: Sequence[PhotoWithMasks]) -> bool:
    """Whether masks of a photo lie on each other, as those of several people do."""
    by_class: dict[PurePosixPath, list[FoundFile]] = defaultdict(list)
    for photo, masks in samples:
        for name, file in masks.items():
            by_class[PurePosixPath(name)].append(FoundFile(file.path, f"{photo.stem}.x"))
    try:
        return show_the_same(by_class)
    except SegError:
        return True
