"""Label files of which each is of one photo, or holds several photos one after another."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.folder_names import places_among
from prep.images.finding import FoundFile
from prep.labels.contents import Contents
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.region_labels import class_names, corners, named_classes
from prep.labels.rerooting import Rerooting
from prep.labels.shapes.shapes import RegionImage
from prep.labels.shapes.sources import notes_with_empty, photo_folder, region_source

Parse = Callable[[Path, Any, LeftOut], RegionImage]
"""The image that the content of a file is of; SegError if that is damaged."""

ParseAll = Callable[[Path, Any, LeftOut], Iterable[RegionImage]]
"""All images that the content of a file is of; errors of any kind where that is not as its tool writes it."""


def each_file(reader: str, parse: Parse) -> Callable[[Contents, Sequence[FoundFile]], LabelSource]:
    """How a format opens JSON files of which each is of one photo."""
    return all_files(reader, lambda path, content, left_out: [parse(path, content, left_out)], each_photo=True)


def all_files(
    reader: str, parse: ParseAll, points: Literal["shares", "told"] = "told", *, each_photo: bool = False
) -> Callable[[Contents, Sequence[FoundFile]], LabelSource]:
    """How a format opens JSON files of which each is of any number of photos.

    points: corners are shares of the image (0 to 1), or tell themselves whether they are shares or pixels.
    each_photo: whether a file may be that of a photo, so that one that is damaged is left out.
    """

    def opened(contents: Contents, files: Sequence[FoundFile]) -> LabelSource:
        left_out = LeftOut()
        images = images_of(
            reader, files, lambda file: parse(file.path, contents.json(file), left_out), left_out, each_photo=each_photo
        )
        return source_of(reader, contents, files[0], images, left_out, points)

    return opened


def images_of(
    reader: str,
    files: Sequence[FoundFile],
    parse: Callable[[FoundFile], Iterable[RegionImage]],
    left_out: LeftOut,
    *,
    each_photo: bool = True,
) -> list[RegionImage]:
    """The images of all files but those that are damaged; SegError for such a one where it is not that of a photo."""
    images: list[RegionImage] = []
    for file in files:
        with left_out.leaving_out(file, reader):
            images += parse(file)
        if left_out.damaged and not each_photo:
            raise SegError(next(iter(left_out.damaged.values())))
    return images


def source_of(
    reader: str,
    contents: Contents,
    first: FoundFile,
    images: Sequence[RegionImage],
    left_out: LeftOut,
    points: Literal["shares", "told"] = "told",
    colors: Mapping[str, object] = MappingProxyType({}),
    among: Rerooting | None = None,
) -> LabelSource:
    """The images as a source; SegError if none has a region.

    among: what finds the photos, where their formats say of which name they are only.
    colors: the classes in the order of their tool, with what it says of their colours; other names follow them.
    """
    notes = notes_with_empty(f"{contents.source}: holds no polygons and no masks", images, left_out.notes())
    root = photo_folder(contents, first)
    images = apart(images, contents.source)
    if colors:
        used = {name for image in images for name, _ in image.regions}
        names = class_names(contents.source, [*colors, *sorted(used - colors.keys())])
    return region_source(
        reader,
        contents.source,
        images,
        names=names if colors else None,
        classes=named_classes(names, colors) if colors else None,
        notes=notes,
        root=root,
        among=among,
        points=points,
        damaged=left_out.damaged,
        sizes=contents.sizes,
    )


def apart(images: Sequence[RegionImage], source: Path) -> list[RegionImage]:
    """Images of the same name with the folders of their label files in front: train/a.json and val/a.json."""
    times = Counter(PurePath(image.name).stem for image in images)  # one may be a.jpg, and one a.png
    return [
        replace(image, name=f"{_folders(image.file, source)}/{image.name}".lstrip("/"))
        if times[PurePath(image.name).stem] > 1 and image.file is not None and image.file.is_relative_to(source)
        else image
        for image in images
    ]


def _folders(file: Path, source: Path) -> str:
    """But for those that say what lies in them."""
    return "/".join(places_among(file.relative_to(source).parent.parts))


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
