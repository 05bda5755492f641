"""Class probabilities of a raster with a place on the earth as bands of a tiled GeoTIFF, written strip by strip."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import ClassMap
from prep.core.files import explained, write_bytes
from prep.geo.georeference import GeoReference
from prep.geo.no_data import Empty
from prep.images.finding import FoundFile
from train.predicting.maps.places import Place
from train.predicting.maps.tiled_tiff import Strips, geo_tags, write_tiff
from train.windows.probability_file import Keep, numpy_file, probability_path
from train.windows.windows import Part

EmptyRows = Callable[[int, int], Empty]
"""(first, last) -> which pixels of these rows hold no data, (n, W)."""

STEPS, NO_PROBABILITY = 250, 255
"""A probability of 1 is this number: steps of 0.004, which the file says as the scale of its bands."""

_ROWS = 64


def scores_path(output: Path, photo: FoundFile, place: Place | None) -> Path:
    """Where predict writes the probabilities of a photo: a GeoTIFF of one with a place in a TIFF, else a NumPy file."""
    return probability_path(output, photo, ".tif" if place is not None and place.is_tiff else ".npy")


def keep_scores(path: Path, place: Place | None, classes: ClassMap, empty: EmptyRows | None) -> Keep:
    """What writes that file. empty: as of ProbabilityMap."""
    if place is None or not place.is_tiff:
        return numpy_file(path)
    return ProbabilityMap(path, place.reference, classes, empty)


@dataclass(frozen=True)
class ProbabilityMap:
    """Passes parts on, and writes them as a GeoTIFF of a band a class: its name, uint8, 250 = 1, 255 = no data.

    It has the geo tags of the raster as they are, its world file if that says the place, and overviews. Until all
    parts are there they stand, uncompressed, in a file without a name beside it; then the GeoTIFF appears, whole.
    empty: says which pixels hold no data; None where all hold some.
    """

    path: Path
    place: GeoReference
    classes: ClassMap
    empty: EmptyRows | None

    def __call__(self, parts: Iterator[Part], shape: tuple[int, int, int]) -> Iterator[Part]:
        """As of Keep."""
        _, height, width = shape
        with explained(self.path):
            file = tempfile.TemporaryFile(dir=self.path.parent, prefix=".")  # noqa: SIM115  # closed below
        with file:
            for top, left, part in parts:
                steps = np.rint(part.permute(1, 2, 0).cpu().numpy() * STEPS).astype(np.uint8)
                if self.empty is not None:
                    steps[self.empty(top, top + len(steps))[:, left : left + steps.shape[1]]] = NO_PROBABILITY
                with explained(self.path):
                    _write(file, steps, top, left, width)
                    if (top + len(steps), left + steps.shape[1]) == (height, width):
                        self._finish(file, (height, width, len(self.classes)))
                yield top, left, part

    def _finish(self, file: IO[bytes], shape: tuple[int, int, int]) -> None:
        for suffix, content in self.place.side_files(self.path.suffix):
            write_bytes(self.path.with_suffix(suffix), content)
        items = []
        for band, name in enumerate(self.classes.names):
            items += [("DESCRIPTION", band, "description", name), ("SCALE", band, "scale", f"{1 / STEPS}")]
            items += [("OFFSET", band, "offset", "0")]
        tags = geo_tags(self.place, NO_PROBABILITY, items)
        options = {"photometric": "minisblack", "extratags": tags}
        write_tiff(self.path, _strips(file, shape), shape, options, overviews=True)


def _write(file: IO[bytes], steps: NDArray[np.uint8], top: int, left: int, width: int) -> None:
    """Put a part (n, w, C) where it belongs in a picture (H, width, C)."""
    bands = steps.shape[2]
    for row, line in enumerate([steps] if steps.shape[1] == width else steps, start=top):
        file.seek((row * width + left) * bands)
        file.write(line.tobytes())
    file.flush()  # so that a full disk is told here


def _strips(file: IO[bytes], shape: tuple[int, int, int]) -> Strips:
    height, width, bands = shape
    file.seek(0)
    for top in range(0, height, _ROWS):
        rows = min(_ROWS, height - top)
        yield top, np.frombuffer(file.read(rows * width * bands), np.uint8).reshape(rows, width, bands)
