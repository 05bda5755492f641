"""Masks of a class each in the folder of their photo, which no word tells from it: x.jpg, x_road.png, x_car.png."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from prep.core.errors import SegError
from prep.images.finding import FoundFile
from prep.labels.layouts.affixes import says_mask
from prep.labels.layouts.class_folders import says_class, show_the_same
from prep.labels.layouts.looks import is_photo
from prep.labels.pixels.binary import is_two_valued

_BREAKS = " _-."
_MOST_CLASSES = 40
_LOOKED_AT = 3

Sample = tuple[FoundFile, Mapping[str, FoundFile]]
"""A photo, and its masks by the names of their classes."""


def by_class_endings(files: Sequence[FoundFile]) -> tuple[list[FoundFile], list[FoundFile]] | None:
    """Photos, and masks named as their photo with a class behind; or a folder for each photo: a/image, a/road, a/car.

    None unless several classes stand beside several photos each, the photos look so, and the masks that are looked at
    are of two values and show different things.
    """
    folders: dict[PurePosixPath, list[FoundFile]] = defaultdict(list)
    for file in files:
        folders[PurePosixPath(file.name).parent].append(file)
    samples = [sample for own in folders.values() for sample in _in_one_folder(own)] or _folder_each(folders)
    if len(samples) < 2 or not _are_classes([frozenset(masks) for _, masks in samples]):
        return None
    seen = samples[:: max(1, len(samples) // _LOOKED_AT)]
    masks = [file for _, own in samples for file in own.values()]
    if len(samples) + len(masks) < len(files) or not all(is_photo(photo.path) for photo, _ in seen):
        return None
    if not all(is_two_valued(file.path) for _, own in seen for file in own.values()) or _lie_alike(seen):
        return None
    return [photo for photo, _ in samples], masks


def _in_one_folder(files: Sequence[FoundFile]) -> list[Sample]:
    """x.jpg with x_road.png and x_car.png: a name that others begin with is that of a photo."""
    by_stem = {PurePosixPath(file.name).stem: file for file in files}
    found: dict[str, dict[str, FoundFile]] = defaultdict(dict)
    for stem, file in by_stem.items():
        begins = (stem[:place] for place, letter in enumerate(stem) if letter in _BREAKS)
        if (photo := next((begin for begin in begins if begin in by_stem), None)) is not None:
            found[photo][stem[len(photo) :].strip(_BREAKS)] = file
    return [(by_stem[stem], masks) for stem, masks in sorted(found.items())]


def _folder_each(folders: Mapping[PurePosixPath, Sequence[FoundFile]]) -> list[Sample]:
    """a/image.png with a/road.png and a/car.png: the same names in each folder, of which one looks as a photo does."""
    named = {folder: {PurePosixPath(file.name).stem: file for file in own} for folder, own in folders.items()}
    first = next(iter(named.values()), {})
    photos = [name for name, file in first.items() if is_photo(file.path)] if len(first) <= _MOST_CLASSES else []
    if len(photos) != 1 or any(photos[0] not in own or not folder.name for folder, own in named.items()):
        return []
    return [
        (
            _renamed(folder, own[photos[0]], ""),
            {name: _renamed(folder, own[name], f"_{name}") for name in own.keys() - photos},
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


def _lie_alike(samples: Sequence[Sample]) -> bool:
    """Whether masks of a photo lie on each other, as those of several people do."""
    by_class: dict[PurePosixPath, list[FoundFile]] = defaultdict(list)
    for photo, masks in samples:
        for name, file in masks.items():
            by_class[PurePosixPath(name)].append(FoundFile(file.path, f"{photo.stem}.x"))
    try:
        return show_the_same(by_class)
    except SegError:
        return True
