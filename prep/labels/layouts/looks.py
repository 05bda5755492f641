"""What image files look like where no name tells photos from masks, and how to say to the command which they are."""

import itertools
import math
import re
import shlex
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.core.folder_names import own_words
from prep.images.finding import FoundFile
from prep.images.imageio import decode, open_image
from prep.images.kinds.png_strips import png_strips
from prep.labels.layouts.affixes import SAME_STEM, relate, suggest_patterns
from prep.labels.layouts.splits import splits_of_folders

_PIXELS = 20_000
_CLASSES = 64
_MANY = 100
_GREYS, _FREQUENT = 256, 16
_REST = 0.3
_FOLDERS = 40
_LOOKED_AT = 100
_SHOWN = 6
_LOOKED_AT_FIRST, _FEW_VALUES = 3, 64
_COLORS = ("color", "colour")
"""Of masks in the colours of their classes, and of photos beside depth."""


def is_photo(path: Path) -> bool:
    """Whether a file holds so many values, none of them frequent, as only photos have; a damaged one is none."""
    try:
        counts = _counts(path)
    except SegError:
        return False
    rest = _CLASSES if len(counts) > _GREYS else _FREQUENT  # of grey photos 64 values may be most pixels
    return len(counts) > _MANY and int(np.sort(counts)[:-rest].sum()) > _REST * int(counts.sum())


def by_look(files: Sequence[FoundFile]) -> tuple[list[FoundFile], list[FoundFile]]:
    """Files of two endings, of which one is of photos and one holds few values; none where that does not tell them."""
    endings: dict[str, list[FoundFile]] = defaultdict(list)
    for file in files:
        endings[file.path.suffix.lower()].append(file)
    for photos, masks in itertools.permutations(endings.values()) if len(endings) == 2 else ():
        if are_drawn(masks) and all(is_photo(file.path) for file in _some(photos) if _values(file)):
            return photos, masks
    return [], []


def are_photos(files: Sequence[FoundFile]) -> bool:
    """Whether files that are looked at are photos by their look; members of a zip file are not looked at."""
    return not any(".." in file.path.parts for file in files) and all(is_photo(file.path) for file in _some(files))


def without_color(masks: Sequence[FoundFile]) -> Sequence[FoundFile]:
    """Files called masks without color.png, which is the photo of a camera for depth where it looks as photos do."""
    colors = [file for file in masks if file.path.stem.lower() in _COLORS]
    return [file for file in masks if file not in colors] if len(masks) > 1 and are_photos(colors) else masks


def are_drawn(files: Sequence[FoundFile], most: int = _FEW_VALUES) -> bool:
    """Whether files that are looked at hold few values, as masks do and photos do not.

    Members of a zip file are no files of their own, and a name that leads out of it is none of a file to look at.
    """
    if any(".." in file.path.parts for file in files):
        return False
    seen = [values for file in _some(files) if (values := _values(file))]
    return bool(seen) and max(seen) <= most


def _values(file: FoundFile) -> int:
    """Different values of it; 0 of a damaged one, which converting will name."""
    try:
        return number_of_values(file.path)
    except SegError:
        return 0


