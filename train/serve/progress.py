"""How far the photos are that are being labelled, for pages that ask while they wait."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class ProgressBoard:
    """The share that is done of each photo, under a name that its page made up."""

    def __init__(self) -> None:
        self._shares: dict[str, float] = {}

    def share(self, name: str) -> float | None:
        """What is done, 0..1; None before it is the photo's turn, after its end, and for names nobody gave."""
        return self._shares.get(name)

    @contextmanager
    def of(self, name: str | None) -> Iterator[Callable[[float], None]]:
        """Give the block a function that writes a share on the board; its end wipes it off."""
        if name is None:
            yield lambda _: None
            return
        try:
            yield lambda share: self._shares.update({name: share})
        finally:
            self._shares.pop(name, None)
