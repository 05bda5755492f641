"""LabelMe: a JSON file of shapes for each photo, which are painted one after another.

Source of the layout: https://github.com/wkentaro/labelme (label_file.py, utils/shape.py).
"""

import base64
import binascii
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.words import list_some
from prep.images.finding import FoundFile
from prep.images.imageio import IndexMask, loaded, open_image
from prep.images.polygons import Ring, fill_polygon
from prep.labels.contents import Contents
from prep.labels.formats import JsonFormat
from prep.labels.reader import LabelSource, RawLabel
from prep.labels.region_labels import UNCOVERED, RegionCodes, class_names, code_of, corners, image_extent, load_json
from prep.labels.rerooting import Rerooting, closest_only

_CORNERS_KEPT = 1_000_000
"""Shapes with more corners (of some 100 bytes) are read again when they are painted."""

_PAINTED = ("polygon", "rectangle", "circle", "mask")

_FARTHEST = 1e9
"""Corners of circles and masks that are farther out than any photo are moved here: numbers must stay finite."""


@dataclass(frozen=True)
class LabelmeReader(RegionCodes):
    """Names of shapes; a label carries the names of all files, so that codes are the same in each."""

    name = "labelme"

    def read(self, label: RawLabel) -> NDArray[np.uint32]:
        """(H, W) codes; a later shape covers an earlier one."""
        width, height = label.size
        mask = np.full((height, width), UNCOVERED, np.uint8)
        for name, shape in _regions(_content(label.path)) if label.regions is None else label.regions:
            _paint(str(label.path), mask, shape, code_of(name, label.names))
        return mask.astype(np.uint32)


@dataclass(frozen=True)
class LabelmeFile:
    """What a file says: size of the photo, its path, the shapes that are painted, and the kinds of the others.

    names: of the shapes.  regions: the shapes, None where they are too many to be kept.
    """

    file: FoundFile
    size: tuple[int, int]
    photo: str
    names: frozenset[str]
    regions: tuple[tuple[str, Any], ...] | None
    skipped: Counter[str]

    @property
    def kept(self) -> int:
        """Corners that are kept, of some 100 bytes each."""
        return _weight(self.regions or ())


def parse_labelme(file: FoundFile, content: Any, room: int) -> LabelmeFile:  # noqa: ANN401  # whatever JSON holds
    """Summarize a file of LabelMe; SegError if it is damaged.

    room: corners that may be kept.
    """
    _check_shapes(file.path, content)
    regions = _regions(content)
    return LabelmeFile(
        file,
        _extent(file.path, content),
        str(content.get("imagePath") or ""),
        frozenset(name for name, _ in regions),
        regions if _weight(regions) <= room else None,
        Counter(_kind(shape) for shape in content["shapes"] if _kind(shape) not in _PAINTED),
    )


def _opened(contents: Contents, files: Sequence[FoundFile]) -> LabelSource:
    """List the labels of these files."""
    found: list[LabelmeFile] = []
    room = _CORNERS_KEPT
    for file in files:
        found.append(parse_labelme(file, contents.json(file), room))
        room -= found[-1].kept
    source, own = contents.source, {file.name for file in files}
    strangers = [file.name for file in contents.of_suffix(".json") if file.name not in own]
    known = tuple(sorted(class_names(source, sorted(frozenset().union(*(each.names for each in found))))))
    labels = [
        RawLabel(each.file.path, each.file.stem, size=each.size, names=known, regions=each.regions) for each in found
    ]
    return LabelSource(
        "labelme",
        tuple(labels),
        photos=_photos(source, found),
        names_photos=True,
        names=known,
        notes=_notes(sum((each.skipped for each in found), Counter()), strangers),
    )


def is_labelme(content: object) -> bool:
    """Whether the content of a JSON file is of LabelMe."""
    return isinstance(content, dict) and isinstance(content.get("shapes"), list)


def _notes(skipped: Counter[str], strangers: Sequence[str]) -> tuple[str, ...]:
    notes = [f"left out, because it has no area: {count} x {kind}" for kind, count in sorted(skipped.items())]
    if strangers:
        notes.append(f"left out, because they are not LabelMe's: {list_some(strangers)}")
    return tuple(notes)


def _photos(source: Path, found: Sequence[LabelmeFile]) -> dict[str, Path]:
    """The photos that the files name: below their folder, or below the folder of all."""
    below = {folder: Rerooting(folder) for folder in {source, *(each.file.path.parent for each in found)}}
    claims: list[tuple[str, Path | None]] = []
    for each in found:
        folder = each.file.path.parent
        photo = below[folder].find(each.photo) or (below[source].find(each.photo) if source.is_dir() else None)
        claims.append((f"{folder}/{each.photo}", photo))
    photos = closest_only(claims)
    return {each.file.stem: photo for each, photo in zip(found, photos, strict=True) if photo is not None}


