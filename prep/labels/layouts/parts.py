"""Several masks of one photo, each of one class or of one object: which photo each is of, and what it is called."""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from prep.core.folder_names import names_labels, place_of, role_of
from prep.images.finding import FoundFile
from prep.labels.layouts.affixes import relate, says_mask
from prep.labels.layouts.class_folders import class_of, says_class, without_last_word
from prep.labels.layouts.kinds import folder_version
from prep.labels.layouts.known_sets import areas_among
from prep.labels.pairs.numbers import are_counted, differ, may_be_counted, numbered_kinds

_MOST_CLASSES = 40
_MANY_OBJECTS = 4
_OBJECT_WORDS = frozenset({"", "object", "obj", "instance", "inst"})
_OBJECT = re.compile(r"\d*")


@dataclass(frozen=True)
class Parts:
    """(name, file) of the masks of each photo, by its stem; photos by stem. Names are empty for objects.

    areas: files of each photo, outside of which nobody labelled.
    numbered: what all are called if their names, which differ in a number only, are no classes.
    kinds: what each name is without its number, where these may count objects of several kinds (cell_0, edge_0).
    are_counted: whether that is done.  is_unclear: whether they count nothing, and differ between photos.
    """

    masks: Mapping[str, Sequence[tuple[str, FoundFile]]]
    photos: Mapping[str, FoundFile]
    areas: Mapping[str, Sequence[FoundFile]] = field(default_factory=dict)
    numbered: str | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    are_counted: bool = False
    is_unclear: bool = False

    @property
    def are_objects(self) -> bool:
        """Whether nothing says of which class a mask is."""
        return not any(name for parts in self.masks.values() for name, _ in parts)

    @property
    def are_numbered_folders(self) -> bool:
        """Whether numbers of their folders are all that says of which class masks are."""
        own = [part for parts in self.masks.values() for part in parts]
        return all(name.isdecimal() and name in file.folders for name, file in own)

    @property
    def may_count(self) -> bool:
        """Whether numbers of names may count objects."""
        return self.numbered is not None or bool(self.kinds)

    def of_kinds(self) -> "Parts":
        """The same, with numbers in names that count objects."""
        one = self.numbered or ""
        masks = {
            stem: [(self.kinds.get(name, one), file) for name, file in parts] for stem, parts in self.masks.items()
        }
        return replace(self, masks=masks, numbered=None, kinds={}, are_counted=bool(self.kinds))


def parts_of(
    photos: Sequence[FoundFile],
    masks: Sequence[FoundFile],
    *,
    objects: bool = False,
    classes: bool = False,
    says_pairs: bool = False,
) -> Parts | None:
    """Masks of one class or object by their names and folders; None where each photo has one mask, or none is told.

    objects: whether a person says that each is of an object, whatever is added to the name of its photo.
    classes: whether a person says that each is of a class, also where names differ in a number only.
    says_pairs: whether a person says how names pair: then a mask of a photo's name is of that photo.
    """
    if len(masks) < 2 or not photos:
        return None
    if objects:
        return _objects(photos, masks)
    by_stem = {file.stem: file for file in photos}
    areas = areas_among(by_stem, masks)
    taken = {file for files in areas.values() for file in files}
    masks = [file for file in masks if file not in taken]
    if any(file.stem in by_stem for file in masks):
        return None if says_pairs else _counted(photos, masks, classes=classes)
    found = [
        _in_class_folders(by_stem, masks),
        _in_photo_folders(by_stem, masks, classes=classes),
        _in_sample_folders(photos, masks, classes=classes),
        _with_endings(by_stem, masks),
        _with_endings(by_stem, _out_of_chunks(by_stem, masks)),
    ]
    told = [parts for each in found if each and (parts := each if classes else _without_numbers(each))]
    best = max(told, key=lambda parts: len(parts.masks), default=None)
    return replace(best, areas=areas) if best else None


