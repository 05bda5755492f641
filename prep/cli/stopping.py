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
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:  # in heard_once
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    waiting = isinstance(error, StillWaiting)
    text = "It was still waiting for its turn and has begun nothing." if waiting else goes_on
    is_terminated = isinstance(error.__cause__ if waiting else error, Terminated)
    return f"\nInterrupted. {text}", _TERMINATED if is_terminated else _CTRL_C


def interruption_behind(error: BaseException) -> KeyboardInterrupt | None:
    """The interruption that led to another error, if one did.

    It may come at a moment for which libraries are not made: while a class is being made, or a lock is being taken.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, KeyboardInterrupt):
        cause = cause.__cause__ or cause.__context__
    return cause


@contextmanager
def heard_once() -> Iterator[None]:
    """Around a whole command, with which its process ends: once it says that it was interrupted, it hears no more.

    Many press Ctrl-C twice, and service managers stop what does not end at once again.
    """
    is_ours = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if is_ours:
        signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        if is_ours and signal.getsignal(signal.SIGTERM) is _terminate:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _terminate(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Terminated
