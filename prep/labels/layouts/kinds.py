"""Masks of several kinds for the same photos, each in a folder of its own: which of them hold classes."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from prep.core.folder_names import role_of, words_of
from prep.images.finding import FoundFile
from prep.labels.layouts.affixes import relate

_PICTURES = frozenset(
    {"instance", "instances", "inst", "panoptic", "color", "colors", "colour", "colours", "colored", "coloured"}
    | {"colormap", "colormaps", "rgb", "visual", "visualization", "visualizations", "overlay", "overlays", "vis"}
)
"""Words of folders that hold no classes, or classes as colours to look at."""
_FIRST_OBSERVER = frozenset({"manual1", "1st_manual"})


OBSERVER = "the first observer's masks are the truth, and mask is the field of view"
CLASSES = "other folders hold the numbers or names of classes"


def without_pictures(masks: Sequence[FoundFile]) -> tuple[Sequence[FoundFile], list[FoundFile], str]:
    """The masks that hold classes, those of folders that say otherwise, and why; all where nothing would be left.

    Beside masks of a first observer (DRIVE, HRF), others are of a second one or the field of view.
    """
    first = [file for file in masks if _FIRST_OBSERVER & {part.lower() for part in _folders(file)}]
    kept = first or [file for file in masks if not any(_PICTURES & words_of(part) for part in _folders(file))]
    why = OBSERVER if first else CLASSES
    return (kept, [file for file in masks if file not in set(kept)], why) if kept else (masks, [], "")


def in_place_of(photos: Sequence[FoundFile], masks: Sequence[FoundFile]) -> Sequence[FoundFile]:
    """The masks without a folder that all of them have and no photo (v2.0), if their names pair then, and only then."""
    stems = [file.stem for file in photos]
    if not relate(stems, [file.stem for file in masks]).alone:
        return masks
    common = set.intersection(*(set(_folders(file)) for file in masks))
    for part in sorted(common - {folder for file in photos for folder in _folders(file)}):
        if role_of(part):
            continue
        moved = [FoundFile(file.path, _without(file.name, part)) for file in masks]
        if not relate(stems, [file.stem for file in moved]).alone:
            return moved
    return masks


def _folders(file: FoundFile) -> tuple[str, ...]:
    return PurePosixPath(file.name).parent.parts


def _without(name: str, part: str) -> str:
    path = PurePosixPath(name)
    return "/".join([*(each for each in path.parent.parts if each != part), path.name])
