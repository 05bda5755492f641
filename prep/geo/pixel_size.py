"""How large a pixel is on the ground, in metres."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PixelSize:
    """Metres on the ground from one pixel to the next.

    across, down: to the right, and down; they differ where pixels are squares of degrees.
    """

    across: float
    down: float

    @property
    def words(self) -> str:
        """For people: 0.5 m, or 0.68 x 1.11 m."""
        across, down = f"{self.across:.3g}", f"{self.down:.3g}"
        return f"{across} m" if across == down else f"{across} x {down} m"
