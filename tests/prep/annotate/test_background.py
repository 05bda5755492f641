"""The thread that works ahead of the person at the page ends with the command, whenever that is interrupted."""

import threading

import pytest

from prep.annotate.background import Background


class Waiting:
    """A task that waits for news until it is stopping."""

    def __init__(self) -> None:
        self.background = Background(self._work, "waiting")
        self.ended = threading.Event()

    def _work(self) -> None:
        with self.background.news:
            self.background.news.wait_for(lambda: self.background.is_stopping)
        self.ended.set()


def test_it_ends_with_the_block() -> None:
    task = Waiting()
    with task.background.running():
        assert not task.ended.is_set()
    assert task.ended.is_set()


def test_an_interruption_while_it_starts_leaves_no_thread_that_nobody_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread runs before the call that starts it is over: Python waited for it when the process was to end."""
    task, start = Waiting(), threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt), task.background.running():
        pytest.fail("it has begun")
    assert task.ended.is_set()


def test_an_interruption_before_it_starts_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    task = Waiting()

    def interrupted(_: threading.Thread) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt), task.background.running():
        pytest.fail("it has begun")
