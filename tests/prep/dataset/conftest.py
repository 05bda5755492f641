"""What the tests of the dataset folder share."""

import pytest

import prep.dataset.lock


@pytest.fixture
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds the dataset in use is told at once."""
    monkeypatch.setattr(prep.dataset.lock, "WAIT_S", 0.1)
