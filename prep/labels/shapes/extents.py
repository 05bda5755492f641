"""Where points of polygons lie: outside the stated size, on the turned photo, in shares or percents of the image."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.words import counted, list_some
from prep.images.polygons import Ring
from prep.labels.shapes.shapes import PackedPolygon, Polygon, RegionImage, Shape
from prep.photos.photoio import open_photo

_SLACK = 1.0
"""Tools round: so many pixels beyond the border are not outside."""

FARTHEST = 1e9
"""Points farther out than any photo are moved here: products of two must stay finite."""


def scaled(image: RegionImage, across: float, down: float) -> RegionImage:
    """The image with its polygons stretched."""

    def stretch(shape: Shape) -> Shape:
        if not isinstance(shape, Polygon | PackedPolygon):
            return shape
        return Polygon(tuple(ring.clip(-FARTHEST, FARTHEST) * (across, down) for ring in shape.rings))

    return replace(image, regions=tuple((name, stretch(shape)) for name, shape in image.regions))


def in_pixels(images: Sequence[RegionImage]) -> tuple[list[RegionImage], list[str]]:
    """Points that are shares (0 to 1) or percents (0 to 100) of the image as pixels, and a note that says so."""
    whole, notes = whole_of(images)
    if whole is None:
        return list(images), notes
    return [scaled(image, image.size[0] / whole, image.size[1] / whole) for image in images], notes


def whole_of(images: Sequence[RegionImage]) -> tuple[int | None, list[str]]:
    """What the width and the height of an image are to its points: 1, 100, or None if they are pixels; and a note.

    They are shares if those of every image lie between 0 and 1, and some have fractions: a single region may be as
    small as a pixel.
    """
    extents = [image.extent for image in images if image.extent is not None]
    if not extents or any(max(extent) > 100.1 or min(extent) < -0.1 for extent in extents):
        return None, []
    if any(max(extent) > 1.001 or min(extent) < -0.001 for extent in extents):
        return _of_percents(images, np.array(extents))
    if all(max(image.size) <= 1 for image in images) or not any((image.points() % 1 != 0).any() for image in images):
        return None, []
    return 1, ["all points lie between 0 and 1: read as shares of the width and height of their images"]


def _of_percents(images: Sequence[RegionImage], extents: NDArray[np.float64]) -> tuple[int | None, list[str]]:
    """100 where points between 0 and 100 are percents and no pixels; and a note, also where they may be.

    As pixels they would all lie in one corner of larger images, or far outside of smaller ones. By chance a region lies
    there as seldom as that corner is small; percents have fractions, and reach over most of the image both ways.
    """
    seldom = sum(map(_seldom, images))
    if seldom > math.log(0.05) or not all(image.is_of_polygons and all(image.size) for image in images):
        return None, []
    wide = extents[:, :2].min(axis=0).max() <= 20 and extents[:, 2:].max(axis=0).min() >= 80
    if seldom <= math.log(1e-4) and wide and any((image.points() % 1 != 0).any() for image in images):
        return 100, ["all points lie between 0 and 100: read as percents of the width and height of their images"]
    return None, [
        "all points lie between 0 and 100, and are read as pixels: if they are percents of the width and height, these "
        "masks are wrong; then export pixels"
    ]


def _seldom(image: RegionImage) -> float:
    """Logarithm of how often the regions of an image lie between 0 and 100 pixels by chance."""
    if not all(image.size) or image.extent is None:
        return 0.0
    width, height = image.size
    corner = len(image.regions) * math.log(min(1.0, 100 / width) * min(1.0, 100 / height))
    return corner + (math.log(0.01) if max(image.extent) > 1.1 * max(width, height) else 0.0)


def turned(images: Sequence[RegionImage], photos: Sequence[Path | None]) -> tuple[list[RegionImage], list[str]]:
    """Images whose stated size is that of the photo as stored, with points of the upright one, at the upright size.

    Points outside the stated size and inside the turned one tell. What one image tells holds for all with a photo
    that EXIF turns so: a tool does the same with each.
    """
    certain = [_is_turned(image) for image in images]
    if not any(certain):
        return list(images), []
    result, names = [], []
    for image, photo, sure in zip(images, photos, certain, strict=True):
        upright = image.size[::-1]
        if upright != image.size and image.is_of_polygons:
            seen = _upright_size(photo)
            fits = _is_inside(image, upright)
            if fits and (seen == upright or (seen is None and sure)):
                names.append(image.name)
                image = replace(image, size=upright)
        result.append(image)
    if not names:
        return result, []
    return result, [
        f"width and height of {counted(len(names), 'image')} are those of the photo as stored, but points lie outside "
        f"them and inside the photo turned upright; read as upright, look at some: {list_some(names)}"
    ]


def _upright_size(photo: Path | None) -> tuple[int, int] | None:
    """As a person sees it; None without a photo, and of a damaged one: converting it will say what is wrong with it."""
    try:
        return open_photo(photo).upright_size if photo is not None else None
    except SegError:
        return None


def outside_note(images: Sequence[RegionImage]) -> list[str]:
    """How many points lie outside their images, and in which; nothing if none does."""
    names = [image.name for image in images if all(image.size) and not _is_inside(image, image.size)]
    if not names:
        return []
    outside = points = 0
    for image in images:
        found = image.points()
        outside += int(np.count_nonzero(_beyond(found, image.size))) if all(image.size) else 0
        points += len(found)
    return [
        f"{outside / points:.1%} of the points ({outside:,}) lie outside their images, where regions are cut off; "
        f"look at {list_some(names)}"
    ]


def _is_turned(image: RegionImage) -> bool:
    if not image.is_of_polygons or not all(image.size) or _is_inside(image, image.size):
        return False
    return _is_inside(image, image.size[::-1])


def _is_inside(image: RegionImage, size: tuple[int, int]) -> bool:
    """Whether no point lies outside an image of this size."""
    if image.extent is None:
        return True
    return not _beyond(np.array(image.extent).reshape(2, 2), size).any()


def _beyond(points: Ring, size: tuple[int, int]) -> NDArray[np.bool_]:
    """(N,) whether each lies outside."""
    outside: NDArray[np.bool_] = (points < -_SLACK) | (points > np.asarray(size) + _SLACK)
    return outside[:, 0] | outside[:, 1]
