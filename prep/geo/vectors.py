"""Polygons of vector files (GeoPackage, GeoJSON, Shapefile) with their classes. Needs the extra `geo`."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.words import list_some
from prep.geo.extra import gdal, need_geo
from prep.geo.vector_drivers import only_polygons

if TYPE_CHECKING:
    from rasterio.crs import CRS

VECTOR_SUFFIXES = frozenset({".gpkg", ".geojson", ".json", ".shp", ".fgb", ".kml", ".gml", ".zip", ".shz"})
"""Of GeoPackage, GeoJSON, Shapefile (also with all its files in a zip file) and others that GDAL reads."""

_CLASS = "class"  # the attribute where none is named: predict writes it

_POLYGON, _PARTS = 3, (4, 5, 6, 7)
"""Geometry types of well-known binary: polygon; several points, lines, polygons, a collection of anything."""

GroundPolygon = list[NDArray[np.float64]]
"""The outer ring (N, 2), closed, then its holes."""


_HALVINGS = 12
"""How often a line that is bent is halved at most."""


@dataclass(frozen=True)
class Region:
    """A region of one class: one or several polygons, and the box around them (left, bottom, right, top)."""

    name: str
    polygons: list[GroundPolygon]
    box: tuple[float, float, float, float]

    @property
    def area(self) -> float:
        """In square map units, without holes."""
        areas = [[abs(_shoelace(ring)) for ring in polygon] for polygon in self.polygons]
        return sum(outer - sum(holes) for outer, *holes in areas)


@dataclass(frozen=True)
class VectorLayer:
    """Regions of one layer in the order of the file, in its coordinate system. left_out: without area, or a class."""

    regions: list[Region]
    crs: str
    left_out: int


def read_vectors(path: Path, attribute: str | None = None, *, are_classes: bool = True) -> list[VectorLayer]:
    """Read all layers of a vector file.

    attribute: whose text is the class; None is `class`, or, of several layers without it, the layer's name.
    are_classes: otherwise the name of the layer is that of all its regions.
    Raises SegError if the file is damaged, names no coordinate system, or says no class.
    """
    need_geo(f"{path}: vector files need")
    from pyogrio import list_layers
    from pyogrio.raw import read

    with gdal(path), only_polygons(path):
        layers = [str(name) for name, kind in list_layers(path.resolve()) if kind is not None]
        raw = [read(path.resolve(), layer=name, force_2d=True) for name in layers]
    if not raw:
        raise SegError(f"{path}: holds no layer with regions")
    fields = [list(map(str, meta["fields"])) for meta, *_ in raw]
    asked = [known for (_, _, shapes, _), known in zip(raw, fields, strict=True) if len(shapes)]  # empty ones say none
    attribute = _attribute(path, asked, attribute) if are_classes and asked else None
    found = []
    for name, (meta, _, shapes, columns), known in zip(layers, raw, fields, strict=True):
        if not meta["crs"]:
            raise SegError(f"{path}: layer {name} names no coordinate system; save it with one (a .prj of a Shapefile)")
        is_named = attribute is None or not len(shapes)
        texts = [name] * len(shapes) if is_named else list(map(_text, columns[known.index(attribute or "")]))
        regions = [_region(text, shape) for text, shape in zip(texts, shapes, strict=True)]
        kept = [region for region in regions if region is not None]
        found.append(VectorLayer(kept, str(meta["crs"]), len(regions) - len(kept)))
    return found


def text_attributes(path: Path) -> list[str]:
    """The attributes of texts that all layers with regions have; `class` first. SegError if the file is damaged."""
    from pyogrio import list_layers, read_info

    with gdal(path), only_polygons(path):
        layers = [str(name) for name, kind in list_layers(path.resolve()) if kind is not None]
        infos = [read_info(path.resolve(), layer=name) for name in layers]
    texts = [
        [str(name) for name, kind in zip(info["fields"], info["dtypes"], strict=True) if str(kind) == "object"]
        for info in infos
    ]
    shared = [name for name in texts[0] if all(name in each for each in texts)] if texts else []
    return sorted(shared, key=lambda name: name != _CLASS)


@dataclass(frozen=True)
class TargetArea:
    """Where regions are brought to: the coordinate system of a raster, and its part (left, bottom, right, top).

    tolerance: in map units, how far a line that is straight in the file may be from its place on the raster.
    """

    crs: "CRS"
    box: tuple[float, float, float, float]
    tolerance: float


def moved(layer: VectorLayer, target: TargetArea, path: Path) -> list[Region]:
    """The regions of a layer in another coordinate system. SegError where they have no place in it.

    Lines are straight in the file's own system: where they are bent in the other one, they get points between.
    """
    from rasterio.crs import CRS

    rings = [ring for region in layer.regions for polygon in region.polygons for ring in polygon]
    if not rings:
        return []
    with gdal(path):
        source = CRS.from_user_input(layer.crs)
    points = np.concatenate(rings)
    numbers = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    there, numbers = (points, numbers) if source == target.crs else _bent(points, numbers, source, target, path)
    lost = numbers[~np.isfinite(there).all(axis=1)]
    if len(lost):
        x, y = rings[lost[0]][0].tolist()
        raise SegError(
            f"{path}: some regions lie outside of the raster's coordinate system: {x:.10g} {y:.10g}, said to be in "
            f"{source.to_string()[:80]}; save it with the coordinate system that its numbers are of"
        )
    new = iter(np.split(there, np.flatnonzero(np.diff(numbers)) + 1))
    return [
        _boxed(region.name, [[next(new) for _ in polygon] for polygon in region.polygons]) for region in layer.regions
    ]


def _bent(
    points: NDArray[np.float64], numbers: NDArray[np.int64], source: "CRS", target: TargetArea, path: Path
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points of rings (N, 2), and the number of the ring of each, in the other system and with points between.

    Lines that keep clear of the raster stay as they are: between the same ends they enclose the same pixels of it.
    """
    there = _changed(points, source, target.crs, path)
    edges = np.flatnonzero(numbers[1:] == numbers[:-1])
    for _ in range(_HALVINGS):
        middles = (points[edges] + points[edges + 1]) / 2
        ends = np.stack([there[edges], there[edges + 1]])
        bent = _changed(middles, source, target.crs, path)
        low, high = np.fmin(ends.min(axis=0), bent), np.fmax(ends.max(axis=0), bent)
        is_near = (low <= target.box[2:]).all(axis=1) & (high >= target.box[:2]).all(axis=1)
        off = np.hypot(*(bent - ends.mean(axis=0)).T)
        chosen = is_near & (off > target.tolerance)
        if not chosen.any():
            break
        at = edges[chosen] + 1
        points, there = np.insert(points, at, middles[chosen], axis=0), np.insert(there, at, bent[chosen], axis=0)
        numbers = np.insert(numbers, at, numbers[at])
        inserted = at + np.arange(len(at))
        edges = np.sort(np.concatenate([inserted - 1, inserted]))
    return there, numbers


