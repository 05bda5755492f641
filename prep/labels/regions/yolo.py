"""YOLO segmentation: a text file for each photo, a line for each region, and the class names in data.yaml.

Source of the layout: https://docs.ultralytics.com/datasets/segment/. A line is the class, then x and y of the corners
as shares of the photo's width and height.
"""

import codecs
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import MAX_CLASSES, made_up_classes
from prep.core.errors import SegError
from prep.core.failures import refused
from prep.core.files import read_bytes
from prep.core.folder_names import names_labels, places_among
from prep.core.words import list_some
from prep.dataset.index import BUFFER
from prep.images.finding import FoundFile, find_files
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.annotators.photo_files import images_of
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, PERHAPS, PROBABLE, FileFormat
from prep.labels.layouts.splits import split_of
from prep.labels.left_out import LeftOut
from prep.labels.pairs.former_datasets import outside_datasets
from prep.labels.reader import LabelSource
from prep.labels.region_labels import class_names
from prep.labels.regions.yolo_names import Names, dataset_folder, names_of, note_on_background
from prep.labels.shapes.named_photos import NamedPhotos
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader
from prep.labels.shapes.sources import region_source
from prep.labels.text_files import decode_text

_NUMBER = rb"-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_LINE = re.compile(rb"\s*(\d+|" + _NUMBER + rb")((?:[ \t]+" + _NUMBER + rb"){4,})\s*")
_LOOKED_AT = 40
_BOX = 5
"""Numbers of a box, with its confidence."""
_NO_PAIRS = "left out, because they are no class and pairs of numbers"
_IN_PIXELS = "its points are no shares of the photo (0 to 1); divide them by width and height"
_IN_PERCENT = (
    "its points are no shares of the photo (0 to 1): none is above 100; if they are percent, divide them by 100, if "
    "pixels, by width and height"
)
_TRACKED = (
    "its last number is no share of the photo (0 to 1): lines of a tracker end with a confidence and an id, which are "
    "no corner; save predictions without tracking (save_conf=False), or cut the last two numbers off every line"
)
_PREDICTED = "its lines are no class and pairs of numbers (those of predictions end with a confidence: save_conf=False)"
_WITHOUT_NAMES = (
    "no data.yaml names the classes, so they are called class0, class1 ...; put it beside, with a line "
    "names: [NAME OF 0, NAME OF 1, ...]"
)
_MOST = 2.0
"""Shares of the image are 0 to 1; tools round a little beyond. Larger numbers are pixels or percent."""
_MOST_PERCENT = 100.5


def _recognised(contents: Contents) -> float:
    """Sure where a text file begins with a polygon in shares; below all others where it begins with a box."""
    if contents.source.suffix.lower() in (".yaml", ".yml"):
        return LIKELY if any(_first_numbers(contents, file) for file in _texts(contents)[:_LOOKED_AT]) else NO
    counts = [_first_numbers(contents, file) for file in _texts(contents)[:_LOOKED_AT]]
    if max(counts, default=0) > _BOX:
        return LIKELY
    return PROBABLE if any(_of_pixels(contents)) else PERHAPS / 2 if any(counts) else NO


def _of_pixels(contents: Contents) -> Iterator[FoundFile]:
    """Text files of class and pairs of numbers that are no shares, in folders of labels that hold no images."""
    inside = {file.path.parent for file in contents.of_suffix(*IMAGE_SUFFIXES)}
    for file in _texts(contents)[:_LOOKED_AT]:
        if names_labels(file.path.parent.name) and file.path.parent not in inside and _numbers(contents, file) > _BOX:
            yield file


def _texts(contents: Contents) -> list[FoundFile]:
    if contents.source.suffix.lower() in (".yaml", ".yml"):
        return find_files(contents.source.parent, {".txt"})
    return contents.of_suffix(".txt")


def _first_numbers(contents: Contents, file: FoundFile) -> int:
    """How many numbers between 0 and 1 follow the class in the first line, 0 if it is none of YOLO."""
    return _numbers(contents, file, 1.5)


