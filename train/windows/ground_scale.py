"""The size at which a model labels a raster whose pixels have another size on the ground. Needs no torch."""

from dataclasses import dataclass

from prep.core.errors import SegError
from prep.geo.pixel_size import PixelSize

MetreSpread = tuple[float, float, float]
"""The least, the median and the most of many sizes of pixels, in metres."""

TOLERANCE = 1.25
"""What is at most so many times smaller or larger than in the training is labelled as it is (tests/bench/NOTES.md)."""

_ENLARGED, _REDUCED = 4.0, 100.0
"""Pixels so many times as large hardly show what the model knows; those so many times as small are of other things."""


@dataclass(frozen=True)
class GroundScale:
    """Sizes on the ground of the pixels that a network learned from."""

    across: MetreSpread
    down: MetreSpread

    @property
    def words(self) -> str:
        """For people: 0.5 m, or 0.2 x 0.2 m to 0.5 x 0.5 m."""
        least, most = (PixelSize(self.across[end], self.down[end]).words for end in (0, 2))
        return least if least == most else f"{least} to {most}"

    @property
    def is_mixed(self) -> bool:
        """Whether they differ by more than labels bear."""
        return max(self.across[2] / self.across[0], self.down[2] / self.down[0]) > TOLERANCE

    def target(self, pixel: PixelSize) -> PixelSize:
        """The size on the ground that the pixels of a raster are brought to; their own where that does no harm."""
        across, down = (
            min(max(own, least), most)
            for own, (least, _, most) in ((pixel.across, self.across), (pixel.down, self.down))
        )
        factors = pixel.across / across, pixel.down / down
        is_near = max(factors) <= TOLERANCE and min(factors) >= 1 / TOLERANCE
        return pixel if is_near and max(factors) / min(factors) <= TOLERANCE else PixelSize(across, down)

    def size(self, height: int, width: int, pixel: PixelSize) -> tuple[int, int]:
        """Height and width at which a raster with such pixels is labelled. SegError where that shows nothing."""
        target = self.target(pixel)
        across, down = pixel.across / target.across, pixel.down / target.down
        if max(across, down) > _ENLARGED or min(across, down) < 1 / _REDUCED:
            raise SegError(
                f"{pixel.words} a pixel, and the model learned from {self.words}: too "
                f"{'coarse' if max(across, down) > _ENLARGED else 'fine'} to show what it knows; add --scale 1 (as it "
                "is) or another factor, or train a model on such rasters"
            )
        return max(1, round(height * down)), max(1, round(width * across))
