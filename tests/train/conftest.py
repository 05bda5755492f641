"""A machine that is not measured."""

import pytest

from tests.train.planning.machines import LAPTOP


@pytest.fixture
def laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.planning.planner.measure_machine", lambda *_: LAPTOP)
