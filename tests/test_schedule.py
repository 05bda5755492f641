"""The learning rate over a training."""

from hypothesis import given
from hypothesis import strategies as st

from train.schedule import lr_factor


def test_one_cycle_rises_from_low_to_one_and_falls_to_almost_nothing() -> None:
    factors = [lr_factor(done / 100, "adamw") for done in range(101)]
    peak = factors.index(max(factors))
    assert 0 < factors[0] < 0.1
    assert factors[peak] == 1
    assert factors[-1] <= 0.001
    assert factors[: peak + 1] == sorted(factors[: peak + 1])
    assert factors[peak:] == sorted(factors[peak:], reverse=True)


def test_sgd_drops_to_a_tenth_late() -> None:
    assert [lr_factor(done, "sgd") for done in (0, 0.5, 0.8, 1)] == [1, 1, 0.1, 0.1]


@given(st.floats(0, 1))
def test_never_zero_never_above_one(done: float) -> None:
    assert 0 < lr_factor(done, "adamw") <= 1
