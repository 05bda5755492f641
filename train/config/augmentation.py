"""What may be changed at random in a training patch. Needs no torch."""

from dataclasses import dataclass

from prep.core.errors import SegError


@dataclass(frozen=True)
class Augmentation:
    """How far training patches are changed at random; validation and test never are. Raises SegError by option name."""

    flips: bool = True
    """Mirror rows, columns or both, where the patches were cut to be mirrored."""
    vertical_flips: bool = True
    """Whether flips may turn a patch upside down; otherwise left and right only change places."""
    quarter_turns: bool = False
    """Turn by 0, 90, 180 or 270 degrees, exactly."""
    rotate: float = 0.0
    """Turn by up to so many degrees either way, 0..180; sampled from the stored image."""
    scale: tuple[float, float] = (1.0, 1.0)
    """Smallest and largest factor of size, 0.1..10; above 1 enlarges what is in the patch."""
    brightness: float = 0.0
    """Add up to this share of the full range, either way, 0..1."""
    contrast: float = 0.0
    """Multiply differences from the patch's mean by 1 - this to 1 + this, 0..1."""
    blur: float = 0.0
    """Largest standard deviation of a Gaussian blur, in pixels, 0..20."""
    noise: float = 0.0
    """Largest standard deviation of Gaussian noise in each channel, as a share of the full range, 0..1."""

    def __post_init__(self) -> None:
        limits = {"rotate": 180.0, "brightness": 1.0, "contrast": 1.0, "blur": 20.0, "noise": 1.0}
        for name, highest in limits.items():
            if not 0 <= getattr(self, name) <= highest:
                raise SegError(f"--{name} needs a number from 0 to {highest:g}; got {getattr(self, name)}")
        scale = tuple(self.scale)  # JSON and TOML have lists only
        if len(scale) != 2 or not 0.1 <= scale[0] <= scale[1] <= 10:
            raise SegError(f"--scale needs two numbers from 0.1 to 10, smallest first, like 0.8 1.25; got {self.scale}")
        object.__setattr__(self, "scale", scale)

    @property
    def is_affine(self) -> bool:
        """Whether patches are sampled between the pixels of the image."""
        return self.rotate > 0 or self.scale != (1, 1)

    @property
    def alters_colors(self) -> bool:
        """Whether the values of pixels change, not only their places."""
        return max(self.brightness, self.contrast, self.blur, self.noise) > 0
