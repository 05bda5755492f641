"""Streams of random numbers: the same everywhere, independent of each other, uniform."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prep.core.randomness import Stream, digest


def test_numbers_are_pinned() -> None:
    """Datasets of one seed are the same on every machine and in every version."""
    assert digest(0, "split", "a").hex()[:16] == "282a9abd740df8dd"
    stream = Stream(7, "patches", "Straße")
    assert [stream.integer(0, 999) for _ in range(5)] == [653, 369, 33, 273, 975]
    assert Stream(7, "noise").words16(5).tolist() == [24474, 18415, 60263, 62133, 24758]


def test_names_do_not_run_together() -> None:
    assert digest(1, "ab", "c") != digest(1, "a", "bc")
    assert digest(11, "a") != digest(1, "1a")


@given(st.integers(0, 2**40), st.integers(-5, 5), st.integers(0, 9))
def test_integers_stay_inside(seed: int, low: int, span: int) -> None:
    stream = Stream(seed)
    found = {stream.integer(low, low + span) for _ in range(40)}
    assert found <= set(range(low, low + span + 1))


def test_integers_are_uniform() -> None:
    stream = Stream(0)
    counts = np.bincount([stream.integer(0, 4) for _ in range(20_000)])
    assert len(counts) == 5
    assert np.abs(counts - 4000).max() < 5 * 4000**0.5


@given(st.integers(0, 2**40), st.integers(1, 2**45))
def test_many_integers_are_those_drawn_one_by_one(seed: int, high: int) -> None:
    stream = Stream(seed)
    assert Stream(seed).integers(20, high).tolist() == [stream.integer(0, high - 1) for _ in range(20)]


def test_words_are_uniform_for_any_count() -> None:
    words = Stream(0).words16(100_001)
    assert words.shape == (100_001,)
    assert words.dtype == np.uint16
    assert np.abs(np.bincount(words >> 12, minlength=16) - 6250).max() < 5 * 6250**0.5
    assert np.array_equal(Stream(0).words16(7), words[:7])
