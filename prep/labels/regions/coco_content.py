"""What a COCO file says, entry by entry: odd ones are repaired or left out with a line, the rest is read."""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from prep.core.errors import SegError
from prep.core.words import counted
from prep.images.polygons import Ring
from prep.labels.left_out import LeftOut
from prep.labels.region_labels import corners, image_extent, is_whole
from prep.labels.shapes.extents import FARTHEST
from prep.labels.shapes.region_file import FiledRegions, RegionFile
from prep.labels.shapes.shapes import Runs, Shape, is_polygon, packed_polygon

Key = int | str
"""What stands as an id: whole numbers, also as 7.0 or "7", or a text."""

_BOX = "left out, because they are boxes without a region"
_NO_CATEGORY = "ignored in the masks (255), because they are of a category that the file does not list"
_LARGEST = 1 << 63
_NO_AREA = "left out, because they are points or lines without area"


@dataclass(frozen=True)
class Category:
    """A category; color: whatever the file says.  parent: its supercategory, empty if there is none."""

    name: str
    color: object
    parent: str


@dataclass
class CocoImage:
    """Name and size (0, 0 if it is not stated) of an image, and (category, shape) in the order of painting.

    Until all are read: ids of the annotations, and for each the id of its category and where its shape lies.
    listed_as: the id under which the file lists it to which annotations belong; None before the first.
    """

    name: str
    size: tuple[int, int]
    regions: Sequence[tuple[str, Shape]] = ()
    ids: "array[int]" = field(default_factory=lambda: array("q"))
    categories: list[Key | None] = field(default_factory=list)
    starts: "array[int]" = field(default_factory=lambda: array("Q"))
    lengths: "array[int]" = field(default_factory=lambda: array("l"))
    listed_as: Key | None = None


@dataclass(frozen=True)
class CocoContent:
    """Images and categories by id, categories in the order of their ids; ids of those that annotations use."""

    images: Mapping[Key | None, CocoImage]
    categories: Mapping[Key, Category]
    used: frozenset[Key]
    damaged: int


def read_content(path: Path, read: Callable[[], Iterable[tuple[str, Any]]], left_out: LeftOut) -> CocoContent:
    """Only what is painted: annotations pass one at a time, for a file may have hundreds of megabytes.

    read: the sections of the file from its beginning; it is read twice where annotations stand before images.
    """
    found = _Found()
    waiting = False
    for key, listed in read():
        entries = _entries(listed)
        if key == "images":
            found.images = _images(path, entries, left_out)
        elif key == "categories":
            found.categories = _categories(path, entries, left_out)
        elif key == "annotations" and found.images is not None:
            found.read_annotations(entries, left_out)
        elif key == "annotations":
            waiting = True
    if waiting and found.images is not None:
        for key, listed in read():
            if key == "annotations":
                found.read_annotations(_entries(listed), left_out)
    return found.content(path, left_out)


def _entries(listed: object) -> Iterable[Any]:
    """The entries of a list, or of an object by their ids (LIVECell); none of anything else."""
    if isinstance(listed, dict):
        return listed.values()
    return listed if isinstance(listed, list | Iterator) else ()


