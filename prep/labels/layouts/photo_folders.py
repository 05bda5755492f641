"""Where the photos of labels are: as a person says, as the labels say, beside them, or by what images look like."""

import itertools
import os
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from prep.core.errors import SegError
from prep.core.folder_names import own_words
from prep.core.words import as_source, lines, options
from prep.dataset.dataset import Dataset, is_dataset
from prep.dataset.dataset_files import IMAGES, MASKS, PHOTOS
from prep.images.finding import FoundFile, find_photos, outside_of, photos_beside, refuse_equal_stems
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.layouts.affixes import relate
from prep.labels.layouts.looks import are_drawn, are_photos, is_photo, proposals
from prep.labels.layouts.splits import splits_of_folders
from prep.labels.pairs.former_datasets import outside_datasets
from prep.labels.reader import LabelSource, RawLabel

_NEAR = 40
"""Folders beside the labels that are looked into for photos."""

_MOST = 10_000
"""Files of each that are looked at."""


def photos_to_bring(
    root: Path, source: Path, given: Path | None, labels: LabelSource, before: Dataset | None, unpacked: Path | None
) -> list[FoundFile]:
    """The raw photos of these labels, of which none is a label; those of a dataset that has images may lie nowhere.

    unpacked: the folder with the files of a source that is a zip file.
    Raises SegError where there are none, and no images either.
    """
    brought = _to_bring(root, source, given, labels, before, unpacked)
    if before is not None:
        brought = outside_of((root / IMAGES, root / MASKS), brought)  # whose images are no photos of others
    return [_recorded_below(file, given or unpacked or source) for file in brought]


def _recorded_below(file: FoundFile, folder: Path) -> FoundFile:
    """The file with its path below the folder: its name may be shortened, and the folders of photos be groups."""
    # resolve() would follow links to other names
    path, top = Path(os.path.abspath(file.path)), Path(os.path.abspath(folder))  # noqa: PTH100
    below = path.relative_to(top).as_posix() if top in path.parents else file.name
    return file if below == file.name else replace(file, recorded=below)


def _to_bring(
    root: Path, source: Path, given: Path | None, labels: LabelSource, before: Dataset | None, unpacked: Path | None
) -> list[FoundFile]:
    if given is not None:
        if labels.photos and given.resolve() == source.resolve():
            return labels.photo_files
        found = find_photos([given], without={label.at for label in labels.labels})
        return _by_label_stems(outside_datasets(given, found), labels)
    if labels.photos:
        return labels.photo_files
    if (root / PHOTOS).is_dir():
        return find_photos([root / PHOTOS])
    if beside := next(filter(None, map(photos_beside, dict.fromkeys((unpacked or source, source)))), []):
        refuse_equal_stems(beside)
        return outside_datasets(source, beside)
    if labels.names_photos or (before is not None and any(sample.image for sample in before.samples)):
        return []
    if labels.reader == "npy":
        raise _photos_of_numpy(source)
    files = [FoundFile(each.path, each.path.relative_to(source).as_posix()) for each in _inside(source, labels)]
    _refuse_mixed(source, files)
    near = _folders_near(source, labels)
    raise SegError(
        f"{root}: has no folder photos/, and no photos lie beside {source}; "
        + (f"add where they are:{options('--images', near)}" if near else "say with --images FOLDER where they are")
        + " (if there are no labels yet: 'seg-prep resize', then 'seg-prep annotate')" * (not near)
    )


def _refuse_mixed(source: Path, files: Sequence[FoundFile]) -> None:
    """SegError that says how to tell photos from masks, if these are both by their look."""
    ways = proposals(source, files)
    patterns = [way for way in ways if way.startswith("--match")]
    if ways:
        said = f"add{lines(patterns)}" if patterns else as_source(ways)
        raise SegError(f"{source}: no name here says which images are photos and which are masks. As they look, {said}")


