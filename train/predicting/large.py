"""Label a picture that is too large for memory: strip by strip from file to file."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX
from prep.core.errors import SegError
from prep.core.files import make_folder, write_bytes
from prep.core.progress import Progress, Say, say_nothing, silent
from prep.dataset.dataset_files import MASKS
from prep.images.finding import FoundFile
from prep.images.imageio import ImageRGB, IndexMask, write_png
from prep.images.overlay import overlay
from prep.photos.ranges import format_range
from prep.photos.rows.tiff_rows import TiffRows
from train.predicting.file_polygons import file_polygons
from train.predicting.maps.map_files import map_content, map_path
from train.predicting.maps.mask_tiff import write_map, write_mask
from train.predicting.maps.places import GEOJSON, GEOPACKAGE, OF_MAPS, Place
from train.predicting.maps.probability_map import keep_scores, scores_path
from train.predicting.maps.tiled_tiff import Strips
from train.predicting.output_folder import OutputFolder
from train.predicting.region_polygons import Moving
from train.runs.memory import memory_given_back
from train.windows.image_rows import ImageRows
from train.windows.predictor import Predictor
from train.windows.probability_file import PROBABILITIES
from train.windows.rescaled import RescaledPhotos

LARGE_KINDS = (MASKS, "overlays", PROBABILITIES)
"""What there is of large pictures: the mask as TIFF in full size, the overlay as a small PNG, class probabilities; of
those on the map polygons, too."""

_SHOWN_PX = 2048
_ROWS = 64


def predict_large(
    predictor: Predictor,
    photo: FoundFile,
    place: Place | None,
    folder: OutputFolder,
    kinds: Collection[str],
    *,
    tolerance: Moving = 1.0,
    smallest: int = 1,
    progress: Progress = silent,
    note: Say = say_nothing,
) -> None:
    """Write masks/STEM.tif (tiled, Deflate, uint8), overlays/STEM.png, of every n-th pixel, and probabilities.

    Of a photo with a place on the earth the mask lies there, and polygons are made of it: tolerance, smallest: in
    pixels, as of region_polygons. Memory does not grow with the height. Files that are all there, of this model, are
    left as they are.
    progress: counts rows. Raises SegError if the file cannot be read in pieces, or if its mask is not asked for.
    """
    mask_path = folder.root / MASKS / f"{photo.stem}.tif"
    if MASKS not in kinds:
        raise SegError(f"{photo.path}: of a picture this large the mask is written first; add masks to --save")
    is_map = place is not None and place.projection is not None
    if left_out := [kind for kind in kinds if kind not in (*LARGE_KINDS, *(OF_MAPS if is_map else ()))]:
        note(f"{photo.name}: too large for {', '.join(left_out)}")
    paths = {
        MASKS: mask_path,
        "overlays": folder.root / "overlays" / f"{photo.stem}.png",
        PROBABILITIES: scores_path(folder.root, photo, place),
    }
    wanted = {kind: path for kind, path in paths.items() if kind in kinds}
    side_files = [] if place is None else place.reference.side_files(".tif")
    beside = {mask_path.with_suffix(suffix): content for suffix, content in side_files}
    if folder.lacks([*wanted.values(), *beside], photo.path):
        with folder.making([*wanted.values(), *beside], photo.path):
            for path, content in beside.items():
                make_folder(path.parent)
                write_bytes(path, content)
            with memory_given_back():
                _label(predictor, photo, place, wanted, progress, note)
    if place is not None and place.projection is not None:
        for kind in (GEOJSON, GEOPACKAGE):
            path = map_path(kind, folder.root, photo)
            if kind in kinds and folder.lacks([path], photo.path):
                parts = file_polygons(mask_path, predictor.classes.foreground, tolerance, smallest)
                with folder.making([path], photo.path):
                    make_folder(path.parent)
                    write_bytes(path, map_content(kind, parts, predictor.classes, photo.name, place.projection))


def _label(
    predictor: Predictor,
    photo: FoundFile,
    place: Place | None,
    paths: Mapping[str, Path],
    progress: Progress,
    note: Callable[[str], None],
) -> None:
    """Write the files of these kinds, the mask among them."""
    rows = TiffRows(photo.path, predictor.rendering, keeps_empty=place is not None)
    predictor = predictor.on_ground(None if place is None else place.pixel_size(rows.height, rows.width))
    RescaledPhotos(note).look(str(photo.path), predictor.scale, rows.height, rows.width)
    if rows.own_range is not None:
        note(f"{photo.name}: {format_range(rows.own_range)} becomes black to white, by what is in use in this file")
    if rows.bands_left_out and predictor.rendering.bands is None:
        note(f"{photo.name}: more bands than colours: the first three are taken as red, green and blue")
    source = Thinned(rows)
    for path in paths.values():
        make_folder(path.parent)
    scores = paths.get(PROBABILITIES)
    keep = keep_scores(scores, place, predictor.classes, rows.empty) if scores is not None else None
    labels = _in_few_rows(predictor.strips(source, keep))
    if place is not None:
        labels = _without_empty(labels, rows)
    strips = _reported(source.labels(labels), source.height, progress)
    if place is None:
        write_mask(paths[MASKS], strips, source.height, source.width)
    else:
        write_map(paths[MASKS], strips, source.height, source.width, place.reference, predictor.classes)
    if "overlays" in paths:
        write_png(paths["overlays"], overlay(source.shown_image, source.shown_labels, predictor.classes))


class Thinned:
    """Passes the rows and the labels of a picture on, and keeps every n-th pixel of both to look at.

    shown_image, shown_labels: what was kept so far of either.
    """

    def __init__(self, source: ImageRows) -> None:
        self._source = source
        self._step = step = max(1, -(-max(source.height, source.width) // _SHOWN_PX))
        # Room for all at once: small arrays that stay, between large ones that go, would keep the memory of those.
        shape = -(-source.height // step), -(-source.width // step)
        self.shown_image: ImageRGB = np.zeros((*shape, 3), np.uint8)
        self.shown_labels: IndexMask = np.zeros(shape, np.uint8)

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self._source.height

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self._source.width

    def rows(self, first: int, last: int) -> NDArray[np.uint8]:
        """Rows first to last - 1, (n, W, 3)."""
        rows = self._source.rows(first, last)
        self._keep(rows, first, self.shown_image)
        return rows

    def labels(self, strips: Strips) -> Strips:
        """The strips (first row, labels) as they come."""
        for top, strip in strips:
            self._keep(strip, top, self.shown_labels)
            yield top, strip

    def _keep(self, rows: NDArray[np.uint8], top: int, shown: NDArray[np.uint8]) -> None:
        kept = rows[-top % self._step :: self._step, :: self._step]
        first = -(-top // self._step)
        shown[first : first + len(kept)] = kept


def _in_few_rows(strips: Strips) -> Strips:
    """The same labels in more strips, so that what follows copies few rows at a time."""
    for first, labels in strips:
        for row in range(0, len(labels), _ROWS):
            yield first + row, labels[row : row + _ROWS]


def _without_empty(strips: Strips, rows: TiffRows) -> Strips:
    """Pixels without data have no class."""
    for top, strip in strips:
        labels = strip.copy()
        labels[rows.taken_empty(top, top + len(strip))] = IGNORE_INDEX
        yield top, labels


def _reported(strips: Strips, height: int, progress: Progress) -> Strips:
    for top, strip in strips:
        progress(top + len(strip), height)  # before: nobody asks again after the last one
        yield top, strip
