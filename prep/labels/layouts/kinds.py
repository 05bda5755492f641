"""Masks of several kinds for the same photos, each in a folder of its own: which of them hold classes."""

import re
from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

from prep.core.folder_names import role_of, words_of
from prep.core.words import counted, list_some
from prep.images.finding import FoundFile
from prep.labels.layouts.affixes import relate

_PICTURES = frozenset(
    {"instance", "instances", "inst", "panoptic", "color", "colors", "colour", "colours", "colored", "coloured"}
    | {"colormap", "colormaps", "rgb", "visual", "visualization", "visualizations", "overlay", "overlays", "vis"}
)
"""Words of folders that hold no classes, or classes as colours to look at."""
_BANDS = frozenset({"nir", "ir", "depth", "thermal", "lwir", "swir", "ndvi", "evi", "edge", "rededge"})
_VERSION = re.compile(r"v(\d+(?:\.\d+)*)")
_FIRST_OBSERVER = frozenset({"manual1", "1st_manual"})


OBSERVER = "the first observer's masks are the truth, and mask is the field of view"
CLASSES = "other folders hold the numbers or names of classes"


def version_of(folder: str) -> tuple[int, ...]:
    """The numbers of v1.2; nothing for any other name."""
    return tuple(map(int, found[1].split("."))) if (found := _VERSION.fullmatch(folder.lower())) else ()


def of_newest_version(masks: Sequence[FoundFile]) -> tuple[Sequence[FoundFile], str]:
    """Of masks in folders of versions (Mapillary Vistas: v1.2 and v2.0) those of the newest, and what to say of it.

    All of them, and nothing to say, where there are no versions, or one.
    """
    versions = {file: max((part for part in _folders(file) if version_of(part)), default="") for file in masks}
    names = sorted(set(versions.values()), key=version_of)
    if len(names) < 2 or "" in names:
        return masks, ""
    kept = [file for file in masks if versions[file] == names[-1]]
    note = f"of {', '.join(names)} the newest is taken; left out: {counted(len(masks) - len(kept), 'mask')}"
    return kept, f"{note} (to take them, name their folder alone)"


def of_colors(photos: Sequence[FoundFile]) -> tuple[Sequence[FoundFile], str]:
    """Photos in colour where others of the same names hold a further band each (rgb and nir), and what to say of it."""
    kept: list[FoundFile] = []
    left: list[FoundFile] = []
    for file in photos:
        (left if any(words_of(part) & _BANDS for part in _folders(file)) else kept).append(file)
    names = {PurePosixPath(file.name).stem for file in kept}
    if not left or not {PurePosixPath(file.name).stem for file in left} <= names:
        return photos, ""
    folders = sorted({str(PurePosixPath(file.name).parent) for file in left})
    return kept, f"a photo is of three colours; left out: {counted(len(left), 'image')} in {list_some(folders)}"


def without_pictures(masks: Sequence[FoundFile]) -> tuple[Sequence[FoundFile], list[FoundFile], str]:
    """The masks that hold classes, those of folders that say otherwise, and why; all where nothing would be left.

    Beside masks of a first observer (DRIVE, HRF), others are of a second one or the field of view.
    """
    first = [file for file in masks if _FIRST_OBSERVER & {part.lower() for part in _folders(file)}]
    kept = first or [file for file in masks if not any(_PICTURES & words_of(part) for part in _folders(file))]
    if not kept:
        return masks, [], ""
    taken = set(kept)
    return kept, [file for file in masks if file not in taken], OBSERVER if first else CLASSES


def in_place_of(photos: Sequence[FoundFile], masks: Sequence[FoundFile]) -> Sequence[FoundFile]:
    """The masks without folders that all of them have and no photo (v2.0), if their names pair then, and only then."""
    stems = [file.stem for file in photos]
    if not relate(stems, [file.stem for file in masks]).alone:
        return masks
    common = set.intersection(*(set(_folders(file)) for file in masks))
    own = sorted(part for part in common - {each for file in photos for each in _folders(file)} if not role_of(part))
    for parts in (*({part} for part in own), set(own)):
        moved = [FoundFile(file.path, _without(file.name, parts)) for file in masks]
        if not relate(stems, [file.stem for file in moved]).alone:
            return moved
    return masks


def _folders(file: FoundFile) -> tuple[str, ...]:
    return PurePosixPath(file.name).parent.parts


def _without(name: str, parts: Collection[str]) -> str:
    path = PurePosixPath(name)
    return "/".join([*(each for each in path.parent.parts if each not in parts), path.name])
