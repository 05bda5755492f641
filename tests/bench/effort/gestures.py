"""The gestures that label a region, and what each costs: outlines, strokes, clicks on superpixels and on objects.

Seconds, which nobody has measured on people here: 1.1 a corner, 1.5 a click, 2.5 and one per 300 pixels a stroke,
0.3 a key.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from prep.annotate.regions.superpixels import SuperpixelNumbers
from tests.bench.effort.regions import Area, Region, deepest, depth_of

CORNER_S, CLICK_S, STROKE_S, STROKE_PX_S, KEY_S = 1.1, 1.5, 2.5, 300.0, 0.3

TOLERANCE = 3
"""Of Douglas-Peucker, in pixels: how far an outline may be from what is outlined."""

RADII = (0, 1, 2, 4, 8, 16, 32, 64, 128)
"""Of the brush, in pixels."""

_TRIED = 60
"""Places that are tried as the end of a stroke."""

SIZES = (8, 16, 32, 64, 128)
"""Of superpixels, in pixels."""

CLICKS = (1, 2, 3)
"""On one object."""


@dataclass(frozen=True)
class Gesture:
    """What is painted, and its price without the keys before it.

    pixels: (h, w), from `top` and `left` of the photo on.  size: that the tool has to be set to.
    """

    tool: str
    value: int
    top: int
    left: int
    pixels: Area
    seconds: float
    size: int = 0

    @property
    def place(self) -> tuple[slice, slice]:
        """Its rows and columns in the photo."""
        height, width = self.pixels.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


Tool = Callable[[Region], Gesture | None]
"""The gesture of a tool, as it is set, for a region that is wrong; None if it has none."""


def outline(region: Region) -> Gesture | None:
    """A polygon around all of it."""
    wide = region.pixels.view(np.uint8)
    found, _ = cv2.findContours(wide, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    corners = cv2.approxPolyDP(max(found, key=len), TOLERANCE, True)
    if len(corners) < 3:
        return None
    filled = np.zeros(region.pixels.shape, np.uint8)
    cv2.fillPoly(filled, [corners], 1)
    seconds = CORNER_S * len(corners) + KEY_S
    return Gesture("polygon", region.value, region.top, region.left, filled.view(np.bool_), seconds)


def strokes(rng: np.random.Generator) -> Tool:
    """The longest straight stroke from the deepest place that stays inside, with the largest brush."""

    def tool(region: Region) -> Gesture | None:
        depth = depth_of(region.pixels)
        radius = max(radius for radius in RADII if _room(radius) < depth.max())
        begin, end = _longest(depth > _room(radius), deepest(depth), rng)
        drawn = np.zeros(region.pixels.shape, np.uint8)
        cv2.line(drawn, begin[::-1], end[::-1], 1, 2 * radius + 1)
        seconds = STROKE_S + float(np.hypot(end[0] - begin[0], end[1] - begin[1])) / STROKE_PX_S
        return Gesture("brush", region.value, region.top, region.left, drawn.view(np.bool_), seconds, radius)

    return tool


def _room(radius: int) -> float:
    """How deep a brush has to be, to stay inside; the depth is right to 4 %."""
    return 1.05 * radius + 0.5


def _longest(inside: Area, begin: tuple[int, int], rng: np.random.Generator) -> tuple[tuple[int, int], tuple[int, int]]:
    """The longest of the straight ways from a place that are tried."""
    flat = np.flatnonzero(inside)
    ends = np.stack(np.divmod(rng.choice(flat, min(_TRIED, len(flat)), replace=False), inside.shape[1]), axis=1)
    lengths = np.hypot(*(ends - begin).T)
    for place in np.argsort(-lengths, kind="stable"):
        way = np.linspace(begin, ends[place], int(lengths[place]) + 2).round().astype(int)
        if inside[tuple(way.T)].all():
            return begin, (int(ends[place, 0]), int(ends[place, 1]))
    return begin, begin


def superpixels(labels: SuperpixelNumbers, size: int) -> Tool:
    """A click on the deepest place. labels: (H, W), of superpixels of a diameter of `size` pixels."""

    def tool(region: Region) -> Gesture | None:
        row, column = deepest(depth_of(region.pixels))
        row, column = row + region.top, column + region.left
        # It may have a part elsewhere, of which the page shows nothing: as far as three diameters are looked at.
        top, left = max(0, row - 3 * size), max(0, column - 3 * size)
        near = labels[top : row + 3 * size, left : column + 3 * size]
        return Gesture("superpixel", region.value, top, left, near == labels[row, column], CLICK_S, size)

    return tool


def objects(answer: Callable[[str], Area], clicks: int) -> Tool:
    """Clicks in and beside an object: the first in the deepest place, the next where the answer is most wrong.

    answer: the object (H, W) at steps as the page sends them.
    """

    def tool(region: Region) -> Gesture | None:
        steps: list[str] = []
        wrong, wanted = region, True
        for _ in range(clicks):
            row, column = deepest(depth_of(wrong.pixels))
            steps.append(f"{'in' if wanted else 'out'},{wrong.left + column + 0.5},{wrong.top + row + 0.5}")
            found = answer(";".join(steps))
            whole = np.zeros(found.shape, np.bool_)
            whole[region.place] = region.pixels
            missed, extra = whole & ~found, found & ~whole
            wanted = bool(missed.sum() >= extra.sum())
            if not (missed if wanted else extra).any():
                break
            wrong = Region(region.value, 0, 0, missed if wanted else extra)
        return Gesture("sam", region.value, 0, 0, found, CLICK_S * len(steps) + KEY_S)

    return tool
