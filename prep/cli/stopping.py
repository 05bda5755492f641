"""Ctrl-C, and SIGTERM, which means the same: a service manager, a container or a batch system stops the command."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from prep.core.errors import StillWaiting

_CTRL_C = 130
_TERMINATED = 143
"""Exit codes as of a shell: 128 and the number of the signal."""


class Terminated(KeyboardInterrupt):
    """The process got SIGTERM."""


@contextmanager
def terminable() -> Iterator[None]:
    """During the block, the first SIGTERM raises Terminated where it would end the process at once.

    Those that follow are not heard: the command is ending, which may take as long as the jobs that are at work.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def farewell(error: KeyboardInterrupt, goes_on: str) -> tuple[str, int]:
    """What an interrupted command says, and its exit code.  goes_on: how it goes on, once it has begun."""
    waiting = isinstance(error, StillWaiting)
    text = "It was still waiting for its turn and has begun nothing." if waiting else goes_on
    is_terminated = isinstance(error.__cause__ if waiting else error, Terminated)
    return f"\nInterrupted. {text}", _TERMINATED if is_terminated else _CTRL_C


@contextmanager
def heard_once() -> Iterator[None]:
    """Around a whole command: one that was interrupted and has said so leaves without another word.

    However often it is told to: by those who press Ctrl-C twice, and by service managers.
    """
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    except SystemExit as error:
        interrupted = error.code in (_CTRL_C, _TERMINATED)
        signal.signal(signal.SIGTERM, signal.SIG_IGN if interrupted else signal.SIG_DFL)
        if interrupted:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise


def _terminate(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Terminated
