"""Shapes of LabelMe and X-AnyLabeling: which have an area, and how they are painted."""

import base64
import binascii
from pathlib import Path
from typing import Any

import numpy as np

from prep.core.errors import SegError
from prep.core.words import counted
from prep.images.imageio import IndexMask, loaded, open_image
from prep.images.polygons import Ring, fill_polygon
from prep.labels.region_labels import corners

_CORNERED = ("polygon", "rotation", "quadrilateral")
"""Polygons, and what X-AnyLabeling calls turned rectangles and four corners."""

_PAINTED = (*_CORNERED, "rectangle", "circle", "mask")
_WITHOUT_AREA = ("point", "points", "line", "linestrip")

_FARTHEST = 1e9
"""Corners of circles and masks that are farther out than any photo are moved here: numbers must stay finite."""


def is_painted(shape: Any) -> bool:  # noqa: ANN401
    """Whether it has an area, and is of a kind that is painted."""
    if _kind(shape) in _CORNERED:
        return not isinstance(shape["points"], list) or len(shape["points"]) > 2
    return _kind(shape) in _PAINTED


def why_left_out(shape: Any) -> str:  # noqa: ANN401
    """Why it is not painted, and its kind."""
    kind = _kind(shape)
    if kind in _CORNERED:
        return f"it has no area: {kind} of {counted(len(shape['points']), 'point')}"
    return f"it has no area: {kind}" if kind in _WITHOUT_AREA else f"its kind is not known: {kind}"


def _kind(shape: Any) -> str:  # noqa: ANN401
    return str(shape.get("shape_type") or "polygon")  # LabelMe 3 wrote none


def paint(where: str, mask: IndexMask, shape: Any, code: int) -> None:  # noqa: ANN401
    """Set the pixels of a shape that is painted; SegError names `where` if it is damaged."""
    points, kind = corners(where, shape["points"]), _kind(shape)
    if kind in _CORNERED:
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
