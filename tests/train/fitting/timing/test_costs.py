"""What looks and the final score cost, measured on one sample."""

from pathlib import Path

import numpy as np

from prep.core.classes import write_classes
from prep.dataset.dataset import Dataset, Sample, write_index
from tests.models import CLASSES, color_predictor
from tests.support import random_image, save
from train.fitting.timing.costs import measure_costs
from train.fitting.timing.threads import threads_restored


def test_a_mask_that_is_labelled_in_part_costs_as_any_other(tmp_path: Path) -> None:
    """What is counted against it is what a model could say, and that has no ignored pixels."""
    mask = np.full((64, 64), 255, np.uint8)
    mask[20:40, 10:50] = 1
    save(tmp_path / "images" / "a.png", random_image(0, 64, 64))
    save(tmp_path / "masks" / "a.png", mask)
    write_classes(tmp_path / "classes.json", CLASSES)
    sample = Sample("a", "images/a.png", "masks/a.png", 64, 64, split="val")
    write_index(tmp_path / "index.csv", [sample])
    with threads_restored():
        costs = measure_costs(color_predictor(), Dataset.open(tmp_path), sample)
    assert min(costs.window, costs.count, costs.compare, costs.show) > 0
