"""Labels that are rasters of class numbers, named as the rasters they belong to. Needs the extra `geo`."""

import shlex
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX, MAX_ID, ClassMap, read_classes
from prep.core.errors import SegError
from prep.core.words import list_some
from prep.cutting.labels import RASTER_SUFFIXES, LabelOptions, PartMask
from prep.geo.extra import gdal, need_geo
from prep.geo.georeference import GeoReference, read_georeference
from prep.geo.projection import crs_of
from prep.geo.vectors import VECTOR_SUFFIXES
from prep.images.finding import find_files

_NO_CLASS = -1
_SHIFT = 0.01
"""Pixels by which a label raster may lie elsewhere."""


class LabelRasters:
    """Rasters of class numbers below a folder, or one of them. SegError if it is not said what the numbers mean."""

    def __init__(self, options: LabelOptions, known: ClassMap | None) -> None:
        need_geo(f"{options.source}: labels of rasters need")
        self.notes: list[str] = []
        self._source = options.source
        self._files = {file.stem: file.path for file in find_files(options.source, RASTER_SUFFIXES)}
        if not self._files and (vectors := find_files(self._source, VECTOR_SUFFIXES)):
            first = shlex.quote(str(vectors[0].path))
            raise SegError(f"{self._source}: holds no rasters (.tif, .tiff); name the polygons: --labels {first}")
        classes = known if options.classes_file is None else read_classes(options.classes_file)
        if classes is None or not len(classes):
            raise SegError(f"{options.source}: what do its numbers mean? Name the list of classes with --classes FILE")
        self.classes = classes
        self._table = np.full(MAX_ID + 2, _NO_CLASS, np.int16)
        for raw, index in classes.index_of_id().items():
            self._table[raw] = index
        for raw in (*classes.ignored_ids, *({IGNORE_INDEX} - set(classes.index_of_id()))):
            self._table[raw] = IGNORE_INDEX

    def of(self, raster: Path, place: GeoReference | None, width: int, height: int) -> PartMask:
        """The masks of the parts of a raster; SegError if its labels are missing, or of another size or place."""
        path = self._files.get(raster.stem) or (self._source if self._source.is_file() else None)
        if path is None:
            raise SegError(f"{raster}: no labels of that name in {self._source}; looked for {raster.stem}.tif")
        self._check(raster, path, place, width, height)

        def part(left: int, top: int, wide: int, high: int) -> NDArray[np.uint8]:
            import rasterio
            from rasterio.windows import Window

            with gdal(path), rasterio.open(path.resolve(), driver="GTiff") as file:
                numbers = file.read(1, window=Window(left, top, wide, high))
                empty = numbers == file.nodata if file.nodata is not None else np.zeros(numbers.shape, np.bool_)
            return self._classes_of(path, numbers, empty)

        return part

    def _classes_of(self, path: Path, numbers: NDArray[np.generic], empty: NDArray[np.bool_]) -> NDArray[np.uint8]:
        whole = np.where(empty, 0, numbers).astype(np.int64)
        is_known = (whole >= 0) & (whole <= MAX_ID) & (whole == np.where(empty, 0, numbers))
        found = self._table[np.where(is_known, whole, MAX_ID + 1)]
        wrong = ~empty & (found == _NO_CLASS)
        if wrong.any():
            values = list(map(str, np.unique(numbers[wrong]).tolist()))
            raise SegError(
                f"{path}: holds {list_some(values)}, which is the number of no class; add it to the class list "
                "(--classes FILE), with the name ignore if it means nothing"
            )
        return np.where(empty, IGNORE_INDEX, found).astype(np.uint8)

    def _check(self, raster: Path, path: Path, place: GeoReference | None, width: int, height: int) -> None:
        import rasterio

        with gdal(path), rasterio.open(path.resolve(), driver="GTiff") as file:
            size = file.width, file.height
        if size != (width, height):
            raise SegError(
                f"{path}: {size[0]} x {size[1]} pixels, but {raster} has {width} x {height}; {_warped(path, raster)}"
            )
        other = read_georeference(path)
        if place is None or other is None or place.transform is None or other.transform is None:
            return
        a, b, _, d, e, _ = place.transform
        steps = max(abs(a) + abs(b), abs(d) + abs(e))
        corners = np.array([(0, 0, 1), (width, 0, 1), (0, height, 1)], np.float64)
        apart = corners @ (np.reshape(place.transform, (2, 3)) - np.reshape(other.transform, (2, 3))).T
        here, there = crs_of(place), crs_of(other)
        if here and there and here != there:
            names = here.to_string()[:80], there.to_string()[:80]
            raise SegError(f"{path}: in {names[1]}, but {raster} in {names[0]}; {_warped(path, raster)}")
        if np.abs(apart).max() > _SHIFT * steps:
            raise SegError(f"{path}: lies elsewhere than {raster}; {_warped(path, raster)}")


def _warped(path: Path, raster: Path) -> str:
    target = path.with_name(f"{path.stem}-warped.tif")
    command = shlex.join(["rio", "warp", str(path), str(target), "--like", str(raster)])
    return f"bring it onto that raster's pixels, then give the result its name: {command}"
