"""How many threads compute: on a CPU that others use, too, one is often faster than all, which wait for each other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

_WORTH = 0.7
"""One thread has to take less than this share of the time of all."""


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

    seconds: does something, and says how long it took.
    """
    all_threads = torch.get_num_threads()
    by_all = min(seconds() for _ in range(tries))
    if all_threads == 1:
        return by_all
    torch.set_num_threads(1)
    by_one = min(seconds() for _ in range(tries))
    if by_one < _WORTH * by_all:
        return by_one
    torch.set_num_threads(all_threads)
    return by_all
