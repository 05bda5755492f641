"""A thread that works ahead of the person at the page, and ends with the command."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Background:
    """A thread for one task that goes on until it is stopping.

    news: wakes the task and guards what it shares with those who ask.  is_stopping: whether the task is to end now.
    """

    def __init__(self, task: Callable[[], None], name: str) -> None:
        self.news = threading.Condition()
        self.is_stopping = False
        # Where an interruption comes in the middle of the ends below, the process ends all the same.
        self._thread = threading.Thread(target=task, name=name, daemon=True)

    @contextmanager
    def running(self, interrupt: Callable[[], None] | None = None) -> Iterator[None]:
        """Work during the block; its end waits for what is at work, which `interrupt` may cut short."""
        try:
            self._thread.start()  # within: it may run already when waiting for its start is interrupted
            yield
        finally:
            with self.news:
                self.is_stopping = True
                self.news.notify_all()
            if interrupt is not None:
                interrupt()
            if self._thread.is_alive():
                self._thread.join()