@dataclass
class _Found:
    """What was read so far; without_number: the first annotation that has no number as its id.

    keys: ids of categories, each once, for every annotation has its own otherwise.
    """

    images: dict[Key | None, CocoImage] | None = None
    categories: dict[Key, Category] | None = None
    without_number: str = ""
    damaged: int = 0
    shapes: RegionFile = field(default_factory=RegionFile)
    keys: dict[Key | None, Key | None] = field(default_factory=dict)
    doubled: dict[str, tuple[Key | None, Key | None]] = field(default_factory=dict)

    def read_annotations(self, entries: Iterable[Any], left_out: LeftOut) -> None:
        """Add their shapes to their images."""
        images = self.images or {}
        for position, entry in enumerate(entries, start=1):
            if not isinstance(entry, dict):
                left_out.add("left out, because they are no annotations", f"entry {position}")
                continue
            key = _key(entry.get("id"))
            name = f"entry {position}" if key is None else f"annotation {key}"
            if not isinstance(key, int) or not -_LARGEST <= key < _LARGEST:
                self.without_number = self.without_number or f"entry {position}"
                key = position
            owner = _key(entry.get("image_id"))
            image = images.get(owner)
            if image is None:
                left_out.add("left out, because they are of an image that the file does not list", name)
                continue
            if image.listed_as not in (None, owner):
                self.doubled.setdefault(image.name, (image.listed_as, owner))
            image.listed_as = owner
            label = f"{name} of {image.name}"
            try:
                shapes = _shapes(entry.get("segmentation"), image, label, left_out)
            except SegError as error:
                left_out.add(f"left out, because {error}", label)
                self.damaged += 1
                continue
            category = _key(entry.get("category_id"))
            for shape in shapes:
                start, length = self.shapes.add(shape)
                image.ids.append(key)
                image.categories.append(self.keys.setdefault(category, category))
                image.starts.append(start)
                image.lengths.append(length if is_polygon(shape) else -length)

    def content(self, path: Path, left_out: LeftOut) -> CocoContent:
        """All of it, with the regions of each image in the order of painting."""
        if self.images is None or self.categories is None:
            raise SegError(f"{path}: no COCO JSON, for it has no list of images or categories; export it again")
        if self.doubled:
            name, (one, other) = next(iter(self.doubled.items()))
            raise SegError(
                f"{path}: lists {counted(len(self.doubled), 'image')} twice, and has annotations of both: {name} as "
                f"{one} and as {other}. Two photos of one name need names of their own (the folder in front: a/1.jpg); "
                "of one photo, give all annotations one image_id"
            )
        if self.without_number:
            text = "painted in the order of the file, because annotations have no numbers as ids"
            left_out.add(text, self.without_number)
        used: set[Key] = set()
        for image in {id(image): image for image in self.images.values()}.values():
            order = np.arange(len(image.ids)) if self.without_number else np.argsort(image.ids, kind="stable")
            regions = FiledRegions(self.shapes)
            for at in order.tolist():
                number = image.categories[at]
                category = None if number is None else self.categories.get(number)
                if number is not None and category is not None:
                    used.add(number)
                else:
                    left_out.add(_NO_CATEGORY, f"annotation {image.ids[at]} of {image.name}")
                length = image.lengths[at]
                place = image.starts[at], abs(length)
                regions.add(category.name if category else "ignore", place, is_polygon=length > 0)
            image.regions = regions
            image.ids, image.starts, image.lengths = array("q"), array("Q"), array("l")
            image.categories.clear()
        return CocoContent(self.images, self.categories, frozenset(used), self.damaged)


def _key(value: object) -> Key | None:
    if is_whole(value):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.strip():
        text = value.strip()
        return int(text) if text.isdecimal() and text.isascii() and len(text) < 20 else text
    return None


def _images(path: Path, entries: Iterable[Any], left_out: LeftOut) -> dict[Key | None, CocoImage]:
    images: dict[Key | None, CocoImage] = {}
    names: dict[str, CocoImage] = {}
    for position, entry in enumerate(entries, start=1):
        key = _key(entry.get("id")) if isinstance(entry, dict) else None
        name = entry.get("file_name", _end(entry.get("coco_url"))) if isinstance(entry, dict) else None
        if key is None or not isinstance(name, str) or not name.strip():
            left_out.add('images left out, because they have no "id" or no "file_name"', f"image {position}")
            continue
        if key in images and images[key].name != name:
            raise SegError(f"{path}: two images have the same id {key}: {images[key].name}, {name}; export it again")
        image = CocoImage(name, _size(path, name, entry, left_out))
        if names.setdefault(name, image).size != image.size:
            raise SegError(f"{path}: says two sizes of {name}; export the file again, or remove one")
        if names[name] is not image and key not in images:
            left_out.add(
                "listed more than once, with regions of all painted on one photo; look whether it is one", name
            )
        images[key] = names[name]
    return images


def _end(url: object) -> str | None:
    """val2017/1.jpg of an image's address, which LVIS has instead of a name."""
    return "/".join(url.split("/")[-2:]) if isinstance(url, str) else None


