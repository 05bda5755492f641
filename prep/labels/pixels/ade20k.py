"""ADE20K in full: x_seg.png, whose red and green number the class and whose blue the object, and x.json or x_atr.txt.

Source of the layout: https://github.com/CSAILVision/ADE20K (utils/utils_ade20k.py): class = red / 10 * 256 + green; the
objects of x_atr.txt are numbered in the order of the values of blue. Numbers are those of an index of its own; names
are taken. Parts of objects (x_parts_1.png) are left out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.core.words import counted
from prep.images.finding import FoundFile
from prep.images.imageio import IMAGE_SUFFIXES, ImageRGB
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat
from prep.labels.labelio import decode_label_colors
from prep.labels.layouts.splits import splits_of
from prep.labels.reader import Codes, LabelSource, RawLabel, array_strips
from prep.labels.region_labels import RegionCodes, class_names, code_of, load_json

_END = "_seg.png"
_OBJECT = re.compile(r"\s*(\d+)\s*#\s*0\s*#\s*\d+\s*#\s*(.*?)\s*#")
"""A line of x_atr.txt: number, level (0: an object, no part), whether it is hidden in part, name of its class."""


@dataclass(frozen=True)
class AdeReader(RegionCodes):
    """Each class by the name that the file beside the mask gives it."""

    name = "ade20k"

    def read(self, label: RawLabel) -> Codes:
        """(H, W) codes; SegError if the mask holds an object that the file beside it does not name."""
        colors, _ = decode_label_colors(label.path, read_bytes(label.path))
        by_class = _names_by_class(label.path)
        names = by_class or _names_by_object(label.path)
        numbers = _classes(colors) if by_class else _objects(colors)
        found = np.unique(numbers).tolist()
        if strangers := [number for number in found if number and number not in names]:
            raise SegError(f"{label.path}: holds the number {strangers[0]}, which the file beside it does not name")
        table = np.zeros(max(found) + 1, np.uint8)
        for number in found:
            table[number] = code_of(names[number] if number else "ignore", label.names)
        return table[numbers]


def _classes(colors: ImageRGB) -> NDArray[np.uint16]:
    """(H, W) numbers of classes."""
    numbers = np.empty(colors.shape[:2], np.uint16)
    for rows in array_strips(colors):
        red, green = colors[rows, :, 0].astype(np.uint16), colors[rows, :, 1]
        numbers[rows] = red // 10 * 256 + green
    return numbers


def _objects(colors: ImageRGB) -> NDArray[np.uint16]:
    """(H, W) numbers of objects: the places of their values of blue among those that occur, 0 where there is none."""
    values = np.unique(colors[..., 2])
    places = np.zeros(256, np.uint16)
    places[values] = np.arange(len(values)) + int(values[0] != 0)
    return places[colors[..., 2]]


def _names_by_class(mask: Path) -> dict[int, str]:
    """Names by the number of their class, from x.json; nothing if it is not there."""
    path = mask.with_name(f"{mask.name.removesuffix(_END)}.json")
    if not path.is_file():
        return {}
    content = load_json(path)
    annotation = content.get("annotation") if isinstance(content, dict) else None
    objects = annotation.get("object") if isinstance(annotation, dict) else None
    if not isinstance(objects, list):
        raise SegError(f"{path}: holds no objects as ADE20K writes them; download it again")
    found = (each for each in objects if isinstance(each, dict) and isinstance(each.get("name_ndx"), int))
    return {each["name_ndx"]: str(each.get("name")) for each in found}


def _names_by_object(mask: Path) -> Mapping[int, str]:
    """Names by the number of the object, from x_atr.txt."""
    path = mask.with_name(f"{mask.name.removesuffix(_END)}_atr.txt")
    text = read_bytes(path).decode("utf-8", errors="replace")
    return {int(found[1]): found[2] for line in text.splitlines() if (found := _OBJECT.match(line))}


def _files(contents: Contents) -> list[FoundFile]:
    """Masks beside a file that names their objects."""
    if not contents.is_folder:
        return []
    names = {file.path for file in contents.of_suffix(".json", ".txt")}
    masks = (file for file in contents.of_suffix(".png") if file.name.endswith(_END))
    return [file for file in masks if names & {_beside(file, ".json"), _beside(file, "_atr.txt")}]


def _beside(mask: FoundFile, end: str) -> Path:
    return mask.path.with_name(f"{mask.path.name.removesuffix(_END)}{end}")


def _recognised(contents: Contents) -> float:
    return LIKELY + 0.1 if contents.once(_files) else NO


def _opened(contents: Contents, variable: str) -> LabelSource:
    files = contents.once(_files)
    named = {file.path: {*(_names_by_class(file.path) or _names_by_object(file.path)).values()} for file in files}
    listed = sorted(set().union(*named.values()))
    try:
        names = class_names(contents.source, listed)
    except SegError as error:
        raise SegError(
            f"{error}. ADEChallengeData2016, ADE20K with its 150 most frequent classes, is read as it is"
        ) from error
    images = {file.path.with_suffix(""): file.path for file in contents.of_suffix(*IMAGE_SUFFIXES)}
    stems = {file.path: FoundFile(file.path, f"{file.name.removesuffix(_END)}.png").stem for file in files}
    photos = {stems[file.path]: images[place] for file in files if (place := _beside(file, "")) in images}
    parts = sum(1 for file in contents.of_suffix(".png") if "_parts_" in file.path.name)
    notes = (f"parts of objects left out: {counted(parts, 'file')}",) if parts else ()
    labels = tuple(RawLabel(file.path, stems[file.path], names=names) for file in files)
    splits = splits_of({stems[file.path]: file.name for file in files})
    return LabelSource(
        AdeReader.name, labels, photos=photos, names_photos=bool(photos), names=names, notes=notes, splits=splits
    )


FORMAT = FileFormat(
    "ade20k",
    "ADE20K in full (x_seg.png with x.json or x_atr.txt)",
    _recognised,
    _opened,
    (AdeReader(),),
    rules="Classes are those that the file beside each mask names, at most 250 of them; parts of objects are left out "
    "and counted, pixels of no object are ignored.",
)
