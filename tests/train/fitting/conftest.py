"""Where the tests of trainings type their commands."""

from pathlib import Path

import pytest

from prep.dataset.dataset import Dataset


@pytest.fixture
def folder_of_the_dataset(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, in which datasets/synth lies."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
