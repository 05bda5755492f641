"""Which image files of a folder are photos, and which are masks, by the names of their folders and of themselves."""

import shlex
from collections import Counter, defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path, PurePosixPath

from prep.core.errors import SegError
from prep.core.folder_names import SPLIT_WORDS, Role, role_of, speaks_of_labels
from prep.core.words import as_source, counted, list_some, verb
from prep.images.finding import FoundFile, refuse_equal_stems
from prep.labels.layouts.affixes import (
    Patterns,
    Relation,
    fits,
    in_places,
    is_called_mask,
    is_named_as_mask,
    relate,
    relate_in_places,
)
from prep.labels.layouts.class_endings import by_class_endings
from prep.labels.layouts.class_folders import by_class_folders
from prep.labels.layouts.kinds import in_place_of, of_colors, of_newest_version, without_parts, without_pictures
from prep.labels.layouts.looks import are_drawn, by_look, without_color
from prep.labels.layouts.splits import (
    lie_with_masks,
    out_of_folders_in_splits,
    say_other_splits,
    split_of,
    with_folders_of_splits,
)

_PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".jfif", ".heic", ".heif", ".avif", ".webp", ".tif", ".tiff", ".bmp"})
_MASK_SUFFIXES = frozenset({".png", ".gif"})
_SHOWN = 6
_NO_PHOTO = 12
"""No photo holds so few values: x.tif and x.png are both masks then."""


@dataclass(frozen=True)
class Division:
    """Photos, empty where none are told from the masks; masks; and what a person should know of the rest."""

    photos: tuple[FoundFile, ...]
    masks: tuple[FoundFile, ...]
    notes: tuple[str, ...] = ()


def divide(files: Sequence[FoundFile], patterns: Patterns | None = None) -> Division:
    """Tell photos from masks: by their folders, else by patterns that a person gave, else by names and endings."""
    found = _divided(files, patterns)
    if patterns is None:
        masks, note = without_parts(found.masks)
        return replace(found, masks=tuple(masks), notes=(*found.notes, note)) if note else found
    kept = {file.path for file in (*found.photos, *found.masks)}
    rest = [file.name for file in files if file.path not in kept]
    note = f"left out, because --match finds no partner for them: {counted(len(rest), 'image')} ({list_some(rest)})"
    return replace(found, notes=(note,) if rest else ())


def _divided(files: Sequence[FoundFile], patterns: Patterns | None) -> Division:
    roles: dict[Role, list[FoundFile]] = {"photos": [], "labels": [], "": []}
    for file in files:
        roles[_role(file)].append(file)
    photos, masks, others = roles["photos"], roles["labels"], roles[""]
    if photos and not masks and not others:
        photos, masks = _by_outer_folder(photos)
    if photos and masks:
        return _of_one_kind(photos, _of_pattern(masks, patterns), others)
    if photos and others:  # what lies elsewhere are the masks
        return Division(tuple(photos), tuple(_of_pattern(out_of_folders_in_splits(others), patterns)))
    if not patterns and (classes := by_class_folders(files)):
        return _without_others(*classes, [])
    if not patterns and (beside := by_class_endings(files)):
        return _without_others(*beside)
    if masks and others:
        for unnamed in (_inside(others), others):
            if unnamed and not relate(_stems(unnamed), _stems(masks)).alone:
                return _without_others(unnamed, _of_pattern(masks, patterns), [])
        if _are_around(others, masks):
            return Division(tuple(others), tuple(_of_pattern(masks, patterns)))
    found = (_by_pattern(files, patterns) if patterns else _by_name(files)) or _by_ending(files)
    if found:
        return _without_others(*found, [])
    if two := _by_sample_folder(files) or _by_folder(files):
        return two
    return Division(tuple(photos), ()) if photos else Division((), tuple(files))


