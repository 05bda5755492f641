"""The minutes of a cross-validation, divided over its folds, with time set aside for what comes after them."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from prep.dataset.dataset import Dataset
from train.config.config import Config
from train.data.data import DEFAULT_SIZE, find_patches
from train.data.image_size import reduced
from train.fitting.timing.costs import Scored, measure_costs
from train.fitting.timing.threads import threads_restored
from train.networks.networks import build_network
from train.runs.device import accelerator_of
from train.windows.predictor import Normalizer, Predictor, TorchModel
from train.windows.window_settings import WindowSettings

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_LEAST_FOR_FOLDS, _LEAST_FOR_ONE = 0.5, 0.1
"""Of the minutes, for the folds, also where the score of the test images would take more than the rest; and of its fair
share, for each fold, also where those before it took longer."""


@dataclass
class Spending:
    """All in seconds.  folds: their number.  minutes: of the whole; None where only epochs count.

    before: used by commands before this one.  began: time.monotonic() when this one began.
    aside: for the scores of the test images by the mean of all models, and by each of them.
    """

    folds: int
    minutes: float | None
    before: float
    began: float
    aside: float = 0.0

    def used(self) -> float:
        """Seconds used so far."""
        return self.before + time.monotonic() - self.began

    def share(self, folds_left: int) -> float | None:
        """Minutes that the next fold has; None where only epochs count."""
        if self.minutes is None:
            return None
        whole = 60 * self.minutes
        left = max(whole - self.aside, _LEAST_FOR_FOLDS * whole) - self.used()
        share = max(left / folds_left, _LEAST_FOR_ONE * whole / self.folds) / 60
        return float(f"{share:.4g}")  # people read it


def seconds_of_end(folds: int, dataset: Dataset, config: Config, fabric: "Fabric") -> float:
    """Seconds that scoring the test images will take, by the mean of all models and by each; measured for a moment."""
    seen = reduced(dataset, config.image_size)
    scored = Scored(seen.of_split("test"), dataset.of_split("test"))
    if not scored.whole:
        return 0.0
    patches = find_patches(dataset, config.size)
    size = config.size or (int(patches.name.removeprefix("size")) if patches else DEFAULT_SIZE)
    windows = WindowSettings(config.window or 2 * size, config.window_overlap)
    network = build_network(config, len(dataset.classes)).to(memory_format=torch.channels_last).to(fabric.device)
    model = TorchModel(network, Normalizer((0.5,) * 3, (0.2,) * 3), accelerator_of(fabric))  # any: it takes as long
    predictor = Predictor(model, dataset.classes, windows, fabric.device)
    middling = sorted(scored.seen, key=lambda each: each.width * each.height)[len(scored.seen) // 2]
    with threads_restored():
        costs = measure_costs(predictor, seen, middling)
    labelling = sum(costs.labelling(each.height, each.width, windows) for each in scored.seen)
    return costs.finish(scored, windows) + (folds - 1) * labelling + folds * costs.scoring(scored, windows)
