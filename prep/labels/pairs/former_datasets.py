"""Datasets of ours that lie among raw files: their images and masks are results, no further photos and labels."""

import os
import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from prep.core.classes import ClassMap, read_classes
from prep.core.errors import SegError
from prep.core.words import counted, list_some, verb
from prep.dataset.dataset_files import (
    CLASSES,
    FOLDS,
    IMAGES,
    INDEX,
    MASKS,
    PATCHES,
    PHOTOS_RECORD,
    PROVENANCE,
    RANGES,
    REPORT,
    STATES,
    STATS,
)
from prep.images.finding import FoundFile, outside_of

_HEADER = b"stem,image,mask,"
_FILES = (INDEX, CLASSES, STATES, PHOTOS_RECORD, FOLDS, RANGES, STATS, PROVENANCE, REPORT)
"""Not photos/ and labels/, which may lie there and are raw."""


def outside_datasets(top: Path, files: Sequence[FoundFile]) -> list[FoundFile]:
    """The files but the results in datasets that lie below a folder; all of them where nothing else lies there."""
    former = former_datasets(top, files)
    results = {folder / name for folder in former for name in _FILES}
    outside = [file for file in outside_of(_folders(former), files) if file.path not in results] if former else []
    return outside or [*files]


def former_datasets(top: Path, files: Iterable[FoundFile]) -> list[Path]:
    """The datasets of ours below a folder, not the folder itself, in which some of these files lie."""
    folders = {os.path.dirname(file.path) for file in files}  # noqa: PTH120  # a million paths are many
    tops = {Path(folder).parent for folder in folders if folder.endswith((f"{os.sep}{IMAGES}", f"{os.sep}{MASKS}"))}
    own = top.absolute()
    return sorted(each for each in tops if own in each.absolute().parents and _is_ours(each))


def paths_outside_datasets(root: Path) -> Iterator[Path]:
    """All files below a folder but those in datasets of ours."""
    for folder, folders, names in os.walk(root):
        shown = (name for name in folders if not name.startswith("."))
        folders[:] = sorted(name for name in shown if not _looks_ours(Path(folder, name)))
        yield from (Path(folder) / name for name in sorted(names))


def note_on_former(former: Sequence[Path]) -> list[str]:
    """A note that names the datasets below a source of which nothing is read."""
    if not former:
        return []
    names = list_some([*map(str, former)])
    return [
        f"left out, because seg-prep made {verb(len(former), 'it', 'them')}: {counted(len(former), 'dataset')} "
        f"({names}); such masks hold class indices, and not the values of the raw labels"
    ]


def refuse_own_masks(labels: Iterable[Path], classes: ClassMap) -> None:
    """SegError for masks of a dataset of ours, which hold indices, where a class map has other ids than these."""
    if classes.ids == tuple(range(len(classes))):
        return
    folders = sorted({path.parent for path in labels})
    own = next((each for each in folders if each.name == MASKS and _is_ours(each.parent)), None)
    if own is None:
        return
    names = "\n".join(read_classes(own.parent / CLASSES).names)
    raise SegError(
        f"{own}: seg-prep made these masks: they hold the indices of the classes, and no longer the ids of the raw "
        f"labels. The dataset is ready as it is ({shlex.join(['seg-prep', 'check', str(own.parent)])}); to convert "
        "the labels anew, name the folder in which they came. If these masks are to be converted all the same, save "
        f"these lines as indices.txt and add --classes indices.txt:\n\n{names}"
    )


def _folders(former: Iterable[Path]) -> list[Path]:
    return [folder / name for folder in former for name in (IMAGES, MASKS, PATCHES)]


def _is_ours(folder: Path) -> bool:
    try:
        with (folder / INDEX).open("rb") as index:
            return index.read(len(_HEADER)) == _HEADER and (folder / CLASSES).is_file()
    except OSError:
        return False


def _looks_ours(folder: Path) -> bool:
    """Whether it looks like a dataset of ours, whose images have the names of the photos they were made of."""
    return (folder / INDEX).is_file() and any((folder / name).is_dir() for name in (IMAGES, MASKS))
