"""Bring a mask that was drawn on a photo onto the image that was made from that photo."""

import math
from typing import Literal

from prep.core.errors import SegError
from prep.images.imageio import IndexMask
from prep.images.resample import resize_mask, upright
from prep.images.sizing import Placement
from prep.photos.photoio import RawPhoto
from prep.photos.record import PhotoRecord

PhotoForm = Literal["upright", "stored"]
"""The photo as a person sees it, or before EXIF turns it."""

_UPRIGHT = 1
_TURNED_OVER = (2, 3, 4)
"""EXIF orientations that keep width and height."""
_TOLERANCE = 0.02
"""Largest difference of two aspects that still counts as the same picture in another size."""


def drawn_on(
    mask_size: tuple[int, int], photo: PhotoRecord | RawPhoto, unclear_as: PhotoForm = "upright"
) -> PhotoForm | None:
    """Tell by width and height on which form of the photo a mask was drawn; None: on neither.

    Equal sizes decide first, then the nearer aspect, then upright.
    unclear_as: what holds where both forms have one size.
    """
    seen, stored = photo.upright_size, (photo.width, photo.height)
    if unclear_as == "stored" and is_unclear(photo):
        return "stored" if _difference(mask_size, seen) <= math.log1p(_TOLERANCE) else None
    if mask_size == seen:
        return "upright"
    if mask_size == stored:
        return "stored"
    to_upright, to_stored = _difference(mask_size, seen), _difference(mask_size, stored)
    if min(to_upright, to_stored) > math.log1p(_TOLERANCE):
        return None
    return "upright" if to_upright <= to_stored else "stored"


def is_unclear(photo: PhotoRecord | RawPhoto) -> bool:
    """Whether EXIF turns a photo over, mirrors it, or turns a square one: then sizes say nothing of how masks lie."""
    return photo.orientation in _TURNED_OVER or (photo.orientation != _UPRIGHT and photo.width == photo.height)


def place_mask(
    mask: IndexMask,
    photo: PhotoRecord,
    width: int,
    height: int,
    *,
    stretch: bool = False,
    unclear_as: PhotoForm = "upright",
) -> tuple[IndexMask, PhotoForm]:
    """Turn, scale (nearest neighbour) and place a mask (h, w) on an image of width x height made from the photo.

    unclear_as: on which form it was drawn where both have one size.
    Returns (height, width), 255 beyond the photo (after letterboxing), and the form on which it was drawn.
    Raises SegError naming both sizes if the mask fits the photo in no way and `stretch` is not set.
    """
    size = mask.shape[1], mask.shape[0]
    drawn = drawn_on(size, photo, unclear_as)
    if drawn is None:
        if not stretch:
            raise SegError(_unfit(size, photo))
        drawn = unclear_as if is_unclear(photo) else "upright"
    if drawn == "stored":
        mask = upright(mask, photo.orientation)
    place = Placement(width, height, photo.left, photo.top, photo.across, photo.down)
    same = mask.shape == (height, width) == (photo.down, photo.across)
    return (mask if same else resize_mask(mask, place)), drawn


def _unfit(size: tuple[int, int], photo: PhotoRecord) -> str:
    upright, stored = photo.upright_size, (photo.width, photo.height)
    turned = f" ({stored[0]} x {stored[1]} as stored)" if stored != upright else ""
    said = (
        f"{size[0]} x {size[1]} pixels, but its photo {photo.photo} has {upright[0]} x {upright[1]}{turned}: another "
    )
    if drawn_on(size[::-1], photo) is not None:  # stretched it would fit nowhere
        return said + (
            "shape, that of the photo on its side, and nothing says which way it was turned; pair it with the right "
            "photo, or turn it back in the program that wrote it"
        )
    return said + "shape; pair it with the right photo, or force it onto this one with --stretch"


def _difference(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Of two aspects, as |log ratio|."""
    return abs(math.log(one[0] * other[1] / (one[1] * other[0])))
