"""Prepare the next items of an iteration while the present one is used."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from typing import TypeVar, cast

from prep.core.workers import Threads

T = TypeVar("T")


def prefetch(items: Iterable[T], depth: int) -> Iterator[T]:
    """Yield the items in their order, up to `depth` of them prepared ahead by one thread.

    What the items raise is raised here, after the items before it. The thread ends with the iteration, also where
    that is left early.
    """
    iterator, end = iter(items), object()
    with Threads(1, "prefetch") as pool:
        ahead: deque[Future[object]] = deque(pool.submit(next, iterator, end) for _ in range(depth))
        try:
            while (item := ahead.popleft().result()) is not end:
                ahead.append(pool.submit(next, iterator, end))
                yield cast("T", item)
        finally:
            pool.shutdown(cancel_futures=True)