def _some(files: Sequence[FoundFile]) -> Sequence[FoundFile]:
    """Those that are looked at."""
    return files[:: max(1, len(files) // _LOOKED_AT_FIRST)]


def number_of_values(path: Path) -> int:
    """Different values of a part of the pixels; SegError if the file is damaged."""
    return len(_counts(path))


def _counts(path: Path) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    part = _part(path, read_bytes(path))
    return np.unique(part.reshape(-1, 1 if part.ndim == 2 else part.shape[2]), axis=0, return_counts=True)[1]


def _part(path: Path, data: bytes) -> NDArray[Any]:
    """Every so many-th pixel of every so many-th row (h, w) or (h, w, C); of a large PNG no more is held."""
    strips = png_strips(path, data)
    if strips is None:
        pixels = decode(path, data, cv2.IMREAD_UNCHANGED)
        step = _step(*pixels.shape[:2])
        return pixels[::step, ::step]
    width, height = open_image(path, data).size
    step, top, parts = _step(height, width), 0, []
    for strip in strips:
        parts.append(strip[-top % step :: step, ::step].copy())
        top += len(strip)
    return np.concatenate(parts)


def _step(height: int, width: int) -> int:
    return max(1, round(math.sqrt(height * width / _PIXELS)))


def proposals(source: Path, files: Sequence[FoundFile]) -> list[str]:
    """What to add to the command so that photos and masks are those that look so; none where that tells nothing.

    files: image files by their names below the source.
    """
    folders: dict[PurePosixPath, list[FoundFile]] = defaultdict(list)
    for file in files:
        folders[PurePosixPath(file.name).parent].append(file)
    if patterns := _of_sample_folders([*folders.values()]):
        return patterns[:_SHOWN]
    if len(folders) > _FOLDERS:
        return []
    photos = [folder for folder, own in folders.items() if is_photo(own[0].path)]
    splits = splits_of_folders([*map(str, folders)])

    def of_split(masks: PurePosixPath) -> list[PurePosixPath]:
        split = splits[str(masks)]
        return [each for each in photos if not split or splits[str(each)] in ("", split)]

    found = [
        (folder, photo)
        for folder, own in folders.items()
        if folder not in photos
        for photo in _nearest(folder, [each for each in of_split(folder) if _pair(folders[each], own)])
    ]
    pairs = dict.fromkeys(_without_same_end(folder, photo) for folder, photo in found)
    lines = [shlex.join([str(source / masks), "--images", str(source / images)]) for masks, images in pairs]
    if lines:
        return lines[:_SHOWN]
    ways = [_in_one_folder(own) for own in folders.values()]  # photos and masks in one folder, or in that of each split
    return list(dict.fromkeys(way for each in ways for way in each))[:_SHOWN] if all(ways) else []


def _of_sample_folders(folders: Sequence[Sequence[FoundFile]]) -> list[str]:
    """Patterns for a folder of each photo where files have the same names in most: s1/color.png and s1/label.png."""
    called: dict[str, list[FoundFile]] = defaultdict(list)
    for own in folders:
        for file in own:
            called[PurePosixPath(file.name).stem].append(file)
    least = max(2, len(folders) // 2 + 1)
    if len(folders) < 2 or any(
        len(files) < least or re.search(r"\d", name) for name, files in called.items()
    ):  # train/1.jpg, val/1.jpg
        return []
    photos = [name for name, files in called.items() if are_photos(files)]
    drawn = [name for name, files in called.items() if are_drawn(files)]
    return [shlex.join(["--match", f"{{}}_{photo}", f"{{}}_{mask}"]) for photo in photos for mask in drawn]


def _pair(photos: Sequence[FoundFile], masks: Sequence[FoundFile]) -> bool:
    return len(photos) == len(masks) or bool(relate(_names(photos), _names(masks)).found)


def _nearest(masks: PurePosixPath, photos: Sequence[PurePosixPath]) -> list[PurePosixPath]:
    """The folder of photos that is nearest to one of masks; several where nothing tells which of them."""
    near = {folder: _nearness(masks, folder) for folder in photos}
    return [folder for folder in photos if near[folder] == max(near.values())]


def _nearness(one: PurePosixPath, other: PurePosixPath) -> tuple[int, int, int]:
    """How many folders two paths share from their beginning and to their end; then words of names, and those of one.

    siteB_labels is nearer to siteB than to siteA.
    """
    ours, theirs = (frozenset[str]().union(*map(own_words, path.parts)) for path in (one, other))
    return _same_folders(one, other), len(ours & theirs), -len(ours ^ theirs)


def _same_folders(one: PurePosixPath, other: PurePosixPath) -> int:
    same = [left == right for left, right in zip(one.parts, other.parts, strict=False)]
    ends = [left == right for left, right in zip(reversed(one.parts), reversed(other.parts), strict=False)]
    return sum(itertools.takewhile(bool, same)) + sum(itertools.takewhile(bool, ends))


def _without_same_end(masks: PurePosixPath, photos: PurePosixPath) -> tuple[PurePosixPath, PurePosixPath]:
    """The folders label and camera of label/front and camera/front."""
    while masks.name == photos.name and masks.parent != photos.parent:
        masks, photos = masks.parent, photos.parent
    return masks, photos


def _in_one_folder(files: Sequence[FoundFile]) -> list[str]:
    """Patterns of names that pair what looks like photos with the rest; of many files the first and the last tell."""
    if len(files) > _LOOKED_AT:
        files = [*files[: _LOOKED_AT // 2], *files[-_LOOKED_AT // 2 :]]
    photos = [file for file in files if is_photo(file.path)]
    taken = set(photos)
    masks = [file for file in files if file not in taken]
    if not photos or not masks:
        return []
    if len({file.path for file in photos}) == len({file.path for file in masks}) == 1:  # two stacks of pages
        return [shlex.join([str(masks[0].path), "--images", str(photos[0].path)])]
    found = [patterns for _, patterns in relate(_names(photos), _names(masks)).found.values()]
    ways = dict.fromkeys(found or [suggest_patterns(_names(photos), _names(masks))])
    return [shlex.join(["--match", image, mask]) for image, mask in ways if (image, mask) != SAME_STEM]


def _names(files: Sequence[FoundFile]) -> list[str]:
    return [PurePosixPath(file.name).stem for file in files]
