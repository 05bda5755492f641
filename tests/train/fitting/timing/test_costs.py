"""What looks and the final score will cost, measured before a training begins."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from prep.dataset.dataset import Dataset
from train.fitting.timing import costs
from train.windows.window_settings import WindowSettings

NAMES = ("read", "count", "compare", "show", "back", "figure")


def test_what_is_slow_the_first_time_is_not_the_cost(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries are loaded then, and others may be at work: four times the cost would leave minutes unused."""
    predictor: Any = SimpleNamespace(
        model=lambda windows: windows, windows=WindowSettings(32, 0.5), classes=(0, 1, 2), device=torch.device("cpu")
    )
    plain, sample = costs._spent, dataset.samples[0]
    assert plain(dataset, sample).keys() == set(NAMES)
    measured = iter([dict.fromkeys(NAMES, 4.0) | {"back": 1.0}, dict.fromkeys(NAMES, 1.0) | {"back": 3.0}])
    monkeypatch.setattr(costs, "_spent", lambda *_: next(measured))
    found = costs.measure_costs(predictor, dataset, sample)
    assert [getattr(found, name) for name in NAMES] == [1.0] * len(NAMES)
    assert 0 < found.window < 1
