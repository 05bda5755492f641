"""COCO: one JSON file with images, categories, and annotations as polygons or run lengths.

Source of the layout: https://cocodataset.org/#format-data. Annotations are painted in the order of their ids.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import ClassMap, Color, distinct_color, parse_color
from prep.core.errors import SegError
from prep.images.finding import FoundFile
from prep.images.imageio import IndexMask
from prep.images.polygons import fill_polygon
from prep.images.runlengths import decode_runs, decompress
from prep.labels.contents import Contents
from prep.labels.formats import JsonFormat, only_one
from prep.labels.reader import LabelSource, RawLabel
from prep.labels.region_labels import (
    UNCOVERED,
    RegionCodes,
    class_names,
    code_of,
    corners,
    image_extent,
    is_whole,
    plain_name,
)
from prep.labels.rerooting import Rerooting, unique_stems


@dataclass(frozen=True)
class _Image:
    """Size of an image, and (name of the category, segmentation) of its annotations in the order of their ids."""

    width: int
    height: int
    regions: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class _Coco:
    """Images by file name, categories (name, colour) in the order of their ids, annotations that are only boxes."""

    images: Mapping[str, _Image]
    categories: tuple[tuple[str, Color | None], ...]
    boxes: int


class CocoReader(RegionCodes):
    """Names of categories; `part` of a label is the file name of the image."""

    name = "coco"

    def read(self, label: RawLabel) -> NDArray[np.uint32]:
        """(H, W) codes; a later annotation covers an earlier one."""
        width, height = label.size
        mask = np.full((height, width), UNCOVERED, np.uint8)
        for name, segmentation in label.regions or ():
            _paint(label.name, mask, segmentation, code_of(name, label.names))
        return mask.astype(np.uint32)


def coco_source(path: Path, data: Any) -> LabelSource:  # noqa: ANN401  # whatever a JSON file holds
    """List the images of a COCO file, of which `data` is the content; SegError if that is damaged."""
    content = _parsed(path, data)
    names = class_names(path, [name for name, _ in content.categories])
    stems = [unicodedata.normalize("NFC", stem) for stem in unique_stems(list(content.images))]
    found = Rerooting(path.parent).find_each([f"images/{name}" for name in content.images])
    labels = [
        RawLabel(path, stem, part, (image.width, image.height), names, regions=image.regions)
        for stem, (part, image) in zip(stems, content.images.items(), strict=True)
    ]
    return LabelSource(
        "coco",
        tuple(labels),
        classes=_classes(names, content.categories),
        photos={stem: photo for stem, photo in zip(stems, found, strict=True) if photo is not None},
        names_photos=True,
        names=names,
        notes=_notes(path, content),
    )


def is_coco(content: object) -> bool:
    """Whether the content of a JSON file is of COCO."""
    return isinstance(content, dict) and all(
        isinstance(content.get(key), list) for key in ("images", "annotations", "categories")
    )


def _notes(path: Path, content: _Coco) -> tuple[str, ...]:
    empty = sum(not image.regions for image in content.images.values())
    if content.boxes and empty == len(content.images):
        raise SegError(f"{path}: holds only boxes, no regions; export polygons or masks")
    notes = [f"left out, because they are boxes without a region: {content.boxes} annotations"] if content.boxes else []
    if empty:
        notes.append(f"images without a region: {empty}")
    return tuple(notes)


def _classes(names: Sequence[str], categories: Sequence[tuple[str, Color | None]]) -> ClassMap:
    """The categories with their colours, or with made-up ones where there is none or another has it."""
    given = {plain_name(name): color for name, color in reversed(categories)}
    colors: list[Color] = []
    spare = (made_up for made_up in map(distinct_color, range(10_000)) if made_up not in given.values())
    for name in names:
        color = given[name]
        while color is None or color in colors:
            color = next(spare)
        colors.append(color)
    return ClassMap(tuple(names), tuple(colors))


def _parsed(path: Path, content: Any) -> _Coco:  # noqa: ANN401
    """Only what is painted: the file may have hundreds of megabytes."""
    categories = _categories(path, content["categories"])
    entries = {_get(path, entry, "id", "an image"): entry for entry in content["images"]}
    file_names = {number: _file_name(path, entry) for number, entry in entries.items()}
    if len(entries) < len(content["images"]) or len(set(file_names.values())) < len(entries):
        raise SegError(f"{path}: two images have the same id or file name; correct the file")
    names = {number: name for number, name, _ in categories}
    regions, boxes = _regions(path, content["annotations"], file_names, names)
    images = {}
    for number, entry in entries.items():
        width, height = image_extent(f"{path}/{file_names[number]}", entry.get("width"), entry.get("height"))
        images[file_names[number]] = _Image(width, height, regions[number])
    return _Coco(images, tuple((name, color) for _, name, color in categories), boxes)


def _regions(
    path: Path, annotations: Sequence[Any], images: Mapping[int, str], names: Mapping[int, str]
) -> tuple[dict[int, tuple[tuple[str, Any], ...]], int]:
    """Regions of each image, and the number of annotations that are only boxes."""
    owned: dict[int, list[tuple[int, str, Any]]] = {number: [] for number in images}
    boxes = 0
    for entry in annotations:
        number, image, category = (_get(path, entry, key, "an annotation") for key in ("id", "image_id", "category_id"))
        if image not in owned:
            raise SegError(f"{path}: annotation {number} is of image {image}, which the file does not list; correct it")
        if category not in names:
            raise SegError(
                f"{path}/{images[image]}: annotation {number} is of category {category}, which the file does not list; "
                "correct it"
            )
        if entry.get("segmentation"):
            owned[image].append((number, names[category], entry["segmentation"]))
        else:
            boxes += 1
    in_order = {image: sorted(found, key=lambda region: region[0]) for image, found in owned.items()}
    return {image: tuple((name, region) for _, name, region in found) for image, found in in_order.items()}, boxes


def _categories(path: Path, entries: Sequence[Any]) -> list[tuple[int, str, Color | None]]:
    rows = []
    for entry in entries:
        number = _get(path, entry, "id", "a category")
        if not isinstance(entry.get("name"), str):
            raise SegError(f"{path}: category {number} has no name; correct the file")
        rows.append((number, entry["name"], _color(entry.get("color"))))
    if len({number for number, _, _ in rows}) < len(rows):
        raise SegError(f"{path}: two categories have the same id; correct the file")
    return sorted(rows, key=lambda row: row[0])


def _get(path: Path, entry: Any, key: str, what: str) -> int:  # noqa: ANN401
    if not isinstance(entry, dict) or not is_whole(entry.get(key)):
        raise SegError(f'{path}: {what} has no whole number as "{key}": {entry!r:.80}. Export the file again')
    number: int = entry[key]
    return number


def _file_name(path: Path, entry: Any) -> str:  # noqa: ANN401
    name = entry.get("file_name")
    if not isinstance(name, str) or not name.strip():
        raise SegError(f'{path}: image {entry["id"]} has no "file_name"; export the file again')
    return name


def _color(value: object) -> Color | None:
    """A colour as [r, g, b] or #rrggbb; None if there is none."""
    if isinstance(value, list) and len(value) == 3 and all(is_whole(part) and 0 <= part <= 255 for part in value):
        red, green, blue = value
        return red, green, blue
    try:
        return parse_color(value) if isinstance(value, str) else None
    except SegError:  # a name of a colour, or whatever else: it is decoration
        return None


