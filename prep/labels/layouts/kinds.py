"""Masks of several kinds for the same photos, each in a folder of its own: which of them hold classes."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

from prep.core.errors import SegError
from prep.core.folder_names import role_of, words_of
from prep.core.words import counted, list_some
from prep.images.finding import FoundFile
from prep.labels.layouts.affixes import relate
from prep.labels.layouts.looks import number_of_values

PICTURES = frozenset(
    {"instance", "instances", "inst", "panoptic", "color", "colors", "colour", "colours", "colored", "coloured"}
    | {"colormap", "colormaps", "rgb", "visual", "visualization", "visualizations", "overlay", "overlays", "vis"}
)
"""Words of folders, and of masks' names, that hold no classes, or classes as colours to look at."""
_BANDS = frozenset({"nir", "ir", "depth", "thermal", "lwir", "swir", "ndvi", "evi", "edge", "rededge"})
_VERSION = re.compile(r"v(\d+(?:\.\d+)*)")
_FIRST_OBSERVER = frozenset({"manual1", "1st_manual"})
_LOOKED_AT = 4

OBSERVER = "the first observer's masks are the truth, and mask is the field of view"
OF_CLASSES = "other folders hold the numbers or names of classes"


def folder_version(folder: str) -> tuple[int, ...]:
    """The numbers of v1.2; nothing for any other name."""
    return tuple(map(int, found[1].split("."))) if (found := _VERSION.fullmatch(folder.lower())) else ()


def of_newest_version(masks: Sequence[FoundFile], photos: Sequence[FoundFile]) -> tuple[Sequence[FoundFile], str]:
    """Of masks in folders of versions (Mapillary Vistas: v1.2 and v2.0) those of the newest, and what to say of it.

    All of them, and nothing to say, where there are no versions, or one, or where v1 and v2 are videos or batches:
    photos lie in such folders, too, or the newest one has not all names of the others, or photos of a name are more.
    """
    versions = {file: max((part for part in file.folders if folder_version(part)), default="") for file in masks}
    names = sorted(set(versions.values()), key=folder_version)
    if len(names) < 2 or "" in names or any(folder_version(part) for file in photos for part in file.folders):
        return masks, ""
    kept = [file for file in masks if versions[file] == names[-1]]
    places = {_without(file.name, {names[-1]}) for file in kept}
    if any(_without(file.name, {versions[file]}) not in places for file in masks):
        return masks, ""
    times = Counter(PurePosixPath(file.name).name.partition(".")[0] for file in photos)
    if any(times[name] > number for name, number in Counter(PurePosixPath(place).stem for place in places).items()):
        return masks, ""
    note = f"of {', '.join(names)} the newest is taken; left out: {counted(len(masks) - len(kept), 'mask')}"
    return kept, f"{note} (to take them, name their folder alone)"


def of_colors(photos: Sequence[FoundFile]) -> tuple[Sequence[FoundFile], str]:
    """Photos in colour where others of the same names hold a further band each (rgb and nir), and what to say of it."""
    kept: list[FoundFile] = []
    left: list[FoundFile] = []
    for file in photos:
        (left if any(words_of(part) & _BANDS for part in file.folders) else kept).append(file)
    if not left:
        return photos, ""
    names = {PurePosixPath(file.name).stem for file in kept}
    if not {PurePosixPath(file.name).stem for file in left} <= names:
        return photos, ""
    folders = sorted({str(PurePosixPath(file.name).parent) for file in left})
    return kept, f"a photo is of three colours; left out: {counted(len(left), 'image')} in {list_some(folders)}"


def without_pictures(masks: Sequence[FoundFile]) -> tuple[Sequence[FoundFile], list[FoundFile], str]:
    """The masks that hold classes, those of folders that say otherwise, and why; all where nothing would be left.

    Beside masks of a first observer (DRIVE, HRF), others are of a second one or the field of view.
    """
    first = [file for file in masks if _FIRST_OBSERVER & {part.lower() for part in file.folders}]
    kept = first or [file for file in masks if not any(PICTURES & words_of(part) for part in file.folders)]
    if not kept:
        return masks, [], ""
    taken = set(kept)
    return kept, [file for file in masks if file not in taken], OBSERVER if first else OF_CLASSES


def without_parts(masks: Sequence[FoundFile]) -> tuple[Sequence[FoundFile], str]:
    """Masks without those of one class each that lie in folders below them (SUIM: x.bmp and RO/x.bmp), and a note.

    All of them, and nothing to say, unless each of these has a mask of its name in the folder above, which holds more.
    """
    names = {file.name: file for file in masks}
    wholes = {file: names[above] for file in masks if (above := _above(file.name)) in names}
    folders = {PurePosixPath(file.name).parent for file in wholes}
    inside = [file for file in masks if PurePosixPath(file.name).parent in folders]
    if not wholes or len(inside) > len(wholes) or not all(map(_is_of_one_class, _of_each(folders, inside))):
        return masks, ""
    if all(map(_is_of_one_class, list(wholes.values())[:_LOOKED_AT])):
        return masks, ""
    note = (
        f"masks of one class each, below masks that hold all classes, left out: {counted(len(inside), 'mask')} in "
        f"{list_some(sorted(map(str, folders)))} (to take them, name their folder alone)"
    )
    return [file for file in masks if file not in wholes], note


def _above(name: str) -> str:
    """The same name one folder further up; empty where there is none."""
    path = PurePosixPath(name)
    return str(path.parent.parent / path.name) if path.parent.name and not folder_version(path.parent.name) else ""


def _of_each(folders: Collection[PurePosixPath], files: Sequence[FoundFile]) -> list[FoundFile]:
    """The first file of each folder."""
    first = {PurePosixPath(file.name).parent: file for file in reversed(files)}
    return [first[folder] for folder in folders]


def _is_of_one_class(file: FoundFile) -> bool:
    """Whether it holds two values at most; a damaged one, or a member of a zip file, does not."""
    try:
        return ".." not in file.path.parts and number_of_values(file.path) <= 2
    except SegError:
        return False


def in_place_of(photos: Sequence[FoundFile], masks: Sequence[FoundFile]) -> Sequence[FoundFile]:
    """The masks without folders that all of them have and no photo (v2.0), if their names pair then, and only then.

    Or where they have fewer ways to differ then: train_v2.0_1 and val_v2.0_2 of train_1 and val_2.
    """
    stems = [file.stem for file in photos]
    relation = relate(stems, [file.stem for file in masks])
    ways = len({how for _, how in relation.found.values()})
    if not relation.alone and ways == 1:
        return masks
    common = set.intersection(*(set(file.folders) for file in masks))
    own = sorted(part for part in common - {each for file in photos for each in file.folders} if not role_of(part))
    for parts in (*({part} for part in own), set(own)) if own else ():
        moved = [FoundFile(file.path, _without(file.name, parts)) for file in masks]
        found = relate(stems, [file.stem for file in moved])
        if not found.alone and (relation.alone or len({how for _, how in found.found.values()}) < ways):
            return moved
    return masks


def _without(name: str, parts: Collection[str]) -> str:
    path = PurePosixPath(name)
    return "/".join([*(each for each in path.parent.parts if each not in parts), path.name])
