"""How windows are slid over an image, and how their class probabilities are averaged. Needs no torch."""

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from prep.core.errors import SegError

Blend = Literal["average", "gaussian", "spline"]
TTA = Literal["d4"]
BLENDS: tuple[Blend, ...] = get_args(Blend)
TTAS: tuple[TTA, ...] = get_args(TTA)

WINDOW_PX = (16, 8192)
"""Sides of windows that are possible."""

OVERLAPS = (0.0, 0.9)
"""Overlaps that are possible."""


@dataclass(frozen=True)
class WindowSettings:
    """Raises SegError that names the option of an impossible value.

    window: side in pixels.  overlap: share of a window that the next one covers again, at least.
    blend: how much a window counts away from its middle.  tta: "d4" averages over the eight symmetries of a window.
    """

    window: int
    overlap: float = 0.5
    blend: Blend = "gaussian"
    tta: TTA | None = None

    def __post_init__(self) -> None:
        _need(WINDOW_PX[0] <= self.window <= WINDOW_PX[1], "window", "{} to {} pixels".format(*WINDOW_PX), self.window)
        _need(OVERLAPS[0] <= self.overlap <= OVERLAPS[1], "overlap", "{:g} to {:g}".format(*OVERLAPS), self.overlap)
        _need(self.blend in BLENDS, "blend", " or ".join(BLENDS), self.blend)
        _need(self.tta is None or self.tta in TTAS, "tta", f"{' or '.join(TTAS)}, or none", self.tta)

    def changed(self, **changes: Any) -> "WindowSettings":  # noqa: ANN401
        """With other values; None leaves one as it is."""
        return replace(self, **{name: value for name, value in changes.items() if value is not None})


def _need(fits: bool, name: str, what: str, value: object) -> None:
    if not fits:
        raise SegError(f"--{name} needs {what}; got {value}")
