"""How library functions report that they get on."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with (done, in all)."""


def silent(done: int, total: int) -> None:
    """Report nothing."""