def refuse_several_sets(source: Path, division: Division) -> None:
    """SegError if folders hold masks of the same names, each set for the same photos; it says how to take one."""
    folders: dict[str, list[PurePosixPath]] = defaultdict(list)
    for file in division.masks:
        folders[file.stem].append(PurePosixPath(file.name).parent)
    several = [each for each in folders.values() if len(set(each)) > 1]
    if not several:
        return
    sets = Counter(folder for each in several for folder in sorted(set(each)))
    photos = Counter(PurePosixPath(file.name).parent for file in division.photos).most_common(1)
    beside = ["--images", str(source / photos[0][0])] if photos else []
    ways = [
        f"{shlex.join([str(source / folder), *beside])}   {counted(number, 'mask')}"
        for folder, number in sets.most_common(_SHOWN)
    ]
    raise SegError(
        f"{source}: {counted(len(several), 'name')} of masks {verb(len(several), 'stands', 'stand')} in several "
        f"folders. Where these are masks of the same photos, {as_source(ways)}"
    )


def _role(file: FoundFile) -> Role:
    """By the innermost folder that says it."""
    return next((role for folder in reversed(file.folders) if (role := role_of(folder))), "")


def _are_around(photos: Sequence[FoundFile], masks: Sequence[FoundFile]) -> bool:
    """Whether each folder of masks lies in one with a single photo: p1/p1.jpg and p1/masks/road.png."""
    times = Counter(PurePosixPath(file.name).parent for file in photos)
    around = {PurePosixPath(file.name).parent.parent for file in masks}
    return around == times.keys() and PurePosixPath() not in around and max(times.values()) == 1


def _by_outer_folder(files: Sequence[FoundFile]) -> tuple[list[FoundFile], list[FoundFile]]:
    """By the outermost folder that says it: train/images/images/x.png and train/Semantic_masks/images/x.png."""
    roles: dict[Role, list[FoundFile]] = {"photos": [], "labels": [], "": []}
    for file in files:
        roles[next((role for folder in file.folders if (role := role_of(folder))), "")].append(file)
    return (roles["photos"], roles["labels"]) if roles["labels"] else (list(files), [])


def _of_one_kind(photos: Sequence[FoundFile], masks: Sequence[FoundFile], others: Sequence[FoundFile]) -> Division:
    """Without older versions of masks and bands of photos, masks of instances and pictures of the masks."""
    masks, of_versions = of_newest_version(masks, photos)
    photos, of_bands = of_colors(photos)
    found = _without_pictures(photos, masks, others)
    return replace(found, notes=(*found.notes, *filter(None, (of_versions, of_bands))))


def _without_pictures(photos: Sequence[FoundFile], masks: Sequence[FoundFile], others: Sequence[FoundFile]) -> Division:
    kept, left, why = without_pictures(masks)
    if not left or len(kept) < len(_without_others(photos, kept, ()).photos):
        return _without_others(photos, in_place_of(photos, masks), others)
    found = _without_others(photos, in_place_of(photos, kept), others)
    folders = sorted({str(PurePosixPath(file.name).parent) for file in left})
    note = (
        f"{why}; left out: {counted(len(left), 'mask')} in {list_some(folders)} (to take them, name their folder alone)"
    )
    return replace(found, notes=(*found.notes, note))


def _without_others(photos: Sequence[FoundFile], masks: Sequence[FoundFile], others: Sequence[FoundFile]) -> Division:
    """Without files in folders that say neither, and without photos of a test that came without any mask."""
    notes = []
    if others:
        names = list_some([file.name for file in others])
        notes.append(f"{counted(len(others), 'image')} in no folder of photos or of masks left out: {names}")
    held = {split_of(str(PurePosixPath(file.name).parent)) for file in masks}
    if held and "" not in held and "test" not in held:
        test = [file for file in photos if split_of(str(PurePosixPath(file.name).parent)) == "test"]
        if test:
            left = set(test)
            photos = [file for file in photos if file not in left]
            notes.append(f"{counted(len(test), 'image')} of the test folder without a mask left out")
    return Division(tuple(photos), tuple(masks), tuple(notes))


def _of_pattern(masks: Sequence[FoundFile], patterns: Patterns | None) -> Sequence[FoundFile]:
    """The masks whose names are as a person says; all of them if none is."""
    return masks if patterns is None else [file for file in masks if _core(file, patterns[1])] or masks