def _out_of_chunks(photos: Mapping[str, FoundFile], masks: Sequence[FoundFile]) -> Sequence[FoundFile]:
    """Masks without their folders, which only divide what is too much for one (CelebAMask-HQ: 0 to 14).

    None where photos lie in folders as well, or where a name stands in several.
    """
    bare = [FoundFile(file.path, PurePosixPath(file.name).name) for file in masks]
    alone = len({file.stem for file in bare}) == len(bare)
    return bare if alone and all(file.stem == PurePosixPath(file.name).stem for file in photos.values()) else ()


def _objects(photos: Sequence[FoundFile], masks: Sequence[FoundFile]) -> Parts | None:
    """Every mask as an object of the photo whose name it begins or ends with, or in whose folder it lies."""
    relation = relate([photo.stem for photo in photos], [file.stem for file in masks])
    if relation.alone:
        samples = ([_with_its_sample(file) for file in files] for files in (photos, masks))
        return _in_sample_folders(photos, masks, objects=True) or _in_sample_folders(*samples, objects=True)
    found: dict[str, list[tuple[str, FoundFile]]] = defaultdict(list)
    for file in masks:
        found[relation.found[file.stem][0]].append(("", file))
    return Parts(dict(sorted(found.items())), {photo.stem: photo for photo in photos})


def _in_class_folders(photos: Mapping[str, FoundFile], masks: Sequence[FoundFile]) -> Parts | None:
    """masks/road/x.png and masks/car/x.png of images/x.jpg: one folder more, which is the class, or its number.

    Names in it may have one word more, the same in all of a folder (IDRiD: 1. Microaneurysms/IDRiD_01_MA.tif).
    """
    found: dict[str, list[tuple[str, FoundFile]]] = defaultdict(list)
    ends: dict[str, set[str]] = defaultdict(set)
    for file in masks:
        inner = PurePosixPath(file.name)
        folders = [part for part in inner.parent.parts if place_of(part)]
        options = []
        for position, name in enumerate(folders):
            rest = FoundFile(file.path, "/".join([*folders[:position], *folders[position + 1 :], inner.name]))
            stem = rest.stem if rest.stem in photos else without_last_word(rest.stem)
            kind = class_of(name)
            is_class = name.isdecimal() if kind.isdecimal() else says_class(kind)
            if stem in photos and is_class and not folder_version(name):
                options.append((stem, kind))
                ends[kind].add(rest.stem.removeprefix(stem))
        if len(options) != 1 or len(ends[options[0][1]]) > 1:
            return None
        found[options[0][0]].append((options[0][1], file))
    several, numbers = _several(found, photos), sum(map(str.isdecimal, ends))
    if several is None or not numbers:
        return several
    return replace(several, numbered=None) if numbers == len(ends) <= _MOST_CLASSES else None  # they count no objects


def _in_photo_folders(photos: Mapping[str, FoundFile], masks: Sequence[FoundFile], *, classes: bool) -> Parts | None:
    """masks/x/*.png of images/x.jpg: a folder of the photo's name; classes: as parts_of."""
    found: dict[str, list[tuple[str, FoundFile]]] = defaultdict(list)
    names = {file: _without_photo(PurePosixPath(file.name)) for file in masks}
    by_folder: dict[PurePosixPath, list[str]] = defaultdict(list)
    for file in masks:
        by_folder[PurePosixPath(file.name).parent].append(names[file])
    are_classes = _are_class_names(list(by_folder.values()), classes=classes)
    for file in masks:
        stem = FoundFile(file.path, f"{PurePosixPath(file.name).parent}.x").stem
        if stem not in photos:
            return None
        found[stem].append((names[file] if are_classes else "", file))
    return _several(found, photos)


def _without_photo(mask: PurePosixPath) -> str:
    """What a mask is called in a folder of its photo's name: lbl01 of x/x_lbl01.png, as HELEN has it."""
    return mask.stem.removeprefix(mask.parent.name).strip(" _-.") or mask.stem


