"""What of the validation images a look during the training sees, where all of them would take too long."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from prep.core.words import counted
from prep.dataset.index import Sample
from train.fitting.timing.costs import Costs
from train.windows.window_settings import WindowSettings

_FEW = 5
"""Rather than fewer images than this, a part of each is looked at."""


@dataclass(frozen=True)
class Look:
    """images: how many, spread evenly.  plain: windows side by side.  pixels: at most so many of the middle of each."""

    images: int
    plain: bool = False
    pixels: int | None = None

    def chosen(self, samples: Sequence[Sample]) -> list[Sample]:
        """The samples that are looked at."""
        return [samples[number * len(samples) // self.images] for number in range(self.images)]

    def seconds(self, samples: Sequence[Sample], costs: Costs, windows: WindowSettings) -> float:
        """What it costs."""
        windows, total = replace(windows, overlap=0.0) if self.plain else windows, 0.0
        for sample in self.chosen(samples):
            pixels = sample.height * sample.width
            if self.pixels is None or pixels <= self.pixels:
                total += costs.look(sample.height, sample.width, windows)
            else:
                share = (self.pixels / pixels) ** 0.5
                total += costs.look(int(sample.height * share), int(sample.width * share), windows)
                total += costs.read * (pixels - self.pixels)
        return total

    @property
    def of_masks(self) -> str:
        """Which masks it sees, in words: not all, as a rule."""
        return "the validation masks that are looked at" if self.pixels is None else "the middles of validation masks"

    def words(self, samples: int) -> str:
        """What it sees, in words that follow "at"."""
        if self.images == samples and not self.plain:
            return f"all {counted(samples, 'validation image')}"
        images = f"{self.images:,} of {counted(samples, 'validation image')}"
        part = "" if self.pixels is None else f", the {counted(self.pixels, 'pixel')} in the middle of each,"
        return f"{images}{part} with windows side by side"


def affordable_look(samples: Sequence[Sample], costs: Costs, windows: WindowSettings, seconds: float) -> Look:
    """The most that can be looked at within so many seconds: all images, or as plainly and as few as need be."""
    everything = Look(len(samples))
    if everything.seconds(samples, costs, windows) <= seconds:
        return everything
    plain = Look(len(samples), plain=True)
    each = plain.seconds(samples, costs, windows) / len(samples)
    number = min(len(samples), int(seconds / each))
    if number >= min(_FEW, len(samples)):
        return Look(number, plain=True)
    number = min(_FEW, len(samples))
    reading = costs.read * sum(sample.height * sample.width for sample in samples) / len(samples)
    # A pixel is labelled once, and once more for the loss.
    pixels = (seconds / number - reading) / (2 * costs.window + costs.count)
    return Look(number, plain=True, pixels=max(windows.window**2, int(pixels)))
