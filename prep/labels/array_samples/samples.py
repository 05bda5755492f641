"""The format of photos and masks that lie as arrays in files, once they are written as files for the command."""

import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

from prep.core.classes import made_up_classes
from prep.core.errors import SegError
from prep.core.files import explained, make_folder
from prep.core.words import counted
from prep.images.finding import FoundFile, find_files
from prep.labels.array_samples.roles import ArraySet, array_set
from prep.labels.array_samples.sample_files import LISTED, write_samples
from prep.labels.array_samples.stored import ARRAY, ARRAYS, MATLAB, StoredArray, listed_names, stored_arrays
from prep.labels.contents import Contents
from prep.labels.formats import CERTAIN, NO, FileFormat
from prep.labels.pairs.former_datasets import outside_datasets
from prep.labels.reader import LabelSource, RawLabel
from prep.photos.photoio import open_photo

_LISTS = (".txt", ".lst")
_SMALL = 1 << 20
_LOOKED_AT = 4
_DEEP = 3
"""Sides of several masks, or of one with channels."""


def samples_in(source: Path, variable: str) -> tuple[ArraySet, tuple[str, ...]] | None:
    """The photos and masks in arrays below a folder or in a file, and the names of their classes.

    None where there are none, or where each mask is a matrix in a file of its own beside photos that are image files.
    """
    if source.is_file() and source.suffix.lower() not in (ARRAY, ARRAYS, MATLAB):
        return None
    files = outside_datasets(source, find_files(source, (ARRAY, ARRAYS, MATLAB)))
    matlab = [file for file in files if file.path.suffix.lower() == MATLAB]
    if matlab and not _need_files(matlab, variable):  # one matrix a file, which takes time to open
        files = [file for file in files if file.path.suffix.lower() != MATLAB]
    named, damaged = _named(files)
    found = array_set(named, variable, damaged, _photos_beside(source, named))
    if not found.needs_files:
        return None
    held = {each.path for _, each in named}
    others = tuple(file.name for file in files if file.path not in held and file.stem not in damaged)  # texts, objects
    found = replace(found, left_out=(*found.left_out, *others))
    return found, _names_of(found)


def _photos_beside(source: Path, named: Sequence[tuple[str, StoredArray]]) -> dict[str, tuple[int, int]]:
    """Rows and columns of the image file that has the name of an array of three sides, by the array's name."""
    deep = {FoundFile(each.path, f"{name}.x").stem: name for name, each in named if len(each.shape) == _DEEP}
    found = {}
    for file in outside_datasets(source, find_files(source)) if deep and source.is_dir() else ():
        if file.stem in deep:
            with suppress(SegError):  # converting names a damaged photo
                width, height = open_photo(file.path).upright_size
                found[deep[file.stem]] = height, width
    return found


def _names_of(found: ArraySet) -> tuple[str, ...]:
    """The names of classes that lie with the masks, where they are of one file."""
    files = {mask.array.path for _, mask in found.pairs}
    return listed_names(files.pop()) if len(files) == 1 else ()


def _need_files(files: Sequence[FoundFile], variable: str) -> bool:
    """Whether one of the first of these cannot be read as one matrix."""
    return any(array_set(_named([file])[0], variable).needs_files for file in files[:_LOOKED_AT])


def _named(files: Sequence[FoundFile]) -> tuple[list[tuple[str, StoredArray]], dict[str, str]]:
    """Arrays with their paths below the source: images/a, and data#labels where a file holds several.

    Also what is wrong with each file that is damaged, by its stem.
    """
    found: list[tuple[str, StoredArray]] = []
    damaged: dict[str, str] = {}
    for file in files:
        name = str(PurePosixPath(file.name).with_suffix(""))
        try:
            arrays = stored_arrays(file.path)
        except SegError as error:
            damaged[file.stem] = str(error)
            continue
        found += [(f"{name}#{each.variable}" if each.variable else name, each) for each in arrays]
    return found, damaged


def write_array_samples(found: tuple[ArraySet, tuple[str, ...]], source: Path, place: Path) -> Path:
    """Write them below a folder, with the lists of names that lie beside them; the folder."""
    target = place / source.absolute().name
    make_folder(target)
    write_samples(*found, source, target)
    for file in find_files(source, _LISTS) if source.is_dir() else ():
        with explained(file.path):
            if file.path.stat().st_size < _SMALL:
                (target / file.name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.path, target / file.name)
    return target


def _recognised(contents: Contents) -> float:
    return CERTAIN if contents.is_folder and (contents.source / LISTED).is_file() else NO


def _opened(contents: Contents, variable: str) -> LabelSource:
    content = json.loads((contents.source / LISTED).read_bytes())
    samples, names = content["samples"], content["names"]
    labels = tuple(RawLabel(contents.source / each["mask"], each["stem"]) for each in samples)
    photos = {each["stem"]: contents.source / each["photo"] for each in samples if each["photo"]}
    splits = {each["stem"]: each["split"] for each in samples}
    classes = None
    if names:
        try:
            classes = made_up_classes(names, range(content["first_id"], len(names) + content["first_id"]))
        except SegError as error:
            raise SegError(
                f"{contents.source.name}: names {counted(len(names), 'class', 'classes')} ({error}); save the matrices "
                "alone, without their names, with a class map that gives several numbers to a class (--classes)"
            ) from error
    return LabelSource(
        "ids",
        labels,
        classes=classes,
        photos=photos,
        names_photos=bool(photos),
        in_order=not photos and len({each["stack"] for each in samples}) == 1,
        unlabelled=(0,) if names and content["first_id"] else (),
        notes=tuple(content["notes"]),
        splits=splits if all(splits.values()) and len(set(splits.values())) > 1 else {},
        damaged=content["damaged"],
    )


FORMAT = FileFormat(
    "array-samples",
    "photos and masks as arrays in files (.npy, .npz, .mat), many in one file",
    _recognised,
    _opened,
    rules="Arrays of (samples, rows, columns) and (samples, rows, columns, bands), of MATLAB with the samples last, or "
    "one sample a file; which are photos and which masks say their names or folders (images, X; masks, labels, y). "
    "Samples are called as their file, with a number from 1: stack_page07. Channels of a mask are classes where they "
    "do not overlap, by their numbers from 0; a pixel in none has the number behind them; else --variable 'labels[1]' "
    "takes one. Lists of names beside arrays of MATLAB count from 1, and 0 is unlabelled.",
)
