"""Dealing out: the best way for few groups, a good one for many."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from prep.core.randomness import Stream
from prep.splitting.balance import share_deviation
from prep.splitting.stratify import Bins, Groups, deal_out

IMPORTANCE = (4.0, 2.0, 1.0)


def singles(pixels: NDArray[np.int64]) -> Groups:
    return Groups(np.ones(len(pixels), np.int64), pixels, (pixels > 0).astype(np.int64))


def deviation(pixels: NDArray[np.int64], owner: NDArray[np.int64], bins: int = 3) -> float:
    return share_deviation([list(pixels[owner == number]) for number in range(bins)])


def random_pixels(seed: int, count: int, classes: int) -> NDArray[np.int64]:
    random = np.random.default_rng(seed)
    return (random.gamma(0.5, 4000, (count, classes)) * (random.random((count, classes)) < 0.6)).astype(np.int64)


@given(st.lists(st.integers(1, 1000), min_size=4, max_size=7), st.integers(0, 9))
def test_few_groups_are_dealt_out_in_the_best_way(foreground: list[int], seed: int) -> None:
    """Compared with all ways, written out plainly: two classes, each in all samples, equal sizes."""
    pixels = np.array([[value, 1001 - value] for value in foreground])
    targets = (len(pixels) - 2, 1, 1)
    owner = deal_out(singles(pixels), Bins(targets, IMPORTANCE), Stream(seed, "test"))
    share = pixels[:, 0].sum() / pixels.sum()

    def squares(way: tuple[int, ...]) -> float:
        parts = [pixels[np.array(way) == number] for number in range(3)]
        return sum(
            ((part.sum(0) / part.sum() - whole)[index] ** 2) / (whole[index] + 0.2)
            for part in parts
            for whole in [np.array([share, 1 - share])]
            for index in range(2)
        )

    ways = [way for way in product(range(3), repeat=len(pixels)) if tuple(np.bincount(way, minlength=3)) == targets]
    assert tuple(np.bincount(owner, minlength=3)) == targets
    assert squares(tuple(owner.tolist())) <= min(map(squares, ways)) + 1e-9


@pytest.mark.parametrize("classes", [2, 6])
def test_far_better_than_chance(classes: int) -> None:
    pixels = random_pixels(classes, 200, classes)
    targets = (160, 20, 20)
    random = np.random.default_rng(0)
    chance = np.median([deviation(pixels, random.permutation(np.repeat(range(3), targets))) for _ in range(50)])
    for seed in range(3):
        owner = deal_out(singles(pixels), Bins(targets, IMPORTANCE), Stream(seed, "test"))
        assert tuple(np.bincount(owner)) == targets
        assert deviation(pixels, owner) < chance / 5


def test_seeds_find_different_good_ways() -> None:
    pixels = random_pixels(1, 100, 3)
    found = {
        tuple(deal_out(singles(pixels), Bins((80, 10, 10), IMPORTANCE), Stream(seed, "test")).tolist())
        for seed in range(5)
    }
    assert len(found) == 5


def test_classes_of_three_samples_among_many_come_everywhere() -> None:
    pixels = np.zeros((2000, 5), np.int64)
    pixels[:, 0] = 100
    for index in range(1, 5):
        pixels[index * 3 : index * 3 + 3, index] = 7
    owner = deal_out(singles(pixels), Bins((1600, 200, 200), IMPORTANCE), Stream(0, "test"))
    assert tuple(np.bincount(owner)) == (1600, 200, 200)
    for index in range(1, 5):
        assert set(owner[pixels[:, index] > 0].tolist()) == {0, 1, 2}


def test_bins_that_want_nothing_get_nothing() -> None:
    owner = deal_out(singles(random_pixels(0, 30, 2)), Bins((20, 0, 10), IMPORTANCE), Stream(0, "test"))
    assert tuple(np.bincount(owner, minlength=3)) == (20, 0, 10)
