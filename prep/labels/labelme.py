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

from prep.errors import SegError
from prep.finding import FoundFile, find_files
from prep.imageio import IndexMask, loaded, open_picture
from prep.labels.named import UNCOVERED, NamedCodes, class_names, code_of, corners, image_extent, load_json
from prep.labels.reader import LabelSource, RawLabel
from prep.labels.rerooting import Rerooting
from prep.pairing import list_some
from prep.polygons import Ring, fill_polygon

_PAINTED = ("polygon", "rectangle", "circle", "mask")


@dataclass(frozen=True)
class LabelmeReader(NamedCodes):
    """Names of shapes; a label carries the names of all files, so that codes are the same in each."""

    name = "labelme"

    def read(self, label: RawLabel) -> NDArray[np.uint32]:
        """(H, W) codes; a later shape covers an earlier one."""
        content = _content(label.path)
        width, height = _extent(label.path, content)
        mask = np.full((height, width), UNCOVERED, np.uint8)
        for shape in content["shapes"]:
            if _kind(shape) in _PAINTED:
                _paint(str(label.path), mask, shape, code_of(shape["label"], label.names))
        return mask.astype(np.uint32)


def labelme_source(source: Path, *, only: bool = False) -> LabelSource | None:
    """List the files of LabelMe in a folder, or one such file; None if there is none.

    only: whether a person said that these are LabelMe's; then a damaged file is an error even if no other is there.
    Raises SegError if files of LabelMe are damaged.
    """
    found: list[FoundFile] = []
    sizes, paths, strangers, damaged = [], [], [], []
    names: set[str] = set()
    skipped: Counter[str] = Counter()
    for file in find_files(source, {".json"}):
        try:
            content = load_json(file.path)
        except SegError as error:
            damaged.append(error)
            continue
        if not is_labelme(content):
            strangers.append(file.name)
            continue
        _check_shapes(file.path, content)
        found.append(file)
        sizes.append(_extent(file.path, content))
        paths.append(str(content.get("imagePath") or ""))
        names |= {shape["label"] for shape in content["shapes"] if _kind(shape) in _PAINTED}
        skipped.update(_kind(shape) for shape in content["shapes"] if _kind(shape) not in _PAINTED)
    if damaged and (found or only):
        raise damaged[0]
    if not found:
        return None
    known = class_names(source, sorted(names))
    known = tuple(sorted(known))
    labels = [RawLabel(file.path, file.stem, size=size, names=known) for file, size in zip(found, sizes, strict=True)]
    return LabelSource(
        "labelme",
        tuple(labels),
        photos=_photos(source, found, paths),
        names_photos=True,
        names=known,
        notes=_notes(skipped, strangers),
    )


def is_labelme(content: object) -> bool:
    """Whether the content of a JSON file is of LabelMe."""
    return isinstance(content, dict) and isinstance(content.get("shapes"), list)


def _notes(skipped: Counter[str], strangers: Sequence[str]) -> tuple[str, ...]:
    notes = [f"left out, because it has no area: {count} x {kind}" for kind, count in sorted(skipped.items())]
    if strangers:
        notes.append(f"left out, because they are not LabelMe's: {list_some(strangers)}")
    return tuple(notes)


def _photos(source: Path, found: Sequence[FoundFile], paths: Sequence[str]) -> dict[str, Path]:
    """The photos that the files name: below their folder, or below the folder of all."""
    below = {folder: Rerooting(folder) for folder in {source, *(file.path.parent for file in found)}}
    photos = {}
    for file, path in zip(found, paths, strict=True):
        photo = below[file.path.parent].find(path) or (below[source].find(path) if source.is_dir() else None)
        if photo is not None:
            photos[file.stem] = photo
    return photos


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
    (x, y), (edge_x, edge_y) = points[:2]
    radius = np.hypot(edge_x - x, edge_y - y)
    height, width = mask.shape
    left, right = (int(np.clip(value, 0, width)) for value in (np.floor(x - radius), np.ceil(x + radius)))
    across = np.arange(left, right) + 0.5
    top, bottom = (int(np.clip(value, 0, height)) for value in (np.floor(y - radius), np.ceil(y + radius)))
    for row in range(top, bottom):
        mask[row, left:right][np.hypot(across - x, row + 0.5 - y) <= radius] = code


def _fill_mask(where: str, mask: IndexMask, shape: Any, points: Ring, code: int) -> None:  # noqa: ANN401
    """Pixels that are set in the PNG of a shape, whose upper left and lower right pixel are its points."""
    left, top, right, bottom = points[:2].round().astype(int).ravel().tolist()
    try:
        data = base64.b64decode(shape.get("mask") or "", validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise _bad_mask(where, shape) from error
    picture = open_picture(Path(where), data)
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
