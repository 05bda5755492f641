"""Label a picture that is too large for memory: strip by strip from file to file."""

from collections.abc import Callable, Collection

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX
from prep.core.errors import SegError
from prep.core.files import make_folder, write_bytes
from prep.core.progress import Progress, silent
from prep.geo.georeference import read_georeference
from prep.images.finding import FoundFile
from prep.images.imageio import ImageRGB, IndexMask, write_png
from prep.images.overlay import overlay
from prep.photos.ranges import format_range
from prep.photos.tiff_rows import TiffRows
from train.predicting.mask_tiff import Strips, write_map, write_mask
from train.predicting.output_folder import OutputFolder
from train.windows.image_rows import ImageRows
from train.windows.predictor import Predictor
from train.windows.probability_file import PROBABILITIES, probability_path

LARGE_KINDS = ("masks", "overlays", PROBABILITIES)
"""What there is of large pictures: the mask as TIFF in full size, the overlay as a small PNG, class probabilities."""

_SHOWN_PX = 2048


def predict_large(
    predictor: Predictor,
    photo: FoundFile,
    folder: OutputFolder,
    kinds: Collection[str],
    *,
    progress: Progress = silent,
    note: Callable[[str], None] = lambda text: None,
) -> None:
    """Write masks/STEM.tif (tiled, Deflate, uint8), overlays/STEM.png, of every n-th pixel, and probabilities/STEM.npy.

    Memory does not grow with the height. Files that are all there, of this model, are left as they are.
    progress: counts rows. Raises SegError if the file cannot be read in pieces, or if its mask is not asked for.
    """
    mask_path = folder.root / "masks" / f"{photo.stem}.tif"
    shown_path = folder.root / "overlays" / f"{photo.stem}.png"
    if "masks" not in kinds:
        raise SegError(f"{photo.path}: of a picture this large the mask is written first; add masks to --save")
    scores_path = probability_path(folder.root, photo)
    place = read_georeference(photo.path)
    beside = {} if place is None else {mask_path.with_suffix(end): held for end, held in place.side_files(".tif")}
    paths = {"masks": mask_path, "overlays": shown_path, PROBABILITIES: scores_path}
    wanted = [path for kind, path in paths.items() if kind in kinds] + list(beside)
    if not folder.lacks(wanted):
        return
    rows = TiffRows(photo.path, predictor.ranges, keeps_empty=place is not None)
    if rows.own_range is not None:
        note(f"{photo.name}: {format_range(rows.own_range)} becomes black to white, by what is in use in this file")
    source = Thinned(rows)
    with folder.making(wanted):
        for path in wanted:
            make_folder(path.parent)
        for path, content in beside.items():
            write_bytes(path, content)
        labels = predictor.strips(source, scores_path if PROBABILITIES in kinds else None)
        if place is not None:
            labels = _without_empty(labels, rows)
        strips = _reported(source.labels(labels), source.height, progress)
        if place is None:
            write_mask(mask_path, strips, source.height, source.width)
        else:
            write_map(mask_path, strips, source.height, source.width, place, predictor.classes)
        if "overlays" in kinds:
            write_png(shown_path, overlay(source.shown_image, source.shown_labels, predictor.classes))


class Thinned:
    """Passes the rows and the labels of a picture on, and keeps every n-th pixel of both to look at."""

    def __init__(self, source: ImageRows) -> None:
        self._source = source
        self._step = max(1, -(-max(source.height, source.width) // _SHOWN_PX))
        self._image: list[ImageRGB] = []
        self._labels: list[IndexMask] = []

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
        self._image.append(self._thin(rows, first))
        return rows

    def labels(self, strips: Strips) -> Strips:
        """The strips (first row, labels) as they come."""
        for top, strip in strips:
            self._labels.append(self._thin(strip, top))
            yield top, strip

    @property
    def shown_image(self) -> ImageRGB:
        """What was kept of the rows."""
        return np.concatenate(self._image)

    @property
    def shown_labels(self) -> IndexMask:
        """What was kept of the labels."""
        return np.concatenate(self._labels)

    def _thin(self, rows: NDArray[np.uint8], top: int) -> NDArray[np.uint8]:
        return rows[-top % self._step :: self._step, :: self._step].copy()


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