def _changed(points: NDArray[np.float64], source: "CRS", crs: "CRS", path: Path) -> NDArray[np.float64]:
    """Points (N, 2) in another system; no numbers where one has no place there."""
    from rasterio.warp import transform

    try:
        with gdal(path):
            found = np.array(transform(source, crs, *points.T.tolist()), np.float64).T
    except SegError:  # PROJ gives up where it knows none of the points
        return np.full(points.shape, np.nan)
    return found


def _attribute(path: Path, fields: Sequence[Sequence[str]], attribute: str | None) -> str | None:
    """The attribute that says the class; None if that is the layer's name."""
    wanted = attribute or _CLASS
    if all(wanted in each for each in fields):
        return wanted
    if attribute is None and len(fields) > 1:
        return None
    there = list(dict.fromkeys(name for each in fields for name in each))
    if not there:
        raise SegError(f"{path}: its polygons have no attribute; add one to each that says its class")
    if attribute is None:
        raise SegError(f"{path}: which attribute is the class? Name it with --attribute; there are {list_some(there)}")
    raise SegError(f"{path}: not every layer has the attribute {attribute!r}; there are {list_some(there)}")


def _text(value: object) -> str:
    """A value of an attribute as the name of a class, empty for none."""
    if value is None or value != value:
        return ""
    is_whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value) if is_whole else value).strip()  # type: ignore[call-overload]


def _region(name: str, shape: bytes | None) -> Region | None:
    try:
        polygons = _polygons(shape, 0)[0] if shape is not None else []
    except _CurvesError:
        return None
    return _boxed(name, polygons) if name and polygons else None


def _boxed(name: str, polygons: list[GroundPolygon]) -> Region:
    outer = np.concatenate([polygon[0] for polygon in polygons])
    (left, bottom), (right, top) = outer.min(axis=0).tolist(), outer.max(axis=0).tolist()
    return Region(name, polygons, (left, bottom, right, top))


class _CurvesError(Exception):
    """A part is neither points nor lines nor polygons."""


def _polygons(shape: bytes, at: int) -> tuple[list[GroundPolygon], int]:
    """Polygons of a shape in well-known binary (OGC 06-103r4) from a byte on, and where it ends."""
    order = "<" if shape[at] == 1 else ">"
    kind, count = struct.unpack_from(f"{order}II", shape, at + 1)
    if kind in _PARTS:
        found, at = [], at + 9
        for _ in range(count):
            more, at = _polygons(shape, at)
            found += more
        return found, at
    if kind == _POLYGON:
        polygon: GroundPolygon = []
        at += 9
        for _ in range(count):
            (points,) = struct.unpack_from(f"{order}I", shape, at)
            ring = np.frombuffer(shape, f"{order}f8", 2 * points, at + 4).reshape(-1, 2).astype(np.float64)
            polygon, at = [*polygon, _closed(ring)], at + 4 + 16 * points
        outer, *holes = polygon or [np.empty((0, 2))]
        return ([[outer, *filter(len, holes)]] if len(outer) else []), at
    ends = {1: at + 21, 2: at + 9 + 16 * count}  # a point, a line
    if kind not in ends:
        raise _CurvesError
    return [], ends[kind]


def _closed(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """A ring that ends where it begins, which many programs leave out; without points where it has no inside."""
    if len(ring) and (ring[0] != ring[-1]).any():
        ring = np.concatenate([ring, ring[:1]])
    return ring if len(ring) > 3 else ring[:0]


def _shoelace(ring: NDArray[np.float64]) -> float:
    x, y = (ring - ring[0]).T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