def _regions(content: Any) -> tuple[tuple[str, Any], ...]:  # noqa: ANN401
    return tuple((shape["label"], shape) for shape in content["shapes"] if _kind(shape) in _PAINTED)


def _weight(regions: Sequence[tuple[str, Any]]) -> int:
    """Corners of the shapes, and what takes as much memory as they do."""
    return sum(
        len(value) if isinstance(value, list) else 1 + len(value) // 100 if isinstance(value, str) else 1
        for _, shape in regions
        for value in shape.values()
    )


def _content(path: Path) -> Any:  # noqa: ANN401
    content = load_json(path)
    if not is_labelme(content):
        raise SegError(f'{path}: not a file of LabelMe (no "shapes" in it); save it again in LabelMe')
    _check_shapes(path, content)
    return content


def _check_shapes(path: Path, content: Any) -> None:  # noqa: ANN401
    for number, shape in enumerate(content["shapes"], start=1):
        if not isinstance(shape, dict) or not isinstance(shape.get("label"), str) or "points" not in shape:
            raise SegError(f'{path}: shape {number} has no "label" or no "points"; save the file again in LabelMe')


def _extent(path: Path, content: Any) -> tuple[int, int]:  # noqa: ANN401
    return image_extent(str(path), content.get("imageWidth"), content.get("imageHeight"))


def _kind(shape: Any) -> str:  # noqa: ANN401
    return str(shape.get("shape_type") or "polygon")  # LabelMe 3 wrote none


def _paint(where: str, mask: IndexMask, shape: Any, code: int) -> None:  # noqa: ANN401
    points, kind = corners(where, shape["points"]), _kind(shape)
    if kind == "polygon":
        fill_polygon(mask, [points], code)
        return
    if len(points) < 2:
        raise SegError(f"{where}: the {kind} {shape['label']!r} needs two points and has {len(points)}")
    if kind == "rectangle":
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        fill_polygon(mask, [np.array([[left, top], [right, top], [right, bottom], [left, bottom]])], code)
    elif kind == "circle":
        _fill_circle(mask, points, code)
    else:
        _fill_mask(where, mask, shape, points, code)


def _fill_circle(mask: IndexMask, points: Ring, code: int) -> None:
    """Pixels whose centre lies inside the circle around the first point that goes through the second."""
    (x, y), (edge_x, edge_y) = points[:2].clip(-_FARTHEST, _FARTHEST)
    radius = np.hypot(edge_x - x, edge_y - y)
    height, width = mask.shape
    left, right = (int(np.clip(value, 0, width)) for value in (np.floor(x - radius), np.ceil(x + radius)))
    across = np.arange(left, right) + 0.5
    top, bottom = (int(np.clip(value, 0, height)) for value in (np.floor(y - radius), np.ceil(y + radius)))
    for row in range(top, bottom):
        mask[row, left:right][np.hypot(across - x, row + 0.5 - y) <= radius] = code


def _fill_mask(where: str, mask: IndexMask, shape: Any, points: Ring, code: int) -> None:  # noqa: ANN401
    """Pixels that are set in the PNG of a shape, whose upper left and lower right pixel are its points."""
    left, top, right, bottom = points[:2].round().clip(-1, _FARTHEST).astype(int).ravel().tolist()
    try:
        data = base64.b64decode(shape.get("mask") or "", validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise _bad_mask(where, shape) from error
    picture = open_image(Path(where), data)
    inside = 0 <= left <= right < mask.shape[1] and 0 <= top <= bottom < mask.shape[0]
    if not inside or picture.size != (right - left + 1, bottom - top + 1):
        raise _bad_mask(where, shape)
    pixels = np.asarray(loaded(Path(where), picture).convert("L"))
    mask[top : bottom + 1, left : right + 1][pixels > 0] = code


def _bad_mask(where: str, shape: Any) -> SegError:  # noqa: ANN401
    return SegError(
        f"{where}: the mask {shape['label']!r} does not fit its two points, or is no PNG in base64; "
        "draw it again in LabelMe"
    )


FORMAT = JsonFormat(
    "labelme",
    "LabelMe JSON",
    is_labelme,
    _opened,
    (LabelmeReader(),),
    rules="Shapes are painted in the order of the file, a later one over an earlier one: polygons, rectangles, circles "
    "and masks; points and lines are left out and counted.",
    writes=True,
    each_photo=True,
)