def _in_sample_folders(
    photos: Sequence[FoundFile], masks: Sequence[FoundFile], *, objects: bool = False, classes: bool = False
) -> Parts | None:
    """A folder for each sample: x/images/x.png with x/masks/*.png, or x/x.png; objects, classes: as parts_of."""
    by_sample: dict[PurePosixPath, list[FoundFile]] = defaultdict(list)
    for photo in photos:
        by_sample[_sample(photo)].append(photo)
    found: dict[str, list[tuple[str, FoundFile]]] = defaultdict(list)
    own: dict[str, FoundFile] = {}
    names: dict[PurePosixPath, list[str]] = defaultdict(list)
    for file in masks:
        names[_sample(file)].append(PurePosixPath(file.name).stem)
    are_classes = not objects and _are_class_names(list(names.values()), classes=classes)
    for file in masks:
        sample = _sample(file)
        if not role_of(PurePosixPath(file.name).parent.name) or not sample.parts or len(by_sample[sample]) != 1:
            return None
        photo = by_sample[sample][0]
        stem = photo.stem
        if _is_called_as_folder(photo):
            stem = FoundFile(photo.path, f"{sample.parent}/{PurePosixPath(photo.name).name}").stem
        own[stem] = photo
        found[stem].append((PurePosixPath(file.name).stem if are_classes else "", file))
    labelled = {photo.path for photo in own.values()}
    own.update((photo.stem, photo) for photo in photos if photo.path not in labelled)
    return _several(found, own)


def _counted(photos: Sequence[FoundFile], masks: Sequence[FoundFile], *, classes: bool) -> Parts | None:
    """Objects of which one has the photo's name by chance: 1/1.png with 1/masks/1.png, 2.png and 3.png, or masks/1/.

    None unless each photo is called as its folder, whose masks are called by numbers from the same one on: 3/masks with
    nothing but 3.png is the mask of all of 3. classes: whether a person says that the numbers are those of classes.
    """
    photos, masks = ([_with_its_sample(file) for file in files] for files in (photos, masks))
    numbers: dict[PurePosixPath, list[int]] = defaultdict(list)
    for file in masks:
        name = PurePosixPath(file.name).stem
        if not (name.isdecimal() and names_labels(PurePosixPath(file.name).parent.name)):
            return None
        numbers[_sample(file)].append(int(name))
    if classes:
        return _in_sample_folders(photos, masks, classes=True)
    alike = len({min(own) for own in numbers.values()}) == 1
    return _in_sample_folders(photos, masks, objects=True) if alike and all(map(_is_called_as_folder, photos)) else None


def _with_its_sample(file: FoundFile) -> FoundFile:
    """1/masks/2.png for masks/1/2.png: the folder that says what lies in it below that of the sample."""
    name = PurePosixPath(file.name)
    outer, inner = name.parent.parent, name.parent.name
    return FoundFile(file.path, str(outer.parent / inner / outer.name / name.name)) if role_of(outer.name) else file


def _is_called_as_folder(photo: FoundFile) -> bool:
    return PurePosixPath(photo.name).stem == _sample(photo).name


def _sample(file: FoundFile) -> PurePosixPath:
    """The folder above images/ or masks/, or that of a photo that lies in neither."""
    folder = PurePosixPath(file.name).parent
    return folder.parent if role_of(folder.name) else folder


def _are_class_names(samples: Sequence[Sequence[str]], *, classes: bool) -> bool:
    """Whether names of masks stand in many samples, as those of classes do, and as those of objects may by number.

    samples: the names in each.  classes: whether a person says that numbers are those of classes.
    """
    times = Counter(itertools.chain.from_iterable(samples))
    if classes and all(map(str.isdecimal, times)):
        return True
    if (kinds := numbered_kinds(samples)) and (classes or differ(samples) or are_counted(samples, kinds)):
        return True
    several = len(samples) > 1 and len(times) <= _MOST_CLASSES and 2 * len(times) <= sum(times.values())
    return several and not any(_OBJECT.fullmatch(name) for name in times)


