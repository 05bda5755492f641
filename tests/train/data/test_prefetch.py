"""Items prepared ahead: their order, their errors, and the thread's end."""

import threading
from collections.abc import Iterator

import pytest

from train.data.prefetch import prefetch


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("prefetch")]


@pytest.mark.parametrize("depth", [1, 2, 50])
def test_all_items_come_in_order(depth: int) -> None:
    assert list(prefetch(range(20), depth)) == list(range(20))
    assert list(prefetch([None, 0, ""], depth)) == [None, 0, ""]
    assert list(prefetch((), depth)) == []
    assert threads() == []


def test_they_are_prepared_ahead_but_not_further_than_asked() -> None:
    made: list[int] = []
    third, sixth = threading.Event(), threading.Event()

    def numbers() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            if len(made) == 4:
                third.set()
            if len(made) == 6:
                sixth.set()
            yield number

    items = prefetch(numbers(), 3)
    assert next(items) == 0
    assert third.wait(600)  # while nobody asks
    assert not sixth.wait(0.1)
    assert made == [0, 1, 2, 3]
    items.close()  # type: ignore[attr-defined]


def test_errors_come_after_the_items_before_them() -> None:
    def broken() -> Iterator[int]:
        yield from (1, 2)
        raise ZeroDivisionError("of the source")

    items = prefetch(broken(), 5)
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(ZeroDivisionError, match="of the source"):
        next(items)
    assert threads() == []


def test_no_thread_is_left_where_the_loop_is_left_early() -> None:
    for number in prefetch(iter(int, 1), 2):
        assert number == 0
        assert len(threads()) == 1
        break
    assert threads() == []
    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert threads() == []


def interrupt() -> None:
    for _ in prefetch(iter(int, 1), 2):
        raise KeyboardInterrupt


def test_what_nobody_waits_for_is_not_prepared_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    left = threading.Event()

    def source() -> Iterator[int]:
        for number in range(20):
            made.append(number)
            yield number
            assert left.wait(600)

    def join(thread: threading.Thread) -> None:
        left.set()  # what was not prepared when the loop was left is called off by now
        real(thread)

    real = threading.Thread.join
    monkeypatch.setattr(threading.Thread, "join", join)
    for _ in prefetch(source(), 19):
        break
    assert made in ([0], [0, 1])
