"""Label Studio's "Brush labels to PNG": an image file for each region or tag, named by task, annotation and tag."""

import re
from collections.abc import Mapping
from dataclasses import replace

from prep.core.words import natural_key
from prep.images.finding import FoundFile
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.shapes.bitmap_file import BitmapFile, size_of
from prep.labels.shapes.shapes import RegionImage, ShapeReader
from prep.labels.shapes.sources import region_source

_ARRAY = ".npy"
_NAME = re.compile(r"(task-\d+)-annotation-(\d+)-by-.*?-tag-(.+)-(\d+)", re.DOTALL)


def _files(contents: Contents) -> dict[FoundFile, re.Match[str]]:
    return {file: match for file in contents.of_suffix(".png", _ARRAY) if (match := _NAME.fullmatch(file.path.stem))}


def _recognised(contents: Contents) -> float:
    return LIKELY if _files(contents) else NO


def _opened(contents: Contents, variable: str) -> LabelSource:
    """A label for each task; its photo is not named, so that --in-order or --match has to say it."""
    tasks: dict[str, list[tuple[FoundFile, re.Match[str]]]] = {}
    for file, match in _files(contents).items():
        tasks.setdefault(match[1], []).append((file, match))
    left_out = LeftOut()
    images = []
    for task in sorted(tasks, key=natural_key):
        with left_out.leaving_out(FoundFile(tasks[task][0][0].path, f"{task}.x"), "Label Studio"):
            images.append(_image(task, dict(tasks[task]), left_out))
    notes = left_out.notes()
    found = region_source("labelstudio-png", contents.source, images, notes=notes, damaged=left_out.damaged)
    return replace(found, names_photos=False)


def _image(task: str, files: Mapping[FoundFile, re.Match[str]], left_out: LeftOut) -> RegionImage:
    first = min(files.values(), key=lambda match: int(match[2]))[2]
    for file, match in files.items():
        if match[2] != first:
            left_out.add("left out, because another annotation of the task is taken", file.name)
    own = sorted((match[3], int(match[4]), file.path) for file, match in files.items() if match[2] == first)
    size = size_of(own[0][2])
    return RegionImage(task, size, tuple((tag, BitmapFile(path)) for tag, _, path in own))


FORMAT = FileFormat(
    "labelstudio-png",
    "Label Studio's PNG and NumPy files (task-1-annotation-1-by-1-tag-road-0.png)",
    _recognised,
    _opened,
    (ShapeReader(name="labelstudio-png"),),
    rules="The files of a task become one mask, painted in the order of the tags' names, a later one over an earlier "
    "one; of several annotations the first is taken. The photos are not named: --in-order pairs them by number.",
)
