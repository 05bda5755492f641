"""Which of many files are compared one by one, where cameras that count anew give equal names to other photos."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

MOST_COMPARED = 300
"""Of so many files every one is looked at: what differs may begin anywhere, and may be the last one alone."""


def evenly_chosen(count: int, most: int) -> list[int]:
    """Places of 0 .. count - 1 that are looked at, the first and the last among them: all, or `most` of them."""
    return [int(place) for place in np.unique(np.linspace(0, count - 1, min(count, max(1, most))).round())]


def compare_places(count: int, is_same: Callable[[int], bool | None], most: int = MOST_COMPARED) -> dict[int, bool]:
    """Which of the places 0 .. count - 1 were looked at, in order, and what was found there.

    All of them up to `most`; of more, so many evenly over all, the first and the last with them, and then others
    between two that differ in what was found, until it is known where that changes.
    is_same: of a place; None where that cannot be told, which leaves it out.
    """
    found = {place: answer for place in evenly_chosen(count, most) if (answer := is_same(place)) is not None}
    told = sorted(found)
    between = list(pairwise(told))
    while between:
        first, last = between.pop()
        middle = (first + last) // 2
        if middle == first or found[first] == found[last]:
            continue
        if (answer := is_same(middle)) is not None:
            found[middle] = answer
            between += [(first, middle), (middle, last)]
    return {place: found[place] for place in sorted(found)}
