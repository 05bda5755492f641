"""Shapes of named regions, whichever tool drew them, and how they are painted: a later one over an earlier one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, TypeGuard

import numpy as np

from prep.core.errors import SegError
from prep.images.imageio import IndexMask, loaded, open_image
from prep.images.polygons import Ring, fill_polygon
from prep.images.runlengths import decode_runs, decompress
from prep.labels.reader import Codes, RawLabel
from prep.labels.region_labels import UNCOVERED, RegionCodes, code_of


@dataclass(frozen=True, slots=True)
class Polygon:
    """Outlines in pixels of the image, (N, 2) x and y; what lies in an odd number of them is inside (holes)."""

    rings: tuple[Ring, ...]

    def paint(self, mask: IndexMask, code: int) -> None:
        """Set the pixels whose centres lie inside."""
        fill_polygon(mask, self.rings, code)


@dataclass(frozen=True, slots=True)
class PackedPolygon:
    """A polygon of one outline in little memory: x, y, x, y ... as whole numbers of 32 bits, so many to a pixel."""

    data: bytes
    parts: int

    @property
    def rings(self) -> tuple[Ring, ...]:
        """Its outline as that of a polygon: exactly the numbers that were packed."""
        return (np.frombuffer(self.data, np.int32).reshape(-1, 2) / self.parts,)

    def paint(self, mask: IndexMask, code: int) -> None:
        """Set the pixels whose centres lie inside."""
        fill_polygon(mask, self.rings, code)


PARTS = (100, 10_000)
"""Of a pixel, so many to a whole number."""


def packed_polygon(ring: Ring) -> Polygon | PackedPolygon:
    """A polygon of one outline; packed if its corners have at most four decimals, as tools write them."""
    with np.errstate(invalid="ignore", over="ignore"):  # what does not fit 32 bits does not come back equal
        for parts in PARTS:
            whole = np.rint(ring * parts).astype(np.int32)
            if (whole / parts == ring).all():
                return PackedPolygon(whole.tobytes(), parts)
    return Polygon((ring,))


@dataclass(frozen=True, slots=True)
class Runs:
    """Run lengths by turns outside and inside, as numbers or as COCO's text, of an image of (height, width).

    by_rows: whether they go along the rows; COCO's go down the columns.
    """

    counts: Sequence[int] | str
    height: int
    width: int
    by_rows: bool = False

    def paint(self, mask: IndexMask, code: int) -> None:
        """Set the pixels of the runs inside; SegError if they are not of the mask's size."""
        if (self.height, self.width) != mask.shape:
            raise SegError(
                f"run lengths are of an image of {self.width} x {self.height} pixels, but the photo has "
                f"{mask.shape[1]} x {mask.shape[0]}; export the file again"
            )
        counts = decompress(self.counts) if isinstance(self.counts, str) else list(self.counts)
        if self.by_rows:
            mask[decode_runs(counts, self.width, self.height).T] = code
        else:
            mask[decode_runs(counts, self.height, self.width)] = code


@dataclass(frozen=True)
class BoxRuns:
    """Run lengths along the rows of a box, by turns outside and inside, as numbers or as text, and where the box lies.

    left, top: its top left pixel.
    """

    counts: Sequence[int] | str
    left: int
    top: int
    width: int
    height: int

    def paint(self, mask: IndexMask, code: int) -> None:
        """Set the pixels of the runs inside; SegError if they do not fill the box or the box leaves the mask."""
        counts = decompress(self.counts) if isinstance(self.counts, str) else self.counts
        inside = decode_runs(counts, self.width, self.height).T
        if min(self.left, self.top) < 0 or self.top + self.height > len(mask) or self.left + self.width > mask.shape[1]:
            raise SegError("its mask reaches beyond the border of the image; export the file again")
        mask[self.top : self.top + self.height, self.left : self.left + self.width][inside] = code


@dataclass(frozen=True)
class Bitmap:
    """An image file of the region alone (not 0, or not transparent, is inside), and where its top left pixel lies."""

    data: bytes
    left: int
    top: int

    def paint(self, mask: IndexMask, code: int) -> None:
        """Set its pixels; what lies beyond the border of the mask is left out."""
        picture = open_image(Path("bitmap"), self.data)
        opened = loaded(Path("bitmap"), picture)
        if "transparency" in opened.info:
            opened = opened.convert("RGBA")
        inside = np.asarray(opened.getchannel("A") if "A" in opened.getbands() else opened.convert("L")) > 0
        top, left = max(0, self.top), max(0, self.left)
        part = inside[top - self.top :, left - self.left :][: mask.shape[0] - top, : mask.shape[1] - left]
        mask[top : top + part.shape[0], left : left + part.shape[1]][part] = code


class Shape(Protocol):
    """What can be painted: those above, and those of a single format."""

    def paint(self, mask: IndexMask, code: int) -> None:
        """Set the pixels inside; SegError if they do not fit the mask."""


def rectangle(left: float, top: float, right: float, bottom: float) -> Polygon:
    """The pixels whose centres lie in it."""
    return Polygon((np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64),))


def ellipse(x: float, y: float, across: float, down: float, turn: float = 0.0, corners: int = 360) -> Polygon:
    """An ellipse around (x, y) with these half axes, in pixels, as a polygon of many corners.

    turn: by which angle it is turned, in radians, clockwise as seen.
    """
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    along, aside = across * np.cos(angles), down * np.sin(angles)
    xs = x + along * np.cos(turn) - aside * np.sin(turn)
    ys = y + along * np.sin(turn) + aside * np.cos(turn)
    return Polygon((np.stack([xs, ys], axis=1),))


@dataclass(frozen=True)
class RegionImage:
    """What a label file says of one image: its name or path, its size (0, 0 if it does not say), and its regions.

    regions: (name of the class, shape), in the order in which they are painted.
    split: train, val or test, where the labels came divided.  file: the label file, where there are several.
    photo: its photo, where the format does not leave it to be found by the name.
    """

    name: str
    size: tuple[int, int]
    regions: Sequence[tuple[str, Shape]]
    split: str = ""
    file: Path | None = None
    photo: Path | None = None

    @property
    def is_of_polygons(self) -> bool:
        """Whether all its regions are polygons, so that it has points and no pixels that state a size."""
        said: bool | None = getattr(self.regions, "are_polygons", None)
        return said if said is not None else all(map(is_polygon, (shape for _, shape in self.regions)))

    @cached_property
    def extent(self) -> tuple[float, float, float, float] | None:
        """Smallest x and y, largest x and y of its points; None without points."""
        points = self.points()
        return (*points.min(axis=0).tolist(), *points.max(axis=0).tolist()) if len(points) else None

    def points(self) -> Ring:
        """Corners of all its polygons, (N, 2)."""
        rings = [ring for _, shape in self.regions if is_polygon(shape) for ring in shape.rings]
        return np.concatenate(rings) if rings else np.empty((0, 2))


def is_polygon(shape: Shape) -> TypeGuard[Polygon | PackedPolygon]:
    """Whether a shape has points."""
    return isinstance(shape, Polygon | PackedPolygon)


@dataclass(frozen=True)
class ShapeReader(RegionCodes):
    """Paints the regions that a format of named regions listed."""

    name: str = ""

    def read(self, label: RawLabel) -> Codes:
        """(H, W) codes; a later region covers an earlier one."""
        width, height = label.size
        mask = np.full((height, width), UNCOVERED, np.uint8)
        for name, shape in label.regions or ():
            try:
                shape.paint(mask, code_of(name, label.names))
            except SegError as error:
                raise SegError(f"{label.name}: a region of {name!r}: {error}") from error
        return mask
