"""Label a picture that is too large for memory: strip by strip from file to file."""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.files import make_folder, replacing
from prep.core.progress import Progress, silent
from prep.images.finding import FoundFile
from prep.images.imageio import ImageRGB, IndexMask, write_png
from prep.images.overlay import overlay
from prep.photos.ranges import format_range
from train.predicting.output_folder import OutputFolder
from train.predicting.tiff_rows import TiffRows
from train.windows.image_rows import ImageRows
from train.windows.predictor import Predictor
from train.windows.probability_file import PROBABILITIES, probability_path

LARGE_KINDS = ("masks", "overlays", PROBABILITIES)
"""What there is of large pictures: the mask as TIFF in full size, the overlay as a small PNG, class probabilities."""

_TILE = 256
_SHOWN_PX = 2048
_CLASSIC_BYTES = 3_500_000_000
"""Above about this size, offsets need BigTIFF."""


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
    paths = {"masks": mask_path, "overlays": shown_path, PROBABILITIES: scores_path}
    wanted = [path for kind, path in paths.items() if kind in kinds]
    if not folder.lacks(wanted, photo.path):
        return
    rows = TiffRows(photo.path, predictor.ranges)
    if rows.own_range is not None:
        note(f"{photo.name}: {format_range(rows.own_range)} becomes black to white, by what is in use in this file")
    source = Thinned(rows)
    with folder.making(wanted, photo.path):
        for path in wanted:
            make_folder(path.parent)
        labels = predictor.strips(source, scores_path if PROBABILITIES in kinds else None)
        strips = _reported(source.labels(labels), source.height, progress)
        write_mask(mask_path, strips, source.height, source.width)
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

    def labels(self, strips: Iterator[tuple[int, IndexMask]]) -> Iterator[tuple[int, IndexMask]]:
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


def write_mask(path: Path, strips: Iterator[tuple[int, IndexMask]], height: int, width: int) -> None:
    """Write strips (first row, labels (n, W)) from the top down as a tiled TIFF with Deflate, atomically."""
    from tifffile import TiffWriter

    with replacing(path) as part, TiffWriter(part, bigtiff=height * width > _CLASSIC_BYTES) as writer:
        writer.write(
            _tiles(strips, height, width),
            shape=(height, width),
            dtype="uint8",
            tile=(_TILE, _TILE),
            compression="zlib",
            photometric="minisblack",
            metadata=None,
            software="seg-prep",
        )


def _tiles(strips: Iterator[tuple[int, IndexMask]], height: int, width: int) -> Iterator[IndexMask]:
    """Cut strips of any height into tiles, row by row; beyond the border tiles hold zeros."""
    held = np.empty((0, width), np.uint8)
    for top, strip in strips:
        held = np.concatenate([held, strip])
        is_last = top + len(strip) == height
        while len(held) >= _TILE or (is_last and len(held)):
            band = np.zeros((_TILE, -(-width // _TILE) * _TILE), np.uint8)
            taken, held = held[:_TILE], held[_TILE:]
            band[: len(taken), :width] = taken
            for left in range(0, width, _TILE):
                yield np.ascontiguousarray(band[:, left : left + _TILE])


def _reported(
    strips: Iterator[tuple[int, IndexMask]], height: int, progress: Progress
) -> Iterator[tuple[int, IndexMask]]:
    for top, strip in strips:
        progress(top + len(strip), height)  # before: nobody asks again after the last one
        yield top, strip
