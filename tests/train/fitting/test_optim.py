"""The learning rate over a training."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.config.config import Schedule
from train.fitting.optim import lr_factor


def test_one_cycle_rises_from_low_to_one_and_falls_to_almost_nothing() -> None:
    factors = [lr_factor(done / 100, "one-cycle") for done in range(101)]
    peak = factors.index(max(factors))
    assert 0 < factors[0] < 0.1
    assert factors[peak] == 1
    assert factors[-1] <= 0.001
    assert factors[: peak + 1] == sorted(factors[: peak + 1])
    assert factors[peak:] == sorted(factors[peak:], reverse=True)


def test_step_drops_to_a_tenth_late() -> None:
    assert [lr_factor(done, "step") for done in (0, 0.5, 0.8, 1)] == [1, 1, 0.1, 0.1]


@given(st.floats(0, 1))
def test_never_zero_never_above_one(done: float) -> None:
    assert 0 < lr_factor(done, "one-cycle") <= 1


SCHEDULES: list[Schedule] = ["one-cycle", "cosine", "step", "poly", "constant"]


@given(st.sampled_from(SCHEDULES), st.floats(0, 1), st.none() | st.floats(0, 0.9))
def test_every_schedule_stays_between_nothing_and_one(schedule: Schedule, done: float, warm_up: float | None) -> None:
    assert 0 < lr_factor(done, schedule, warm_up) <= 1


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_warming_up_rises_to_the_highest_rate_from_which_the_schedule_goes_on(schedule: Schedule) -> None:
    assert lr_factor(0, schedule, 0.1) == pytest.approx(1 / 25)
    assert lr_factor(0.1, schedule, 0.1) == pytest.approx(1)
    plain = [lr_factor(done / 10, schedule, 0.0) for done in range(11)]
    shifted = [lr_factor(0.1 + 0.9 * done / 10, schedule, 0.1) for done in range(11)]
    assert shifted == pytest.approx(plain)


def test_poly_and_cosine_at_half_time() -> None:
    assert lr_factor(0.5, "poly") == pytest.approx(0.5**0.9)
    assert lr_factor(0.5, "cosine") == pytest.approx(0.5, abs=1e-3)
    assert lr_factor(0.99, "constant") == 1