def _numbers(contents: Contents, file: FoundFile, most: float = math.inf) -> int:
    """The same of numbers up to `most`."""
    head = contents.head(file, 1 << 16)
    text = head.decode("utf-16" if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig", "replace")
    first = next((line for line in text.split("\n") if line.strip()), "")
    match = _LINE.fullmatch(_plain(first).encode())
    numbers = [float(number) for number in match[2].split()] if match and _class_of(match[1].decode()) >= 0 else []
    return len(numbers) if all(-0.5 <= number <= most for number in numbers) else 0


def _class_of(word: str) -> int:
    """The number of a class, also as 2.0 or 2.000e+00, as NumPy writes it; -1 if it is none."""
    try:
        number = float(word)
    except ValueError:
        return -1
    return int(number) if number >= 0 and number.is_integer() else -1


def _plain(line: str) -> str:
    """With points for decimal commas, where there are no points; then with spaces for the commas between numbers."""
    return line.replace(",", " " if "." in line else ".")


def _photos(root: Path) -> dict[tuple[str, str], Path]:
    """By place; a mask of the same place, in a folder that is called so, is none."""
    found = outside_datasets(root, find_files(root, IMAGE_SUFFIXES))
    files = sorted(found, key=lambda file: not any(map(names_labels, file.folders)))
    return {_place(file.name): file.path for file in files}  # the last one stays


def _opened(contents: Contents, variable: str) -> LabelSource:
    source = contents.source.parent if contents.source.is_file() else contents.source
    root = dataset_folder(source)
    said = names_of(contents.source, root)
    names = said.by_number
    photos = _photos(root)
    inner = source.resolve().relative_to(root.resolve())
    places = {file.path: _place((inner / file.name).as_posix()) for file in _texts(contents)}
    texts = [file for file in _texts(contents) if _is_label(contents, file) or places[file.path] in photos]
    if given := NamedPhotos(contents.photos) if contents.photos else None:
        photos |= _photos(given.there.root)
    left_out = LeftOut()
    images = images_of(
        "YOLO",
        texts,
        lambda file: [_image(contents, file, places[file.path], photos, given, names, left_out)],
        left_out,
    )
    _refuse_counting_from_one(contents.source, names, texts, left_out)
    notes = [*_on_list(said), *left_out.notes()]
    if not images and left_out.damaged:
        raise refused(list(left_out.damaged.values()))
    if not any(image.regions for image in images):
        pairs = any(note.startswith(_NO_PAIRS) for note in left_out.notes())
        what = f"holds no regions: {_PREDICTED}" if pairs else "holds only boxes, no regions"
        raise SegError(
            f"{contents.source}: {what}; export polygons (YOLO segmentation) or masks"
            + "".join(f"\n  {note}" for note in notes)
        )
    if empty := sum(not image.regions for image in images):
        notes.append(f"images without a region: {empty}")
    used = {int(name) for image in images for name, _ in image.regions}
    notes += filter(None, [note_on_background(said, root, used)])
    if not names:
        names = {number: f"class{number}" for number in range(max(used) + 1)}
        notes.append(_WITHOUT_NAMES)
    named = [_named(image, names) for image in images]
    listed = list(names.values())
    classes = made_up_classes(class_names(contents.source, listed))
    return region_source(
        "yolo",
        contents.source,
        named,
        names=listed,
        classes=classes,
        notes=notes,
        root=root,
        among=given.there if given else None,
        points="shares",
        damaged=left_out.damaged,
    )


def _on_list(names: Names) -> list[str]:
    return [*([f"classes: {names.file}"] if names.is_counted else []), *filter(None, [names.note])]


def _refuse_counting_from_one(
    source: Path, names: Mapping[int, str], texts: Sequence[FoundFile], left_out: LeftOut
) -> None:
    """SegError where a class is one more than there are, and none is 0: then all of them are shifted by one."""
    if not left_out.damaged or set(names) != set(range(len(names))):
        return
    words = (_plain(line).split() for file in texts for line in _lines(file))
    found = {number for word in words if word and (number := _class_of(word[0])) >= 0}
    if found and min(found) == 1 and max(found) == len(names):
        raise SegError(
            f"{source}: classes 1 to {len(names)}, and the names are of 0 to {len(names) - 1} "
            f"({list_some(list(names.values()))}): YOLO counts from 0. If these files count from 1, put a name for 0 "
            "before the others (background), and type the same command again"
        )


def _lines(file: FoundFile) -> list[str]:
    try:
        return decode_text(file.path, read_bytes(file.path)).splitlines()
    except SegError:  # among the damaged already, or empty
        return []


def _is_label(contents: Contents, file: FoundFile) -> bool:
    """Whether a text file is a label: it begins as one, or is empty (a photo without regions) in a label folder."""
    if not contents.head(file, 64).strip():
        return any(names_labels(part) for part in PurePosixPath(file.path.as_posix()).parent.parts[-3:])
    return _first_numbers(contents, file) > 0 or (
        names_labels(file.path.parent.name) and _numbers(contents, file) > _BOX
    )


def _place(name: str) -> tuple[str, str]:
    """What a photo and its text file have in common: folders but those that say what lies in them, and the stem.

    name: below the folder of the dataset, also where only its labels/ was named.
    """
    path = PurePosixPath(name)
    return "/".join(places_among(path.parent.parts)), path.stem


def _image(
    contents: Contents,
    file: FoundFile,
    place: tuple[str, str],
    photos: Mapping[tuple[str, str], Path],
    given: NamedPhotos | None,
    names: Mapping[int, str],
    left_out: LeftOut,
) -> RegionImage:
    """Regions by the numbers of their classes.

    photos: by place.  given: those in a folder that a person named, among which others of that name may be the right
    ones.
    """
    photo = photos.get(place)
    regions: list[tuple[str, Shape]] = []
    data = read_bytes(file.path) if file.path.stat().st_size else b""
    text = decode_text(file.path, data)
    if text.strip() and not _numbers(contents, file):
        raise SegError(f"{file.path}: line 1: is no class and pairs of numbers; export it again, or remove the file")
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        where = f"{file.path}, line {number}"
        words = _plain(line).split()
        if not words:
            continue
        try:
            values = np.array(words, np.float64)
        except ValueError:
            values = np.array([np.nan])
        if len(values) in (5, 6):
            left_out.add("left out, because they are boxes without a region", f"{file.name} line {number}")
        elif len(values) < 7 or len(values) % 2 == 0 or not np.isfinite(values).all() or values[0] != int(values[0]):
            if number == len(lines) and not text.endswith("\n"):
                raise SegError(f"{where}: ends early, or {_PREDICTED}; export it again")
            left_out.add(_NO_PAIRS, f"{file.name} line {number}")
        elif np.abs(values[1:]).max() > _MOST:
            raise SegError(f"{where}: {_no_shares(values[1:], lines)}")
        elif names and int(values[0]) not in names:
            raise SegError(f"{where}: is of class {int(values[0])}, and data.yaml names {min(names)} to {max(names)}")
        elif not names and not 0 <= values[0] < MAX_CLASSES:
            raise SegError(f"{where}: is of class {words[0]:.30}, not of 0 to {MAX_CLASSES - 1}; export it again")
        else:
            regions.append((str(int(values[0])), Polygon((values[1:].reshape(-1, 2),))))
    called = photo.name if photo else given.name_of(file.path, place[1]) if given else ""
    name = f"{place[0]}/{called or place[1]}".lstrip("/.")
    split = BUFFER if PurePosixPath(place[0]).name == BUFFER else split_of(place[0])
    return RegionImage(name, (0, 0), tuple(regions), split, file.path, photo)


def _no_shares(points: NDArray[np.float64], lines: Sequence[str]) -> str:
    """What is wrong with points above 1; lines: of the whole file, of which one region may lie near the origin."""
    if np.abs(points[:-1]).max() <= _MOST:
        return _TRACKED
    numbers = [float(word) for line in lines for word in _plain(line).split()[1:] if _is_number(word)]
    return _IN_PERCENT if max(numbers) <= _MOST_PERCENT else _IN_PIXELS


def _is_number(word: str) -> bool:
    return re.fullmatch(_NUMBER, word.encode()) is not None


def _named(image: RegionImage, names: Mapping[int, str]) -> RegionImage:
    regions: Sequence[tuple[str, Shape]] = [(names[int(number)], shape) for number, shape in image.regions]
    return RegionImage(image.name, image.size, tuple(regions), image.split, image.file, image.photo)


FORMAT = FileFormat(
    "yolo",
    "YOLO segmentation (text files and data.yaml)",
    _recognised,
    _opened,
    (ShapeReader(name="yolo"),),
    rules="Lines are painted in the order of the file, a later one over an earlier one; boxes are left out and "
    "counted. An empty text file is a photo without regions; a photo without a text file is left out and counted.",
    writes=True,
)
