"""How many threads compute: on a CPU that others use, too, one is often faster than all, which wait for each other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

_WORTH = 0.7
"""One thread has to take less than this share of the time of all."""

_LONG, _BUSY = 1.0, 5.0
"""Seconds after which nothing is tried again, and after which the machine is too busy to try all threads."""


@contextmanager
def threads_restored() -> Iterator[None]:
    """Set the number of threads back to what it was."""
    number = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(number)


def choose_threads(seconds: Callable[[], float], tries: int) -> float:
    """Compute with one thread from now on if that is faster; returns the least seconds of the number chosen.

    seconds: does something that takes a part of a second, and says how long it took.
    """
    all_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    seconds()  # memory is found, algorithms are chosen
    by_one = _least(seconds, tries, _LONG)
    if all_threads == 1 or by_one > _BUSY:
        return by_one
    torch.set_num_threads(all_threads)
    by_all = _least(seconds, tries, max(_LONG, by_one))
    if by_one >= _WORTH * by_all:
        return by_all
    torch.set_num_threads(1)
    return by_one


def _least(seconds: Callable[[], float], tries: int, most: float) -> float:
    """The least of several tries, or of fewer where they take long."""
    found = [seconds()]
    while len(found) < tries and sum(found) < most:
        found.append(seconds())
    return min(found)
