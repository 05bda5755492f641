"""How library functions report that they get on."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

Progress = Callable[[int, int], None]
"""Called with (done, in all)."""

Bar = Callable[[str], AbstractContextManager[Progress]]
"""Opens a progress bar with a label, for work in several parts."""

Say = Callable[[str], None]
"""Called with a sentence for the person who waits."""


def silent(done: int, total: int) -> None:
    """Report nothing."""


def say_nothing(text: str) -> None:
    """Tell nobody: for functions that call a Say."""


def no_bar(label: str) -> AbstractContextManager[Progress]:
    """Open no bar."""
    return nullcontext(silent)


def bar_of(progress: Progress) -> Bar:
    """Report every part of the work to one function."""
    return lambda label: nullcontext(progress)
