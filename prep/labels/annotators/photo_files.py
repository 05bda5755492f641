"""Label files of which each is of one photo, or holds several photos one after another."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.images.finding import FoundFile
from prep.labels.contents import Contents
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.region_labels import corners
from prep.labels.shapes.shapes import RegionImage
from prep.labels.shapes.sources import noted, photo_folder, region_source

Parse = Callable[[Path, Any, LeftOut], RegionImage]
"""The image that the content of a file is of; SegError if that is damaged."""

ParseAll = Callable[[Path, Any, LeftOut], Iterable[RegionImage]]
"""All images that the content of a file is of; errors of any kind where that is not as its tool writes it."""

_ODD = (KeyError, TypeError, AttributeError, IndexError, ValueError)


def each_file(reader: str, parse: Parse) -> Callable[[Contents, Sequence[FoundFile]], LabelSource]:
    """How a format opens JSON files of which each is of one photo."""

    def opened(contents: Contents, files: Sequence[FoundFile]) -> LabelSource:
        left_out = LeftOut()
        images = (parse(file.path, contents.json(file), left_out) for file in files)
        return source_of(reader, contents, files[0], images, left_out)

    return opened


def all_files(
    reader: str, parse: ParseAll, points: Literal["pixels", "shares"] = "pixels"
) -> Callable[[Contents, Sequence[FoundFile]], LabelSource]:
    """How a format opens JSON files of which each is of any number of photos.

    points: whether corners are pixels, or shares of the image from 0 to 1.
    """

    def opened(contents: Contents, files: Sequence[FoundFile]) -> LabelSource:
        left_out = LeftOut()
        images: list[RegionImage] = []
        for file in files:
            try:
                images += parse(file.path, contents.json(file), left_out)
            except _ODD as error:
                raise SegError(
                    f"{file.path}: is not as {reader} exports it ({type(error).__name__}: {error}); export it again"
                ) from error
        return source_of(reader, contents, files[0], images, left_out, points)

    return opened


def source_of(
    reader: str,
    contents: Contents,
    first: FoundFile,
    images: Iterable[RegionImage],
    left_out: LeftOut,
    points: Literal["pixels", "shares"] = "pixels",
) -> LabelSource:
    """The images as a source; SegError if none has a region."""
    listed = list(images)
    notes = noted(f"{contents.source}: holds no polygons and no masks", listed, left_out.notes())
    root = photo_folder(contents, first)
    return region_source(reader, contents.source, listed, notes=notes, root=root, points=points)


def xy_corners(where: str, points: object) -> NDArray[np.float64]:
    """Corners (N, 2) from [{"x": 1, "y": 2}, ...]; SegError if they are not pairs of finite numbers."""
    if not isinstance(points, list) or not all(isinstance(each, dict) for each in points):
        raise SegError(f"{where}: has a polygon without points; export it again")
    return corners(where, [[each.get("x"), each.get("y")] for each in points])


def text_of(entry: Mapping[str, Any], key: str, where: str) -> str:
    """A text that stands there; SegError if it does not."""
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        raise SegError(f"{where}: has an object without {key!r}; export it again")
    return value
