"""Which of many files are compared: all of some hundreds, more evenly, with where they begin to differ."""

from itertools import pairwise

import pytest

from prep.images.likeness.compared_places import MOST_COMPARED, compare_places, evenly_chosen


@pytest.mark.parametrize("count", [0, 1, 12, 13, 23, 24, MOST_COMPARED])
def test_of_some_hundreds_every_one_is_compared(count: int) -> None:
    assert list(compare_places(count, lambda _: True)) == list(range(count))


@pytest.mark.parametrize("count", [MOST_COMPARED + 1, 2 * MOST_COMPARED - 1, 5000])
def test_of_more_they_lie_evenly_over_all_with_the_first_and_the_last(count: int) -> None:
    places = list(compare_places(count, lambda _: True))
    assert (len(places), places[0], places[-1]) == (MOST_COMPARED, 0, count - 1)
    steps = [after - before for before, after in pairwise(places)]
    assert max(steps) - min(steps) <= 1


def test_where_it_changes_is_looked_at_closely() -> None:
    found = compare_places(10_000, lambda place: not 3210 <= place < 4567)
    assert [found[place] for place in (3209, 3210, 4566, 4567)] == [True, False, False, True]
    assert len(found) < MOST_COMPARED + 20


def test_what_cannot_be_told_is_left_out() -> None:
    assert compare_places(5, lambda place: None if place == 2 else place < 3) == {0: True, 1: True, 3: False, 4: False}
    assert compare_places(1000, lambda _: None) == {}


def test_even_places_begin_with_the_first_and_end_with_the_last() -> None:
    assert evenly_chosen(5, 9) == [0, 1, 2, 3, 4]
    assert evenly_chosen(9, 3) == [0, 4, 8]
    assert evenly_chosen(0, 3) == []