def _paint(where: str, mask: IndexMask, segmentation: Any, code: int) -> None:  # noqa: ANN401
    if isinstance(segmentation, list):
        for ring in segmentation:
            fill_polygon(mask, [corners(where, ring)], code)
        return
    if not isinstance(segmentation, dict) or "counts" not in segmentation:
        raise SegError(f"{where}: a segmentation is neither polygons nor run lengths; export the file again")
    if segmentation.get("size") != list(mask.shape):
        raise SegError(
            f"{where}: run lengths are of the size {segmentation.get('size')!r:.60} (height, width), but the image of "
            f"{list(mask.shape)}; export the file again"
        )
    counts = segmentation["counts"]
    try:
        runs = decompress(counts) if isinstance(counts, str) else counts
        if not isinstance(runs, list):
            raise SegError("run lengths are a list or a text; export the file again")
        mask[decode_runs(runs, *mask.shape)] = code
    except SegError as error:
        raise SegError(f"{where}: {error}") from error


def _opened(contents: Contents, files: Sequence[FoundFile]) -> LabelSource:
    file = only_one(contents, files, "COCO")
    return coco_source(file.path, contents.json(file))


FORMAT = JsonFormat(
    "coco",
    "COCO JSON",
    is_coco,
    _opened,
    (CocoReader(),),
    rules="Annotations are painted in the order of their ids, a later one over an earlier one; boxes without a region "
    "are left out and counted.",
    writes=True,
)
