"""One mask a class, or one mask an object: the masks of a photo are merged into one by a stated order."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from prep.core.cache import Mark, mark_of
from prep.core.errors import SegError
from prep.core.folder_names import names_labels
from prep.core.words import counted, list_some
from prep.images.finding import FoundFile, find_files, photos_beside
from prep.labels.contents import Contents
from prep.labels.formats import NO, PROBABLE, FileFormat
from prep.labels.layouts.class_folders import lie_on_each_other
from prep.labels.layouts.kinds import of_colors
from prep.labels.layouts.known_sets import areas_in, folders_of_areas, ordered
from prep.labels.layouts.parts import Parts, parts_of
from prep.labels.layouts.splits import splits_of
from prep.labels.pairs.former_datasets import outside_datasets
from prep.labels.pairs.lost_of_parts import lost_photos
from prep.labels.pixels.binary import inside_of, is_two_valued
from prep.labels.pixels.ids import IdCodes
from prep.labels.pixels.images import division_of
from prep.labels.pixels.object_ids import object_class
from prep.labels.reader import Codes, LabelSource, RawLabel
from prep.labels.region_labels import RegionCodes, class_names, code_of

_LOOKED_AT = 6
_NEARLY_ALL, _HALF = 0.98, 0.5
_SHARED = 0.2
"""Objects share no more of the pixels that they cover."""
_OBJECT = 1
_OUTSIDE = "ignore"
"""Name of the areas of a photo outside of which nobody labelled."""


@dataclass(frozen=True)
class ClassMaskReader(RegionCodes):
    """Merges masks of classes."""

    name = "class-masks"

    def read(self, label: RawLabel) -> Codes:
        """(H, W) codes by name; a later mask covers an earlier one."""
        return _merged(label)[0]

    def overlaps(self, label: RawLabel) -> int:
        """Pixels that lie in masks of several classes."""
        return _merged(label)[1]


class ObjectMaskReader(IdCodes):
    """Merges masks of objects."""

    name = "object-masks"

    def read(self, label: RawLabel) -> Codes:
        """(H, W) 1 inside of any object, 0 elsewhere."""
        return _merged(label)[0]

    def overlaps(self, label: RawLabel) -> int:
        """Pixels that lie in several objects."""
        return _merged(label)[1]


def _merged(label: RawLabel) -> tuple[Codes, int]:
    """Codes (H, W) of all masks of a photo, and how many pixels lie in several; kept for who asks for both."""
    return _merged_once(label, tuple(mark_of(path) for _, (path, _) in label.regions or ()))


@functools.lru_cache(maxsize=1)
def _merged_once(label: RawLabel, marks: tuple[Mark, ...]) -> tuple[Codes, int]:
    mask: NDArray[np.uint8] | None = None
    several = np.zeros((), np.bool_)
    for name, (path, is_black) in label.regions or ():
        inside = ~inside_of(path) if is_black else inside_of(path)
        mask = np.zeros(inside.shape, np.uint8) if mask is None else mask
        if inside.shape != mask.shape:
            raise SegError(
                f"{path} has {inside.shape[1]} x {inside.shape[0]} pixels, other masks of its photo "
                f"{mask.shape[1]} x {mask.shape[0]}; export them in one size"
            )
        several = several | (inside & (mask > 0) if name != _OUTSIDE else np.False_)
        mask[inside] = code_of(name, label.names) if name else _OBJECT
    assert mask is not None, "a label of parts has at least one"
    return mask, int(several.sum())


def _parts(contents: Contents) -> Parts | None:
    """The masks of each photo, if those that are looked at are of two values."""
    if not contents.is_folder:
        return None
    masks = division_of(contents).masks
    says_objects, says_classes = (contents.reader == reader.name for reader in (ObjectMaskReader, ClassMaskReader))
    says_others = contents.reader is not None and not says_objects and not says_classes
    says_pairs = not says_classes and (says_others or contents.skips or contents.patterns is not None)
    photos = of_colors(contents.once(_photos))[0]
    how = {"objects": says_objects, "classes": says_classes, "says_pairs": says_pairs}
    found = parts_of(photos, masks, **how)
    if found is None and (lost := lost_photos(photos, masks)) and (found := parts_of([*photos, *lost], masks, **how)):
        found = replace(found, photos={stem: file for stem, file in found.photos.items() if file not in lost})
    if found is None:
        return None
    files = [file.path for parts in found.masks.values() for _, file in parts]
    if not all(map(is_two_valued, files[:: max(1, len(files) // _LOOKED_AT)])):
        return None
    if not says_classes and found.are_numbered_folders and _show_the_same(list(found.masks.values())):
        return None
    if not says_classes and found.may_count and not _cover(next(iter(found.masks.values()))):
        found = found.of_kinds()
    if says_others and found.are_objects:  # a reader of one file would take the first object of each photo
        return None
    if found.areas or found.are_objects:
        return found
    return replace(found, areas=areas_in(folders_of_areas(contents.source), found.photos))


def _show_the_same(photos: Sequence[Sequence[tuple[str, FoundFile]]]) -> bool:
    """Whether masks of a photo lie on each other, as those of several people do; or one cannot be read."""
    several = [[file for _, file in parts] for parts in photos if len(parts) > 1]
    try:
        return any(map(lie_on_each_other, several[:: max(1, len(several) // _LOOKED_AT)]))
    except SegError:
        return True


def _cover(parts: Sequence[tuple[str, FoundFile]]) -> bool:
    """Whether nearly every pixel of a photo lies in its masks, as in those of all classes, and in objects hardly."""
    inside = [inside_of(file.path) for _, file in parts if is_two_valued(file.path)]
    alike = [each for each in inside if each.shape == inside[0].shape]
    return bool(alike) and bool(np.logical_or.reduce(alike).mean() > _NEARLY_ALL)


def _are_black(photos: Sequence[Sequence[tuple[str, FoundFile]]]) -> bool:
    """Whether masks are black on white: each pixel is white in all masks of its photo, or in all but one.

    Each class has to be black somewhere: what covers whole photos (the field under its plants) is white in all. Of
    objects a few pixels may be black in several.
    """
    looked_at = [parts for parts in photos[:: max(1, len(photos) // _LOOKED_AT)] if len(parts) > 1]
    black: set[str] = set()
    for parts in looked_at:
        try:
            white = [inside_of(file.path) for _, file in parts]
        except SegError:  # converting says what is wrong with it
            return False
        if len({each.shape for each in white}) > 1:
            return False
        times = np.sum(white, axis=0)
        shared = 0 if any(name for name, _ in parts) else _SHARED * (times < len(white)).sum()
        if (times < len(white) - 1).sum() > shared or (times > 1).mean() <= _HALF:
            return False
        black |= {name for (name, _), each in zip(parts, white, strict=True) if not each.all()}
    return bool(looked_at) and black >= {name for parts in looked_at for name, _ in parts}


def _photos(contents: Contents) -> Sequence[FoundFile]:
    given = contents.photos
    if given is not None and given.resolve() != contents.source.resolve():
        known = {file.path for file in division_of(contents).masks}
        found = find_files(given, skip=names_labels)
        return [file for file in outside_datasets(given, found) if file.path not in known]
    return division_of(contents).photos or photos_beside(contents.source)


def _recognised_classes(contents: Contents) -> float:
    found = contents.once(_parts)
    return NO if found is None or found.are_objects else PROBABLE


def _recognised_objects(contents: Contents) -> float:
    found = contents.once(_parts)
    return PROBABLE if found is not None and found.are_objects else NO


def _opened(contents: Contents, variable: str) -> LabelSource:
    found = contents.once(_parts)
    if found is None:
        raise _no_parts(contents)
    if found.are_objects and contents.reader == ClassMaskReader.name:
        raise SegError(
            f"--from class-masks: of which class a mask is, no name or folder in {contents.source} says "
            f"({_first_of(found)}). If each is of an object, type --from object-masks; else call each mask, or its "
            "folder, as its class is called"
        )
    if found.is_unclear and contents.reader is None:
        raise SegError(
            f"{contents.source}: whether numbers at the ends of masks' names count objects or tell classes, nothing "
            f"says ({_first_of(found)}). Nothing was written; if each name is a class, add --from class-masks; if all "
            "masks are of objects of one class, add --from object-masks; if they are objects of several classes, count "
            "those of each from 1 on in each photo: road_1, car_1, car_2"
        )
    names = class_names(contents.source, ordered({name for parts in found.masks.values() for name, _ in parts if name}))
    found = replace(found, masks={stem: _in_order(parts, names) for stem, parts in found.masks.items()})
    are_black = _are_black(list(found.masks.values()))
    labels = tuple(
        RawLabel(
            parts[0][1].path,
            stem,
            names=names,
            regions=tuple((name, (file.path, are_black or name == _OUTSIDE)) for name, file in (*parts, *areas)),
            files=tuple(file.path for _, file in (*parts, *areas)),
        )
        for stem, parts in found.masks.items()
        for areas in [[(_OUTSIDE, file) for file in found.areas.get(stem, ())]]
    )
    photos = {stem: file.path for stem, file in found.photos.items()}
    splits = splits_of({stem: file.name for stem, file in found.photos.items() if stem in found.masks})
    number, of_bands = sum(map(len, found.masks.values())), of_colors(contents.once(_photos))[1]
    left = (*division_of(contents).notes, *filter(None, (of_bands,)))
    if found.are_objects:
        note = f"{counted(number, 'mask')} of objects merged into one mask for each of {counted(len(labels), 'photo')}"
        black = ["they are black on white: in each the black part is its object"] if are_black else []
        notes = (note, *black, *left)
        return LabelSource(
            ObjectMaskReader.name, labels, photos=photos, splits=splits, notes=notes, guess=object_class()
        )
    note = (
        f"{counted(number, 'mask')} of {counted(len(names), 'class', 'classes')} ({list_some(names)}) merged into one "
        f"mask for each of {counted(len(labels), 'photo')}, a later name over an earlier one"
    )
    ignored = (f"outside of boundaries/ and masks/, and so ignored: of {counted(len(found.areas), 'photo')}",)
    said = ["they are black on white: in each the black part is its class"] if are_black else []
    if found.are_counted:
        said.append(
            "numbers at the ends of their names count objects; if each is a class, convert again with --from "
            "class-masks --overwrite"
        )
    notes = (note, *said, *(ignored if found.areas else ()), *left)
    return LabelSource(ClassMaskReader.name, labels, photos=photos, splits=splits, notes=notes, names=names)


def _no_parts(contents: Contents) -> SegError:
    """What is wrong with masks that a person called those of classes or objects."""
    masks = division_of(contents).masks if contents.is_folder else ()
    of_several = next(
        (file for file in masks[:: max(1, len(masks) // _LOOKED_AT)] if not is_two_valued(file.path)), None
    )
    if of_several is None:
        said = "no masks of one class or object each that belong to photos by their names or folders"
        return SegError(f"{contents.source}: {said}")
    return SegError(
        f"{of_several.path} holds more than two values, and is no mask of one class or object. Say with --match and "
        "two patterns, and without --from, which masks are meant"
    )


def _first_of(found: Parts) -> str:
    """Two masks of a photo, to show how they are called."""
    return list_some([file.name for _, file in max(found.masks.values(), key=len)[:2]])


def _in_order(parts: Sequence[tuple[str, FoundFile]], names: Sequence[str]) -> Sequence[tuple[str, FoundFile]]:
    """The masks of a photo in the order of their names' painting."""
    places = {name: place for place, name in enumerate(names)}
    return sorted(parts, key=lambda part: places.get(part[0], 0))


