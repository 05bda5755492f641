"""Bootstrap intervals against scipy's bootstrap, against drawing by hand, and against the truth."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from prep.core.randomness import Stream
from train.scoring.intervals import REPLICATES, bootstrap_intervals, expanded_tails, resample


def ratio(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):
        return np.stack([sums[..., 0] / sums[..., 1]], axis=-1)


def units_of(number: int, seed: int = 0) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    whole = random.integers(100, 1000, number).astype(np.float64)
    return np.stack([np.floor(whole * random.beta(6, 2, number)), whole], axis=1)


def test_replicates_equal_drawing_one_by_one() -> None:
    units = units_of(7)
    stream = Stream(3, "bootstrap", 7)
    for replicate in resample(units, seed=3)[:50]:
        assert np.array_equal(replicate, sum(units[stream.integer(0, 6)] for _ in range(7)))


def test_pieces_do_not_change_the_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = resample(units_of(5), seed=0)
    monkeypatch.setattr("train.scoring.intervals._CHUNK", 37)
    assert np.array_equal(resample(units_of(5), seed=0), whole)
    assert len(whole) == REPLICATES


def test_interval_agrees_with_scipy() -> None:
    """Percentiles of the expanded level, of as many replicates: equal up to the chance of other draws."""
    units = units_of(30)
    (found,) = bootstrap_intervals(units, ratio)
    low, high = expanded_tails(30)
    theirs = stats.bootstrap(
        (units[:, 0], units[:, 1]), lambda a, b, axis=-1: a.sum(axis) / b.sum(axis), paired=True, method="percentile",
        confidence_level=high - low, n_resamples=20_000, rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert found == pytest.approx([theirs.low, theirs.high], abs=0.1 * (theirs.high - theirs.low))


def test_few_units_get_wider_tails() -> None:
    assert expanded_tails(10**6) == pytest.approx((0.025, 0.975), abs=1e-5)
    low, high = expanded_tails(10)
    # Student's t of 9 degrees of freedom: 2.262; times sqrt(10 / 9): 2.3845 standard deviations.
    assert low == pytest.approx(stats.norm.cdf(-2.3845), abs=1e-5)
    assert low + high == pytest.approx(1)


def test_a_mean_of_a_normal_sample_gets_nearly_the_interval_of_students_t() -> None:
    sample = np.random.default_rng(5).normal(size=15)
    units = np.stack([sample, np.ones(15)], axis=1)
    (found,) = bootstrap_intervals(units, ratio)
    theirs = stats.t.interval(0.95, 14, sample.mean(), stats.sem(sample))
    assert found == pytest.approx(theirs, abs=0.15 * (theirs[1] - theirs[0]))


def test_one_unit_has_no_interval() -> None:
    assert np.isnan(bootstrap_intervals(units_of(1), ratio)).all()


def test_replicates_without_the_class_are_left_out() -> None:
    units = units_of(8)
    units[2:] = 0  # the class stands in two of eight images: a tenth of the replicates have none of it
    (found,) = bootstrap_intervals(units, ratio)
    shares = sorted(units[:2, 0] / units[:2, 1])
    assert found == pytest.approx(shares)
    units[1] = 0  # in one of eight: a third of the replicates, and the others all say the same
    assert bootstrap_intervals(units, ratio)[0] == pytest.approx([units[0, 0] / units[0, 1]] * 2)


def test_the_seed_decides() -> None:
    units = units_of(12)
    assert np.array_equal(bootstrap_intervals(units, ratio, 1), bootstrap_intervals(units, ratio, 1))
    assert not np.array_equal(bootstrap_intervals(units, ratio, 1), bootstrap_intervals(units, ratio, 2))
