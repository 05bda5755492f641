"""Labels of rasters: polygons of vector files, or rasters of class numbers; as masks of any part of a raster."""

import math
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX, IGNORE_NAME, ClassMap, made_up_classes, read_classes
from prep.core.errors import SegError
from prep.core.words import composed, counted, list_some, natural_key
from prep.geo.burning import UNBURNT, Burner
from prep.geo.georeference import GeoReference, Transform, companions
from prep.geo.projection import projection_of
from prep.geo.vectors import Region, TargetArea, VectorLayer, moved, read_vectors
from prep.geo.whole_turns import turned_regions
from prep.images.finding import find_files

PaintOrder = Literal["file", "class", "size"]
"""Which region lies over another: the later one in the file, the later class, or the smaller one."""

PartMask = Callable[[int, int, int, int], NDArray[np.uint8]]
"""(left, top, width, height) in pixels -> mask (height, width) of class indices, 255 = ignored."""

RASTER_SUFFIXES = (".tif", ".tiff")

_STRAIGHT_PX = 0.1
"""How far a line may be from where it is bent to by a change of coordinate systems."""

_BLACK = (0, 0, 0)


@dataclass(frozen=True)
class LabelOptions:
    """What labels are, see the options of 'seg-prep tile'.

    source: a vector file, or a folder of rasters of class numbers named as the rasters.
    unlabelled: class of what lies in no region; None is ignored.  area: vector file of the labelled area.
    """

    source: Path
    classes_file: Path | None = None
    attribute: str | None = None
    unlabelled: str | None = None
    area: Path | None = None
    order: PaintOrder = "file"
    all_touched: bool = False

    @property
    def files(self) -> list[Path]:
        """All that the masks depend on."""
        labels = find_files(self.source, None if self.source.is_file() else RASTER_SUFFIXES)
        named = [*(file.path for file in labels), self.classes_file, self.area]
        return [each for path in named if path is not None for each in (path, *companions(path))]


def label_options(
    source: Path | None,
    classes_file: Path | None,
    area: Path | None,
    *,
    attribute: str | None,
    unlabelled: str | None,
    order: PaintOrder,
    all_touched: bool,
) -> LabelOptions | None:
    """What was said of labels; None without labels. SegError if something is said of labels and none are named."""
    if source is not None:
        return LabelOptions(source, classes_file, attribute, unlabelled, area, order, all_touched)
    said = {"--classes": classes_file, "--area": area, "--attribute": attribute, "--unlabelled": unlabelled}
    if given := [name for name, value in said.items() if value is not None]:
        raise SegError(f"{given[0]} is about labels; name them with --labels FILE")
    return None


class Labels(Protocol):
    """The labels of all rasters."""

    @property
    def classes(self) -> ClassMap:
        """The classes of the masks."""

    @property
    def notes(self) -> list[str]:
        """What a person should know."""

    def of(self, raster: Path, place: GeoReference | None, width: int, height: int) -> PartMask:
        """The masks of the parts of a raster; SegError if there are no labels that fit it."""