CLASS_MASKS = FileFormat(
    "class-masks",
    "one mask for each class (x_road.png and x_car.png, or road/x.png and car/x.png)",
    _recognised_classes,
    _opened,
    (ClassMaskReader(),),
    rules="Masks of two values (a threshold of half where JPEG blurred them) are merged in the order of their names, a "
    "later one over an earlier one (of CelebAMask-HQ in its own); pixels in several are counted. What lies in none "
    "becomes the background. Folders that are called by numbers are of the classes with these ids, where a class map "
    "states them. Of Agriculture-Vision what lies outside of boundaries or masks, also beside the folder "
    "that is named, is ignored. Numbers that count objects of several kinds from 0 or 1 on in each photo "
    "(cell_0, cell_1, cell_2, edge_0) are no part of the class, where a photo has three or more of a kind and others "
    "have other numbers of it. Masks that are black on white are told by their pixels.",
)
OBJECTS = FileFormat(
    "object-masks",
    "one mask for each object (x/images/x.png with x/masks/*.png; x_mask.png with x_mask_1.png)",
    _recognised_objects,
    _opened,
    (ObjectMaskReader(),),
    rules="Masks of two values are merged: what lies in any is of the one class that a list has beside its background, "
    "whatever numbers it gives both; of which of several, is asked. Pixels in several masks are counted. Where a "
    "person says how names pair (--match, --skip-unpaired), or another --from, one of its photo's name is all of it.",
)
