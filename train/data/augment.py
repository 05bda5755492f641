"""Random changes of training patches, a batch at a time on the device; the random numbers come from the CPU."""

import functools
import math
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from train.config.config import Config

_NOISES = 2**20
"""Number of places in the table of noise where that of a patch may begin."""


@dataclass(frozen=True)
class Draws:
    """Random numbers of a batch of patches, each (B,) on the CPU."""

    row: Tensor
    """Where the crop begins, 0 to below 1 of the room there is."""
    flip_rows: Tensor
    column: Tensor
    flip_columns: Tensor
    turns: Tensor
    """Quarter turns against the clock, 0..3."""
    angle: Tensor
    """Radians against the clock."""
    scale: Tensor
    brightness: Tensor
    """Grey levels to add."""
    contrast: Tensor
    """Factor of the differences from the mean."""
    blur: Tensor
    """Standard deviation in pixels."""
    noise: Tensor
    """Standard deviation in grey levels."""
    noise_begin: Tensor
    """Where in the table of noise that of the patch begins."""

    def __getitem__(self, rows: slice) -> "Draws":
        """The numbers of some of the patches."""
        return Draws(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def draw(count: int, config: Config, generator: torch.Generator, may_flip: bool = True) -> Draws:
    """Draw the random numbers of `count` patches; those that the settings need not are not drawn.

    may_flip: whether the data may be mirrored, whatever the settings say.
    """

    def share() -> Tensor:
        return torch.rand(count, generator=generator)

    def coin(wanted: bool) -> Tensor:
        return share() < 0.5 if wanted else torch.zeros(count, dtype=torch.bool)

    def between(low: float, high: float) -> Tensor:
        return low + (high - low) * share() if low < high else torch.full((count,), low)

    def whole(number: int, wanted: bool) -> Tensor:
        return (number * share()).long() if wanted else torch.zeros(count, dtype=torch.long)

    # Row and column come first, each with its flip: an order that keeps older trainings repeatable.
    row, flip_rows = share(), coin(may_flip and config.flips and config.vertical_flips)
    column, flip_columns = share(), coin(may_flip and config.flips)
    turn, contrast, brightness = math.radians(config.rotate), config.contrast, 255 * config.brightness
    low, high = (math.log(factor) for factor in config.scale)
    return Draws(
        row, flip_rows, column, flip_columns,
        turns=whole(4, config.quarter_turns),
        angle=between(-turn, turn),
        scale=between(low, high).exp(),
        brightness=between(-brightness, brightness),
        contrast=between(1 - contrast, 1 + contrast),
        blur=between(0.0, config.blur),
        noise=between(0.0, 255 * config.noise),
        noise_begin=whole(_NOISES, config.noise > 0),
    )  # fmt: skip


def alter_colors(images: Tensor, draws: Draws, config: Config) -> Tensor:
    """Blur (B, S, S, 3) uint8 images, change their contrast and brightness, add noise; uint8 again."""
    if not config.alters_colors:
        return images
    values = images.float()
    if config.blur > 0:
        values = _blur(_blur(values, draws.blur, config.blur, 1), draws.blur, config.blur, 2)
    if config.contrast > 0 or config.brightness > 0:
        # Summed in integers: the mean does not depend on how many patches there are beside it.
        mean = (images.sum((1, 2, 3), dtype=torch.long) / images[0].numel()).float()
        factor = draws.contrast.to(mean.device)
        shift = draws.brightness.to(mean.device) + mean * (1 - factor)
        values = torch.addcmul(_each(shift), values, _each(factor))
    if config.noise > 0:
        values = torch.addcmul(values, _noise(values, draws.noise_begin), _each(draws.noise.to(values.device)))
    return values.clamp_(0, 255).round_().to(torch.uint8)


def _each(values: Tensor) -> Tensor:
    """(B,) -> (B, 1, 1, 1)."""
    return values[:, None, None, None]


def _blur(values: Tensor, sigma: Tensor, largest: float, axis: int) -> Tensor:
    """Gaussian of each patch's own sigma (B,) along one axis, mirrored at the border."""
    length = values.shape[axis]
    radius = min(math.ceil(3 * largest), length - 1)
    distance = torch.arange(radius + 1)
    kernel = torch.exp(-0.5 * (distance / sigma[:, None].clamp(min=1e-3)) ** 2)
    kernel = kernel / (2 * kernel.sum(1, keepdim=True) - 1)  # all but the middle count twice
    kernel = kernel.to(values.device)
    place = torch.arange(-radius, length + radius, device=values.device).abs()
    padded = values.index_select(axis, torch.minimum(place, 2 * (length - 1) - place))
    blurred = values * _each(kernel[:, 0])
    for step in range(1, radius + 1):
        both = padded.narrow(axis, radius - step, length) + padded.narrow(axis, radius + step, length)
        blurred.addcmul_(both, _each(kernel[:, step]))
    return blurred


def _noise(values: Tensor, begin: Tensor) -> Tensor:
    """Standard normal numbers in the shape of `values`, each patch's from its own place in the table."""
    number = values[0].numel()
    table = _normals(number + _NOISES, values.device)
    return torch.stack([table[first : first + number] for first in begin.tolist()]).view_as(values)


@functools.cache
def _normals(count: int, device: torch.device) -> Tensor:
    """A table, because drawing as many numbers as a batch has pixels takes longer than a GPU's training step."""
    return torch.randn(count, generator=torch.Generator().manual_seed(0)).to(device)
