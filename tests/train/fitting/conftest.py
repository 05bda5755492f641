"""Where the tests of trainings type their commands."""

from pathlib import Path

import pytest

from prep.dataset.dataset import Dataset
from tests.forks import FEW_CROPS


@pytest.fixture
def folder_of_the_dataset(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, in which datasets/synth lies."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def few_crops_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trainings of this process count running statistics anew over few crops; those of `normalising` over all."""
    monkeypatch.setattr("train.fitting.normalising.running_statistics._CROPS", FEW_CROPS)