def _folders_near(source: Path, labels: LabelSource) -> list[str]:
    """Folders beside the labels with photos of most of them: that of the labels' own name alone, if it is one.

    None of another split: valx is not for trainy.
    Nothing below these folders is looked into: beside the labels may lie all that a person has.
    """
    found = [str(folder) for folder in _beside(source)[:_NEAR] if _holds_photos(folder, source, labels)]
    splits = splits_of_folders([name := source.absolute().name, *(Path(folder).name for folder in found)])
    found = [folder for folder in found if not splits[name] or splits[Path(folder).name] in ("", splits[name])]
    return [folder for folder in found if _is_of_name(Path(folder), source)] or found


def _beside(source: Path) -> list[Path]:
    """Folders beside the labels, as a person would name them; none where nobody may look there."""
    try:
        names = sorted(path.name for path in source.absolute().parent.iterdir() if path.is_dir())
    except OSError:
        return []
    return [source.parent / name for name in names]


def _holds_photos(folder: Path, source: Path, labels: LabelSource) -> bool:
    """Whether images in a folder beside the labels look like photos, and have the names of most labels."""
    stems = {label.stem for label in labels.labels}
    files = [] if folder.name == source.absolute().name or folder.name.startswith(".") else _images_in(folder)
    pairs = relate([file.stem for file in files], [*stems]).found if files else {}
    return 2 * len(pairs) >= len(stems) and is_photo(files[0]) and not is_dataset(folder)


def _is_of_name(photos: Path, labels: Path) -> bool:
    """Whether two folders are called the same beside what lies in them: siteB and siteB_labels."""
    return own_words(photos.name) == own_words(labels.name) != frozenset()


def note_on_other_photos(source: Path, given: Path | None, labels: LabelSource) -> list[str]:
    """A note where the folder of the labels' own name has photos of the same names, and a person named another."""
    if given is None or not source.is_dir() or any(_is_of_name(folder, source) for folder in (given, given.parent)):
        return []
    same = (folder for folder in _beside(source) if _is_of_name(folder, source))
    other = next((folder for folder in same if _holds_photos(folder, source, labels)), None)
    if other is None or other.resolve().is_relative_to(given.resolve()):
        return []
    return [
        f"the photos are those of {given}, and {other} beside {source} has photos of these names, too: if the labels "
        f"are of those, convert again with {shlex.join(['--images', str(other)])} --overwrite"
    ]


def refuse_swapped(source: Path, given: Path | None, labels: LabelSource) -> None:
    """SegError where the labels are photos by their look, and what a person named as photos holds few values."""
    images = _inside(source, labels)
    if given is None or not given.is_dir() or not images or not are_photos([FoundFile(e.path, "") for e in images]):
        return
    found = (path for path in itertools.islice(given.rglob("*"), _MOST) if path.suffix.lower() in IMAGE_SUFFIXES)
    if are_drawn([FoundFile(path, "") for path in found if not path.name.startswith(".")]):
        way = shlex.join([str(given), "--images", str(source)])
        raise SegError(f"{source}: these look like photos, and like masks the images in {given}; {as_source([way])}")


def _images_in(folder: Path) -> list[Path]:
    try:
        paths = sorted(itertools.islice(folder.iterdir(), _MOST))
    except OSError:
        return []
    return [path for path in paths if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")]


def _photos_of_numpy(source: Path) -> SegError:
    return SegError(
        f"{source}: no photos beside these matrices. Say with --images FOLDER where image files of them are; photos "
        "that are NumPy files, too, have to lie in the folder that is named, in folders images/ and masks/"
    )


def _inside(source: Path, labels: LabelSource) -> list[RawLabel]:
    """Labels that are image files below the source."""
    return [
        each
        for each in labels.labels
        if each.path.is_relative_to(source) and each.path.suffix.lower() in IMAGE_SUFFIXES
    ]


def _by_label_stems(files: Sequence[FoundFile], labels: LabelSource) -> list[FoundFile]:
    """The files, of which those that the labels name have the stems of their labels."""
    stems = {path: stem for stem, path in labels.photos.items()}
    named = [FoundFile(f.path, f"{stems[f.path]}{f.path.suffix}") if f.path in stems else f for f in files]
    refuse_equal_stems(named)
    return named