def _by_pattern(files: Sequence[FoundFile], patterns: Patterns) -> tuple[list[FoundFile], list[FoundFile]] | None:
    cores = {core for file in files if (core := _core(file, patterns[0]))}
    masks = [file for file in files if _core(file, patterns[1]) in cores]
    shared = {_core(file, patterns[1]) for file in masks}
    taken = set(masks)
    photos = [file for file in files if _core(file, patterns[0]) in shared and file not in taken]
    photos = _without_twins(photos)[0]
    masks += _without_photo(files, {*photos, *masks}, patterns)
    photos += _without_mask(files, photos, {*masks}, patterns)
    return (sorted(photos, key=attrgetter("name")), masks) if photos else None


def _without_photo(files: Sequence[FoundFile], known: Set[FoundFile], patterns: Patterns) -> list[FoundFile]:
    """Masks whose photo is lost: called as masks are, and as photos only where that says less (anna_2 fits {})."""
    image, mask = patterns
    told = [file for file in files if file not in known and mask != "{}" and _core(file, mask)]
    return told if len(mask) > len(image) else [file for file in told if not _core(file, image)]


def _without_mask(
    files: Sequence[FoundFile], photos: Sequence[FoundFile], masks: Set[FoundFile], patterns: Patterns
) -> list[FoundFile]:
    """Photos that have no mask: called and ending as those that have one, and no other masks of these (x_color)."""
    known, endings = {*photos, *masks}, {file.suffix for file in photos}
    rest = [file for file in files if file not in known and file.suffix in endings and _core(file, patterns[0])]
    related = _relate_in_folders(photos, rest).found if rest else {}
    return [file for file in rest if file.stem not in related]


def _by_name(files: Sequence[FoundFile]) -> tuple[list[FoundFile], list[FoundFile]] | None:
    """Names with a word added that says mask are masks, where most of the others are their photos."""
    masks = [file for file in files if is_named_as_mask(file.stem) or is_named_as_mask(_own_name(file))]
    if not masks or len(masks) == len(files):
        return None
    taken = set(masks)
    photos, more = _without_twins([file for file in files if file not in taken])
    masks = [*more, *masks]
    found = _relate_in_folders(photos, masks)
    related = {image for image, _ in found.found.values()}
    return (photos, masks) if not found.alone and 2 * len(related) >= len(photos) else None


def _by_ending(files: Sequence[FoundFile]) -> tuple[list[FoundFile], list[FoundFile]] | None:
    """Where most names of a folder stand twice, as x.jpg and x.png, the photos are in the format that loses.

    What they look like comes first where it is plain: x.png may be the photo, and x.bmp its mask. Then a few of the
    photos may be all that have a mask.
    """
    roles = {_role(file) for file in files}
    if roles - {"", "photos"} or len(roles) > 1:
        return None
    photos, masks = by_look(files)
    is_plain = bool(masks)
    if not masks and "photos" in roles:  # images/x.jpg and images/x.png are photos unless one looks as a mask does
        return None
    if not masks:
        photos = [file for file in files if file.path.suffix.lower() in _PHOTO_SUFFIXES]
        masks = [file for file in files if file.path.suffix.lower() in _MASK_SUFFIXES]
    if not photos or not masks or len(photos) + len(masks) < len(files):
        return None
    ours, theirs = set(_stems(photos)), set(_stems(masks))
    pair = 2 * len(ours & theirs) >= len(ours | theirs) or (is_plain and theirs <= ours)
    if len(theirs) == len(masks) and pair:
        refuse_equal_stems(photos)
    if are_drawn(photos, _NO_PHOTO) and are_drawn(masks):
        return None
    alone = len(ours) == len(photos) and len(theirs) == len(masks)  # neither stands twice among its own
    return (photos, masks) if alone and masks and pair else None


def _without_twins(photos: Sequence[FoundFile]) -> tuple[list[FoundFile], list[FoundFile]]:
    """Photos beside x_color.png; and files of their names that are masks, too: x.png beside x.jpg."""
    if len(set(_stems(photos))) == len(photos) or not (two := _by_ending(photos)):
        return list(photos), []
    return two