def _with_endings(photos: Mapping[str, FoundFile], masks: Sequence[FoundFile]) -> Parts | None:
    """x_road.png and x_car.png of x.jpg; x_mask.png and x_mask_1.png are of objects."""
    relation = relate(list(photos), [file.stem for file in masks])
    if relation.alone:
        return None
    found: dict[str, list[tuple[str, FoundFile]]] = defaultdict(list)
    for file in masks:
        image, (_, pattern) = relation.found[file.stem]
        name = _name(pattern)
        if name is None:
            return None
        found[image].append((name, file))
    return _several(found, photos)


def _name(pattern: str) -> str | None:
    """What an ending is called beside words that say mask; empty for _mask and _mask_1; None for another kind."""
    words = re.split(r"[ _\-.]+", pattern.removeprefix("{}").strip(" _-."))
    if not pattern.startswith("{}") or pattern == "{}":
        return None
    longer = [word for word in words if len(word) > 1]  # l says mask in x_L.png, and left in x_l_eye.png
    others = [word for word in words if not says_mask(word) or (len(word) == 1 and len(longer) > 0)]
    if not others:
        return "" if [word.lower() for word in words] == ["mask"] else None
    if all(_OBJECT.fullmatch(word) for word in others):
        return "" if words[0].lower() == "mask" else "".join(others)
    return "_".join(others)


def _in_all(names: Collection[str], found: Mapping[str, Sequence[tuple[str, FoundFile]]]) -> bool:
    """Whether many names stand in each of several photos."""
    return len(names) >= _MANY_OBJECTS and len(found) > 1 and all(len(parts) == len(names) for parts in found.values())


def _in_several_folders(found: Mapping[str, Sequence[tuple[str, FoundFile]]]) -> bool:
    """Whether masks of a photo lie in several folders: then these are sets of masks, and not objects of one set."""
    return any(len({file.path.parent for _, file in parts}) > 1 for parts in found.values())


def _several(found: Mapping[str, Sequence[tuple[str, FoundFile]]], photos: Mapping[str, FoundFile]) -> Parts | None:
    """The masks, if a photo has more than one, and if all have names or none has."""
    most = max(map(len, found.values()), default=0)
    names = {name for parts in found.values() for name, _ in parts}
    if most < 2 or ("" in names and len(names) > 1) or ("" in names and _in_several_folders(found)):
        return None
    kinds = {name.rstrip("0123456789").rstrip(" _-.") for name in names}
    are_numbered = len(names) > 1 and len(kinds) == 1
    kind = "" if (only := kinds.pop()).lower() in _OBJECT_WORDS else only
    ordered = {stem: sorted(parts, key=lambda part: (part[0], part[1].name)) for stem, parts in sorted(found.items())}
    in_photos = [[name for name, _ in parts] for parts in found.values()]
    of_several = numbered_kinds(in_photos)
    of_several = of_several if of_several and may_be_counted(in_photos, of_several) else {}
    count = bool(of_several) and are_counted(in_photos, of_several)
    result = Parts(
        ordered,
        photos,
        numbered=kind if are_numbered else None,
        kinds=of_several if count else {},
        is_unclear=bool(of_several) and not count,
    )
    is_numbered = result.may_count or result.is_unclear
    return result if is_numbered or len(names) <= _MOST_CLASSES else None


def _without_numbers(parts: Parts) -> Parts | None:
    """The same where names that differ by a number only are of objects, if a photo has many (cell_0 .. cell_9).

    They stay names if each photo has them all (lbl00 .. lbl10), which only pixels tell. Two or three may be those of
    people who drew (rater1, rater2): None.
    """
    if parts.kinds:
        return parts.of_kinds()
    if parts.numbered is None:
        return parts
    if max(map(len, parts.masks.values())) < _MANY_OBJECTS:
        return None
    names = {name for own in parts.masks.values() for name, _ in own}
    return parts if len(names) <= _MOST_CLASSES and _in_all(names, parts.masks) else parts.of_kinds()