class VectorLabels:
    """Regions of a vector file. Needs the extra `geo`; SegError if the file is damaged or its classes do not fit."""

    def __init__(self, options: LabelOptions, known: ClassMap | None) -> None:
        self._options = options
        self._layers = read_vectors(options.source, options.attribute)
        self._area = [] if options.area is None else read_vectors(options.area, are_classes=False)
        names = sorted({region.name for layer in self._layers for region in layer.regions}, key=natural_key)
        self.classes = _classes(options, known, names)
        if not names and not len(self.classes):
            raise SegError(f"{options.source}: holds no polygon of a class; draw some, or name another file")
        self._values = {name: _value(self.classes, name) for name in names}
        if unknown := [name for name, value in self._values.items() if value is None]:
            raise SegError(
                f"{options.source}: regions of {list_some(unknown)}, which is no class; there are "
                f"{', '.join(self.classes.names)}; add it to the class list (--classes FILE), or name another "
                "--attribute"
            )
        rest = options.unlabelled or IGNORE_NAME
        self._rest = IGNORE_INDEX if rest == IGNORE_NAME else _named(self.classes, rest)
        left_out = sum(layer.left_out for layer in self._layers)
        regions = sum(len(layer.regions) for layer in self._layers)
        self._said = [f"{counted(regions, 'region')} of {counted(len(names), 'class', 'classes')}"]
        if left_out:
            self._said.append(f"{counted(left_out, 'shape')} left out: points, lines, curves, or without a class")
        self._bare: dict[Path, list[str]] = {}

    @property
    def notes(self) -> list[str]:
        """What the file holds, and which rasters none of it lies on."""
        rest = "is ignored" if self._rest == IGNORE_INDEX else f"becomes {self.classes.names[self._rest]}"
        return [
            *self._said,
            *(
                f"{counted(len(rasters), 'raster')} ({list_some(rasters)}) on which nothing of {source} lies: all of "
                f"it {rest if source == self._options.source else 'is ignored'}; if something should, check the "
                "coordinate systems of both"
                for source, rasters in self._bare.items()
            ),
        ]

    def of(self, raster: Path, place: GeoReference | None, width: int, height: int) -> PartMask:
        """The masks of the parts of a raster; SegError if it names no coordinate system, or regions lie outside."""
        projection = projection_of(place) if place is not None else None
        if projection is None:
            raise SegError(
                f"{raster}: names no place or no coordinate system, so labels of a map do not fit; give it one, for "
                f"example: rio edit-info --crs EPSG:32633 {shlex.quote(str(raster))}"
            )

        corners = projection.map_points(np.array([[0, 0], [width, 0], [0, height], [width, height]]))
        box = (*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())
        a, b, _, d, e, _ = projection.transform
        target = TargetArea(projection.crs, box, _STRAIGHT_PX * min(math.hypot(a, d), math.hypot(b, e)))

        def placed(layers: Sequence[VectorLayer], source: Path) -> list[Region]:
            regions = [each for layer in layers for each in moved(layer, target, source)]
            return turned_regions(regions, projection, width, height)

        regions = placed(self._layers, self._options.source)
        if self._options.order == "class":
            regions.sort(key=lambda region: self._values[region.name] or 0)
        elif self._options.order == "size":
            regions.sort(key=lambda region: -region.area)
        values = [value for region in regions if (value := self._values[region.name]) is not None]
        burn = self._burner(regions, values, projection.transform)
        area = placed(self._area, self._options.area or raster)
        within = self._burner(area, [1] * len(area), projection.transform) if self._options.area else None
        if not burn.touches(width, height):
            self._bare.setdefault(self._options.source, []).append(raster.name)
        if within is not None and not within.touches(width, height):
            self._bare.setdefault(self._options.area or raster, []).append(raster.name)

        def part(left: int, top: int, wide: int, high: int) -> NDArray[np.uint8]:
            mask = burn(left, top, wide, high)
            mask[mask == UNBURNT] = self._rest
            if within is not None:
                mask[within(left, top, wide, high) == UNBURNT] = IGNORE_INDEX
            return mask

        return part

    def _burner(self, regions: Sequence[Region], values: Sequence[int], transform: Transform) -> Burner:
        source, all_touched = self._options.source, self._options.all_touched
        return Burner(regions, values, transform, source, all_touched=all_touched)


def _classes(options: LabelOptions, known: ClassMap | None, names: Sequence[str]) -> ClassMap:
    """The classes of a file, those of the dataset, or made-up ones of these names."""
    if options.classes_file is not None:
        return read_classes(options.classes_file)
    if known is not None and len(known):
        return known
    rest = None if options.unlabelled == IGNORE_NAME else options.unlabelled
    made_up = made_up_classes(name for name in names if name not in (IGNORE_NAME, rest))
    if rest is None:
        return made_up
    return ClassMap((rest, *made_up.names), (_BLACK, *made_up.colors))


def _value(classes: ClassMap, name: str) -> int | None:
    """The class index of what a file calls a class: by its name, else by its number; None if it is none."""
    name = composed(name)
    if name in classes.names:
        return classes.names.index(name)
    if name == IGNORE_NAME:
        return IGNORE_INDEX
    return classes.index_of_id().get(int(name)) if name.isdecimal() and len(name) < 10 else None


def _named(classes: ClassMap, name: str | None) -> int:
    plain = composed(name or "")
    if plain not in classes.names:
        raise SegError(f"--unlabelled {name}: no class has that name; there are {', '.join(classes.names)}")
    return classes.names.index(plain)