def _size(path: Path, name: str, entry: Mapping[str, Any], left_out: LeftOut) -> tuple[int, int]:
    sides = [_key(entry.get(side)) for side in ("width", "height")]
    try:
        return image_extent(f"{path}/{name}", *sides)
    except SegError:
        left_out.add("width and height that no photo has: the photo says its size", name)
        return 0, 0


def _categories(path: Path, entries: Iterable[Any], left_out: LeftOut) -> dict[Key, Category]:
    found: dict[Key, Category] = {}
    for position, entry in enumerate(entries, start=1):
        key = _key(entry.get("id")) if isinstance(entry, dict) else None
        name = entry.get("name") if isinstance(entry, dict) else None
        if key is None or not isinstance(name, str):
            left_out.add('categories left out, because they have no "id" or no "name"', f"category {position}")
            continue
        if key in found and found[key].name != name:
            raise SegError(
                f"{path}: two categories have the same id {key}: {found[key].name}, {name}; correct the file"
            )
        found[key] = Category(name, entry.get("color"), str(entry.get("supercategory") or ""))
    numbers = all(isinstance(key, int) for key in found)
    return dict(sorted(found.items(), key=lambda row: row[0])) if numbers else found


def _shapes(segmentation: Any, image: CocoImage, label: str, left_out: LeftOut) -> list[Shape]:  # noqa: ANN401
    """What an annotation covers, nothing for a box or a line; SegError says what is wrong with it."""
    if not segmentation:
        left_out.add(_BOX, label)
        return []
    if isinstance(segmentation, dict):
        return [_runs(segmentation, image)]
    if not isinstance(segmentation, list):
        raise SegError("a segmentation is neither polygons nor run lengths")
    parts = segmentation
    if not isinstance(parts[0], list | dict) or (len(parts) > 2 and all(_is_pair(part) for part in parts)):
        left_out.add("read as one polygon, because their points are not in a list of polygons", label)
        parts = [parts]
    shapes: list[Shape] = [_runs(part, image) for part in parts if isinstance(part, dict)]
    rings = [_ring(part) for part in parts if not isinstance(part, dict)]
    shapes += [packed_polygon(ring) for ring in rings if _has_area(ring)]
    if not shapes:
        left_out.add(_NO_AREA, label)
    return shapes


def _is_pair(part: object) -> bool:
    return isinstance(part, list) and len(part) == 2 and not isinstance(part[0], list)


def _ring(values: object) -> Ring:
    try:
        return corners("", values)
    except SegError as error:
        raise SegError("their points are not pairs of finite numbers") from error


def _has_area(ring: Ring) -> bool:
    """Whether its corners lie on no line; only small ones are looked at, for long lists of points are regions."""
    if len(ring) > 6 or len(ring) < 3:
        return len(ring) > 6
    (left, top), *rest = np.clip(ring, -FARTHEST, FARTHEST).tolist()
    steps = [(x - left, y - top) for x, y in rest if x != left or y != top]
    return any(steps[0][0] * down != steps[0][1] * across for across, down in steps[1:])


def _runs(segmentation: dict[str, Any], image: CocoImage) -> Runs:
    counts, size = segmentation.get("counts"), segmentation.get("size")
    if not isinstance(counts, list | str):
        raise SegError("a segmentation is neither polygons nor run lengths")
    sides = [_key(side) for side in size] if isinstance(size, list) else list(image.size[::-1])
    height, width = sides if len(sides) == 2 else (None, None)
    if not (is_whole(height) and is_whole(width)) or min(height, width) < 1:
        raise SegError("their run lengths have no size")
    if not all(image.size):
        image.size = image_extent(image.name, width, height)
    if (width, height) != image.size:
        raise SegError("their run lengths are not of the size of their image")
    if isinstance(counts, str):
        return Runs(counts, height, width)
    numbers = [int(run) if isinstance(run, float) and run.is_integer() else run for run in counts]  # 10.0 of numpy
    if not all(is_whole(run) and run >= 0 for run in numbers):
        raise SegError("their run lengths are no whole numbers")
    if sum(numbers) != width * height:
        raise SegError("their run lengths do not fill their image")
    return Runs(numbers, height, width)
