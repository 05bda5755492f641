"""How much one request, and all requests together, may take of the machine."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prep.core.errors import SegError
from prep.core.words import counted, verb
from prep.web.guard import Refusal


@dataclass(frozen=True)
class Limits:
    """Limits of a server. Raises SegError for impossible values."""

    max_upload: float = 64
    """Megabytes (10^6 bytes) of a request."""
    max_megapixels: float = 64
    """Of a photo, read from its header before memory is taken for its pixels."""
    max_seconds: float = 300
    """From the arrival of a request to its mask, waiting included."""
    max_requests: int = 8
    """Photos at work or waiting at one time; the model labels one after the other."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (value > 0 and math.isfinite(value)):
                raise SegError(f"--{name.replace('_', '-')} needs a number above 0; got {value}")

    @property
    def max_bytes(self) -> int:
        """Bytes of a request."""
        return int(self.max_upload * 1e6)


class Deadline:
    """The moment by which a request has to be answered."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left, never below 0."""
        return max(0.0, self._end - time.monotonic())

    def check(self) -> None:
        """Raise Refusal (504) if the time is over."""
        if not self.left:
            raise Refusal(
                504,
                f"Labelling took longer than the {self._seconds:g} s that a photo may take here. "
                "Send a smaller photo, or let the server run with a higher --max-seconds.",
            )


class Slots:
    """A fixed number of places for requests; who finds none is sent away instead of waiting without end."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._free = threading.Semaphore(number)
        self._seconds = 1.0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a place during the block; Refusal (503) if all are taken."""
        if not self._free.acquire(blocking=False):
            are = verb(self._number, "is", "are")
            raise self.busy(
                f"{counted(self._number, 'photo')} {are} being labelled or waiting already, more are not taken."
            )
        started = time.monotonic()
        try:
            yield
        finally:
            self._seconds = time.monotonic() - started
            self._free.release()

    def busy(self, reason: str) -> Refusal:
        """A refusal that says when to come again: after as long as the last request took."""
        seconds = max(1, math.ceil(self._seconds))
        return Refusal(503, f"{reason} Try again in {seconds} s.", seconds)
