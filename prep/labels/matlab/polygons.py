"""Polygons of MATLAB's Image Labeler.

The layout of each polygon label in an element of LabelData, as saved by R2020b and later: a cell array of N-by-2
matrices [x y], one a polygon; or such a matrix alone for one polygon; or, for polygons with attributes or sublabels, a
struct array with either of them as Position. The same field of PolygonOrder holds the places of these polygons in the
stack of all polygons on the photo. Other layouts are refused. Source: MathWorks, "groundTruth", "gatherLabelData".
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from prep.core.errors import SegError
from prep.core.words import counted, verb
from prep.images.polygons import Ring

NamedRing = tuple[str, Ring]
"""Name of the label, corners (N, 2) as prep.images.polygons has them."""

_CENTRE_OF_FIRST = 1.0
"""Centre of the first pixel, across and down, in MATLAB; here it is 0.5."""


def drawn_on_photo(where: str, names: Sequence[str], row: Any, order: Any) -> tuple[NamedRing, ...]:  # noqa: ANN401
    """Polygons on one photo, the undermost first: by `order`, or, if it is None, label by label as defined.

    row, order: elements of LabelData and PolygonOrder.  Raises SegError if one of them is laid out in another way.
    """
    found: list[tuple[float, NamedRing]] = []
    for name in names:
        rings = _rings(f"{where}, label {name!r}", row[name]) if name in row.dtype.names else []
        if rings:
            places = range(len(found), len(found) + len(rings)) if order is None else _places(where, name, order, rings)
            found += zip(places, ((name, ring) for ring in rings), strict=True)
    if len({place for place, _ in found}) < len(found):
        raise SegError(f"{where}: two polygons have the same place in PolygonOrder; export the file again from MATLAB")
    return tuple(drawn for _, drawn in sorted(found, key=lambda entry: entry[0]))


def _places(where: str, name: str, order: Any, rings: Sequence[Ring]) -> list[float]:  # noqa: ANN401
    value = order[name] if name in order.dtype.names else np.zeros(0)
    try:
        places = np.asarray(value, np.float64).ravel()
    except (TypeError, ValueError):
        places = np.zeros(0)
    if len(places) != len(rings) or not np.isfinite(places).all():
        raise SegError(
            f"{where}: {counted(len(rings), 'polygon')} {verb(len(rings), 'has', 'have')} the label {name!r}, but "
            f"PolygonOrder holds {value!r:.60} for them, not as many numbers; export the file again from MATLAB"
        )
    return places.tolist()


def _rings(where: str, value: Any) -> list[Ring]:  # noqa: ANN401
    if not isinstance(value, np.ndarray):
        raise SegError(_unreadable(where, type(value).__name__))
    if value.size == 0:
        return []
    if value.dtype == object:
        return [ring for part in value.ravel(order="F") for ring in _rings(where, part)]
    if "Position" in (value.dtype.names or ()):
        return [ring for part in value.ravel(order="F") for ring in _rings(where, part["Position"])]
    if value.dtype.kind not in "iuf" or value.ndim != 2 or value.shape[1] != 2:
        raise SegError(_unreadable(where, f"an array of {value.dtype.names or value.dtype} of the size {value.shape}"))
    ring = value.astype(np.float64) - (_CENTRE_OF_FIRST - 0.5)
    if not np.isfinite(ring).all():
        raise SegError(f"{where}: a polygon has a corner that is no finite number; remove it in the Image Labeler")
    return [ring]


def _unreadable(where: str, found: str) -> str:
    return (
        f"{where}: {found:.200} where polygons are expected (cells with N-by-2 matrices of x and y); in MATLAB, make "
        "pixel labels of them with poly2label, or export the file again"
    )


def positions(value: Any) -> int:  # noqa: ANN401
    """Number of boxes, lines or other shapes in an element of LabelData: rows of matrices, cells, or structs."""
    if not isinstance(value, np.ndarray) or value.size == 0:
        return 0
    if value.dtype == object:
        return sum(map(positions, value.ravel()))
    if value.dtype == bool:
        return int(value.any())
    is_line = value.ndim == 2 and value.shape[1] == 2  # its corners; a box has four numbers or more
    return value.size if value.dtype.names else 1 if is_line else len(value)
