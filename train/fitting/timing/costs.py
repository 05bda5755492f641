"""What a training will have to pay in seconds besides its steps, measured on a sample before it begins."""

import io
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch

from prep.core.classes import IGNORE_INDEX
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.images.geometry import middle
from prep.images.imageio import ImageRGB
from train.fitting.timing.threads import choose_threads
from train.runs.figures import new_figure
from train.scoring.boundary import boundary_counts
from train.scoring.metrics import confusion_matrix
from train.scoring.sheets import panels
from train.scoring.split_scores import SHOWN
from train.windows.predictor import Predictor
from train.windows.resampling import brought_back
from train.windows.window_settings import WindowSettings
from train.windows.windows import best_class, count_windows, windows_at_once

_SAMPLE_PX = 1 << 20
"""So many pixels of an image are enough to measure what a pixel costs."""

_TRIES = 2
"""In one of them the machine may be busy with others, and the first one loads what the others have."""

_FIGURES = 3
"""Curves, confusion matrix, and the rest that has no pixels: intervals, files, the page."""


@dataclass(frozen=True)
class Scored:
    """Samples that are scored, with the sizes at which they are seen, and as large as they are."""

    seen: Sequence[Sample]
    whole: Sequence[Sample]

    @property
    def pixels(self) -> int:
        """Of all of them, as large as they are."""
        return sum(map(_pixels, self.whole))

    @property
    def seen_pixels(self) -> int:
        """Of all of them, as they are seen."""
        return sum(map(_pixels, self.seen))

    @property
    def is_reduced(self) -> bool:
        """Whether they are seen smaller than they are."""
        return self.pixels != self.seen_pixels


def _pixels(sample: Sample) -> int:
    return sample.height * sample.width


@dataclass(frozen=True)
class Costs:
    """Seconds a pixel: to label one of a window, to read one of an image, to count it, to compare it, to show it.

    count: into a confusion matrix.  compare: along the contours, for the final score.  back: to bring its probabilities
    to the size of a larger image.  figure: seconds of one figure.
    """

    window: float
    read: float
    count: float
    compare: float
    show: float
    back: float
    figure: float

    def scaled(self, factor: float) -> "Costs":
        """Of a machine that became so much slower."""
        return replace(self, **{name: factor * value for name, value in vars(self).items()})

    def labelling(self, height: int, width: int, windows: WindowSettings) -> float:
        """Seconds to label an image of this size."""
        return self.window * count_windows(height, width, windows) * windows.window**2

    def look(self, height: int, width: int, windows: WindowSettings) -> float:
        """Seconds to label a validation image of this size and compare, and to find the loss."""
        return self.labelling(height, width, windows) + height * width * (self.read + self.window + self.count)

    def scoring(self, scored: Scored, windows: WindowSettings) -> float:
        """Seconds to label samples whole and compare."""
        labelled = math.fsum(self.labelling(sample.height, sample.width, windows) for sample in scored.seen)
        compared = scored.pixels * (self.count + self.compare + self.back * scored.is_reduced)
        return labelled + compared + scored.seen_pixels * self.read

    def finish(self, scored: Scored, windows: WindowSettings) -> float:
        """Seconds to score samples whole, and to write what people look at."""
        seen, whole = (sorted(map(_pixels, each))[-2 * SHOWN :] for each in (scored.seen, scored.whole))
        shown = sum(seen) * self.read + sum(whole) * self.show  # the worst ones, and some of the best
        return self.scoring(scored, windows) + shown + _FIGURES * self.figure


def measure_costs(predictor: Predictor, dataset: Dataset, sample: Sample) -> Costs:
    """Do, on a part of a sample, what looks and the final score do for all; leaves the network as it is.

    Where one thread labels faster than all, torch computes with one from now on.
    """
    tries = [_spent(dataset, sample) for _ in range(_TRIES)]
    spent = {name: min(each[name] for each in tries) for name in tries[0]}
    windows = _windows(middle(dataset.image(sample), _SAMPLE_PX), predictor)

    def labelled() -> float:
        began = time.monotonic()
        predictor.model(windows).sum().item()
        return time.monotonic() - began

    return Costs(window=choose_threads(labelled, _TRIES) / (windows.numel() // 3), **spent)


def _spent(dataset: Dataset, sample: Sample) -> dict[str, float]:
    """All costs but that of labelling."""
    pixels, spent = sample.width * sample.height, dict[str, float]()

    @contextmanager
    def timed(name: str, per: int = 1) -> Iterator[None]:
        began = time.monotonic()
        yield
        spent[name] = (time.monotonic() - began) / per

    with timed("read", pixels):
        image, mask = dataset.image(sample), dataset.mask(sample)
    image, mask = middle(image, _SAMPLE_PX), middle(mask, _SAMPLE_PX)
    moved, classes = np.roll(mask, 1, axis=0), len(dataset.classes)
    moved[moved == IGNORE_INDEX] = 0  # a prediction ignores nothing
    with timed("count", mask.size):
        confusion_matrix(mask, moved, classes)
    with timed("compare", mask.size):
        boundary_counts(mask, moved, classes)
    with timed("show", mask.size):
        panels(image, mask, moved, dataset.classes)
    smaller = -(-mask.shape[0] // 2), -(-mask.shape[1] // 2)
    with timed("back", mask.size):
        for _, strip in brought_back(iter([(0, torch.zeros(classes, *smaller))]), smaller, *mask.shape):
            best_class(strip)
    with timed("figure"):
        new_figure(10, 3.6).savefig(io.BytesIO(), format="png")
    return spent


def _windows(image: ImageRGB, predictor: Predictor) -> torch.Tensor:
    """As many windows as the network sees at once, of any pixels of this image: (B, S, S, 3) uint8."""
    side = predictor.windows.window
    number = windows_at_once(side, len(predictor.classes), predictor.device)
    return torch.from_numpy(np.resize(image, (number, side, side, 3))).to(predictor.device)
