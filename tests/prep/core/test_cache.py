"""Values that are kept for a while."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from prep.core.cache import Cache


def test_each_value_is_made_once_whoever_asks() -> None:
    cache: Cache[int, list[int]] = Cache(3)
    calls: list[int] = []

    def make(key: int) -> list[int]:
        calls.append(key)
        return [key]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda key: cache.get(key, lambda: make(key)), [1, 2, 3] * 40))
    assert sorted(calls) == [1, 2, 3]
    assert found == [[1], [2], [3]] * 40
    cache.get(1, lambda: make(1))
    cache.get(4, lambda: make(4))  # drops 2, which was used least recently
    cache.get(1, lambda: make(1))
    assert calls[3:] == [4]
    cache.get(2, lambda: make(2))
    assert calls[3:] == [4, 2]


def test_a_failure_is_raised_to_all_and_not_kept() -> None:
    cache: Cache[str, int] = Cache(3)

    def fail() -> int:
        raise OSError("no disk")

    for _ in range(2):
        with pytest.raises(OSError, match="no disk"):
            cache.get("a", fail)
        with pytest.raises(OSError, match="no disk"):
            cache.ask("b", fail, 600)
    assert cache.get("a", lambda: 1) == 1
    assert cache.ask("b", lambda: 2, 600) == 2


def test_of_those_who_wait_the_newest_comes_next() -> None:
    cache: Cache[str, str] = Cache(9)
    begun, go_on, order = threading.Event(), threading.Event(), []

    def make(key: str) -> str:
        order.append(key)
        begun.set()
        assert go_on.wait(600)
        return key

    assert cache.ask("a", lambda: make("a"), 0.05) is None
    assert begun.wait(600)
    for key in "bc":  # "b" was only passed on the way to "c", like a size on a slider
        assert cache.ask(key, lambda key=key: make(key), 0.05) is None
    go_on.set()
    assert cache.ask("c", lambda: "never", 600) == "c"
    assert order == ["a", "c"]
    assert cache.ask("b", lambda: make("b"), 600) == "b"


def test_what_is_put_replaces_what_was_made_and_drops_the_oldest() -> None:
    cache: Cache[str, int] = Cache(2)
    assert cache.get("a", lambda: 1) == 1
    cache.put("a", 2)
    cache.put("b", 3)
    assert cache.get("a", lambda: 9) == 2
    cache.put("c", 4)
    assert [cache.get(key, lambda: 9) for key in "acb"] == [2, 4, 9]


def test_what_fails_drops_nothing() -> None:
    cache: Cache[str, int] = Cache(1)
    cache.put("a", 1)
    with pytest.raises(ZeroDivisionError):
        cache.get("b", lambda: 1 // 0)
    assert cache.get("a", lambda: 9) == 1
