"""The size on the ground of the pixels of samples, for models that go by it."""

from collections.abc import Sequence

from prep.dataset.index import Sample
from prep.geo.extra import has_geo
from prep.geo.footprint import footprints_of, pixel_sizes
from prep.geo.pixel_size import PixelSize
from train.windows.predictor import Predictor


class Grounded:
    """A predictor, as each sample needs it: with the size of its pixels on the ground, where the model goes by that.

    Raises SegError if a place of index.csv is none.
    """

    def __init__(self, predictor: Predictor, samples: Sequence[Sample]) -> None:
        self._predictor = predictor
        footprints = footprints_of(samples) if predictor.scale.ground is not None else {}
        self.placed = len(footprints)
        sizes = pixel_sizes(list(footprints.values())) if footprints and has_geo() else []
        self._pixels = dict(zip(footprints, sizes, strict=False))

    def of(self, sample: Sample, instead: Predictor | None = None) -> Predictor:
        """The one that labels this sample; `instead` of it another one that goes by the same."""
        return (instead or self._predictor).on_ground(self.pixel(sample))

    def pixel(self, sample: Sample) -> PixelSize | None:
        """The size of its pixels on the ground; None where that does not matter or is not known."""
        return self._pixels.get(sample.stem)
