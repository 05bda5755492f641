"""What the tools of the page that follow the photo find, with all that is worth remembering between two questions."""

from typing import NamedTuple

from prep.annotate.regions.edges import Path, Wire, level_for
from prep.annotate.regions.fill import fill_from
from prep.annotate.regions.open_images import OpenImage, OpenImages
from prep.annotate.regions.spans import Spans
from prep.annotate.regions.superpixels import Superpixels, superpixels_of
from prep.annotate.store.store import AnnotationStore
from prep.core.cache import Cache
from prep.core.errors import SegError
from prep.dataset.dataset_files import INDEX
from prep.web.guard import Refusal

MAX_TOOL_MEGAPIXELS = 100
"""Of images that these tools work on: superpixels take about 20 bytes for each pixel while they are found."""

_PATIENCE = 0.25
"""Seconds that a question waits for superpixels before the page is told to ask again."""


class Point(NamedTuple):
    """A pixel: column and row."""

    x: int
    y: int


class Finder:
    """Regions and paths in the images of a dataset, for several threads.

    All raise Refusal: 404 for an unknown image, 400 for a point outside it, 413 for an image that is too large; and
    SegError if a file cannot be read.
    """

    def __init__(self, store: AnnotationStore) -> None:
        self._store = store
        self._images = OpenImages()
        self._superpixels: Cache[tuple[object, int], Superpixels] = Cache(4)
        self._wires: Cache[tuple[object, Point, int], Wire] = Cache(8)

    def filled(self, stem: str, point: Point, tolerance: float) -> Spans:
        """The connected pixels of one label and nearly one colour around a point, in the mask as it is saved."""
        image = self._image(stem, point)
        return fill_from(image.pixels, self._store.mask(stem).pixels, *point, tolerance)

    def superpixel(self, stem: str, point: Point, size: int) -> Spans | None:
        """The superpixel of about `size` pixels' diameter at a point; None while they are being found."""
        image = self._image(stem, point)
        found = self._superpixels.ask((image.key, size), lambda: superpixels_of(image.pixels, size), _PATIENCE)
        return None if found is None else found.at(*point)

    def path(self, stem: str, anchor: Point, pointer: Point) -> Path:
        """The path along edges between two points."""
        image = self._image(stem, anchor, pointer)
        level = level_for(anchor, pointer)
        wire = self._wires.get((image.key, anchor, level), lambda: Wire(image.pixels, anchor, level))
        return wire.to(pointer)

    def _image(self, stem: str, *points: Point) -> OpenImage:
        sample = self._store.sample(stem)
        if sample.width * sample.height > MAX_TOOL_MEGAPIXELS * 1e6:
            raise Refusal(
                413, f"This tool works on images of up to {MAX_TOOL_MEGAPIXELS} megapixels. Use brush or polygon."
            )
        for x, y in points:
            if not (0 <= x < sample.width and 0 <= y < sample.height):
                raise Refusal(400, f"({x}, {y}) lies outside this image of {sample.width} x {sample.height} pixels.")
        path = self._store.photo_path(stem)
        image = self._images.of(path)
        height, width = image.pixels.shape[:2]
        if (width, height) != (sample.width, sample.height):
            raise SegError(
                f"{path}: {width} x {height} pixels, but {INDEX} says {sample.width} x {sample.height}; "
                "bring the photo in again with 'seg-prep resize'"
            )
        return image