def _inside(files: Sequence[FoundFile]) -> list[FoundFile]:
    """Files as they are named below the one folder in which all lie; none if there is no such folder, or a split."""
    folders = {file.name.partition("/")[0] for file in files}
    if len(folders) != 1 or folders.pop().lower() in SPLIT_WORDS or any("/" not in file.name for file in files):
        return []
    return [FoundFile(file.path, file.name.partition("/")[2]) for file in files]


def _by_sample_folder(files: Sequence[FoundFile]) -> Division | None:
    """A folder for each photo, and its mask in it, which is called mask or the like everywhere; masks get their names.

    p1/p1.jpg, p1/mask.png, p2/p2.jpg, p2/mask.png.
    """
    folders: dict[PurePosixPath, list[FoundFile]] = defaultdict(list)
    for file in files:
        folders[PurePosixPath(file.name).parent].append(file)
    photos, masks = list[FoundFile](), list[FoundFile]()
    for folder, two in folders.items():
        mask = without_color([file for file in two if is_called_mask(PurePosixPath(file.name).stem)])
        if len(two) != 2 or len(mask) != 1:
            return None
        (photo,) = (file for file in two if file is not mask[0])
        photos.append(photo)
        masks.append(FoundFile(mask[0].path, f"{folder}/{PurePosixPath(photo.name).stem}{mask[0].suffix}"))
    if len({file.path.stem for file in masks}) != 1 or len(folders) < 2:
        return None
    return Division(tuple(photos), tuple(masks))


def _by_folder(files: Sequence[FoundFile]) -> Division | None:
    """Two folders with the same names in them: masks are named so, or their folder is, or they hold few values.

    The outermost ones, or two innermost in each split (train/X, train/Y, or trainX, trainY), where test may have
    photos only.
    """
    if any("/" not in file.name for file in files):
        return None
    return _of_two_folders(files, 0) or _of_two_folders(files, -2) or _of_two_folders(with_folders_of_splits(files), -2)


def _of_two_folders(files: Sequence[FoundFile], part: int) -> Division | None:
    """The same by the folder at this place among the parts of names, if there are two."""
    folders: dict[str, list[FoundFile]] = defaultdict(list)
    others = list[FoundFile]()
    for file in files:
        parts = [*PurePosixPath(file.name).parts]
        folder = parts.pop(part)
        if part and SPLIT_WORDS.get(folder.lower()) == "test":  # test/x.jpg: no mask of it came
            others.append(file)
        else:
            folders[folder].append(FoundFile(file.path, "/".join(parts)))
    if len(folders) != 2 or any(name.lower() in SPLIT_WORDS for name in folders) or say_other_splits(*folders):
        return None
    for first, second in (tuple(folders), tuple(folders)[::-1]):
        photos, masks = folders[first], folders[second]
        named = all(map(is_named_as_mask, _stems(masks))) and not all(map(is_named_as_mask, _stems(photos)))
        told = speaks_of_labels(second) or named or (are_drawn(masks) and not are_drawn(photos))
        if not told or speaks_of_labels(first) or (part and not lie_with_masks(photos, masks, others)):
            continue
        if not relate(_stems(photos), _stems(masks)).alone:
            found = _without_others(photos, masks, others)
            return replace(found, notes=(f"photos are taken from {first}/, and masks from {second}/", *found.notes))
    return None


def _core(file: FoundFile, pattern: str) -> str | None:
    """What stands for {} in its name in its folder, with what the stem has of folders before that; or in its stem."""
    own = _own_name(file)
    inner = fits(own, pattern)
    return fits(file.stem, pattern) if inner is None else file.stem.removesuffix(own) + inner


def _relate_in_folders(photos: Sequence[FoundFile], masks: Sequence[FoundFile]) -> Relation:
    """Relate them folder by folder, where the masks lie in folders of photos; else by their stems."""
    ours, theirs = ({file.stem: _own_name(file) for file in files} for files in (photos, masks))
    if in_places(ours, theirs):
        return relate_in_places(ours, theirs)
    return relate(_stems(photos), _stems(masks))


def _own_name(file: FoundFile) -> str:
    """What it is called in its folder."""
    return FoundFile(file.path, PurePosixPath(file.name).name).stem


def _stems(files: Sequence[FoundFile]) -> list[str]:
    return [file.stem for file in files]
