"""Values that take time to make: each is made once, however many threads ask, and the last used ones are kept."""

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from pathlib import Path
from typing import Generic, TypeVar

from prep.core.files import explained

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Cache(Generic[Key, Value]):
    """The `most` values that were asked for or put last, for several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Key, Future[Value]] = OrderedDict()
        self._lock = threading.Lock()
        self._working = threading.Lock()
        self._newest: Key | None = None

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of a key, made in this thread if it is not known; what `make` raises is raised and not kept."""
        future, is_new = self._of(key)
        if is_new:
            self._make(key, make, future)
        return future.result()

    def put(self, key: Key, value: Value) -> None:
        """Keep a value that is there already, in place of the one before."""
        future: Future[Value] = Future()
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = future
        self._set(future, value)

    def ask(self, key: Key, make: Callable[[], Value], patience: float) -> Value | None:
        """The value of a key if it is there within `patience` seconds; None if it is not yet: ask again.

        One value is made at a time, in a thread of its own. Whoever asks for another one meanwhile takes the place of
        those who wait: they have gone on, or ask again.
        """
        future, is_new = self._of(key)
        if is_new:
            threading.Thread(target=self._make_in_turn, args=(key, make, future), daemon=True).start()
        try:
            return future.result(patience)
        except TimeoutError:
            if future.done():  # in this very moment, or `make` raised it
                return future.result()
            return None

    def _of(self, key: Key) -> tuple[Future[Value], bool]:
        """The future of a key, and whether its value has still to be made by the caller."""
        with self._lock:
            self._newest = key
            is_new = key not in self._kept
            future = self._kept.setdefault(key, Future())
            self._kept.move_to_end(key)
            return future, is_new

    def _make_in_turn(self, key: Key, make: Callable[[], Value], future: "Future[Value]") -> None:
        with self._working:
            if self._newest == key:
                self._make(key, make, future)
            else:
                self._forget(key, future)

    def _make(self, key: Key, make: Callable[[], Value], future: "Future[Value]") -> None:
        try:
            self._set(future, make())
        except BaseException as error:  # noqa: BLE001  # raised where the result is waited for
            self._forget(key, future)
            future.set_exception(error)

    def _set(self, future: "Future[Value]", value: Value) -> None:
        """Only now are others let go, those first that were not used for longest: what fails replaces nothing."""
        with self._lock:
            future.set_result(value)
            there = [kept for kept, other in self._kept.items() if other.done()]
            for oldest in there[: -self._most]:
                del self._kept[oldest]

    def _forget(self, key: Key, future: "Future[Value]") -> None:
        with self._lock:
            if self._kept.get(key) is future:
                del self._kept[key]


Mark = tuple[int, int, int, int]


def mark_of(path: Path) -> Mark:
    """What tells a file from others, and from what it was: its name alone means another one in another folder."""
    with explained(path):
        status = path.stat()
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def while_unchanged(most: int = 1) -> Callable[[Callable[[Path], Value]], Callable[[Path], Value]]:
    """Let a function of one file keep its last `most` results for as long as a file stays as it is."""

    def keeping(read: Callable[[Path], Value]) -> Callable[[Path], Value]:
        @functools.lru_cache(maxsize=most)
        def read_once(path: Path, mark: Mark) -> Value:
            return read(path)

        @functools.wraps(read)
        def current(path: Path) -> Value:
            return read_once(path, mark_of(path))

        return current

    return keeping
