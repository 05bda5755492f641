"""Ctrl-C, and what means the same: SIGTERM of a service manager or a batch system, SIGHUP of a terminal that closes."""

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from prep.core.errors import StillWaiting

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_SHELL = 128
"""An exit code as of a shell is this and the number of the signal."""

_OTHERS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Windows has no SIGHUP."""

_AGAIN_S = 0.02
"""After that the callback that has swallowed an interruption is over."""

_PATIENCE_S = 2.0
"""Within that an interrupted command has ended; one that has not is ended by the next signal."""


class Terminated(KeyboardInterrupt):
    """The process got SIGTERM or SIGHUP, whose number it has.  unheard: signals that are ignored since then."""

    def __init__(self, number: int, unheard: Sequence[int] = ()) -> None:
        super().__init__()
        self.number, self.unheard = number, unheard


@contextmanager
def terminable() -> Iterator[None]:
    """During the block, the first SIGTERM or SIGHUP raises Terminated where it would end the process at once.

    Those that follow are not heard: the command is ending, which may take as long as the jobs that are at work.
    """
    is_main = threading.current_thread() is threading.main_thread()
    ours = [each for each in _OTHERS if is_main and signal.getsignal(each) is signal.SIG_DFL]
    for each in ours:
        signal.signal(each, _terminate)
    try:
        with _never_swallowed():
            yield
    finally:
        for each in ours:
            signal.signal(each, signal.SIG_DFL)


def farewell(error: KeyboardInterrupt, goes_on: str) -> tuple[str, int]:
    """What an interrupted command says, and its exit code.  goes_on: how it goes on, once it has begun."""
    waiting = isinstance(error, StillWaiting)
    text = "It was still waiting for its turn and has begun nothing." if waiting else goes_on
    cause = error.__cause__ if waiting else error
    number, unheard = (cause.number, cause.unheard) if isinstance(cause, Terminated) else (signal.SIGINT, ())
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:  # in heard_once
        _leave_at_the_next(_SHELL + number, unheard)
    return f"\nInterrupted. {text}", _SHELL + number


def _leave_at_the_next(code: int, unheard: Sequence[int]) -> None:
    """Let a signal end the process where it still has not ended after a while: it waits for something that never comes.

    Those before are not heard: what Python tidies up at its end would be left behind, with words on the terminal.
    """
    said = time.monotonic()

    def leave(*_: object) -> None:
        if time.monotonic() - said > _PATIENCE_S:
            os._exit(code)

    for each in (signal.SIGINT, *_OTHERS):
        is_guarded = signal.getsignal(each) is signal.SIG_IGN and each not in unheard  # by nohup, for one
        signal.signal(each, signal.SIG_IGN if is_guarded else leave)


def _hear_nothing() -> None:
    for each in (signal.SIGINT, *_OTHERS):
        if signal.getsignal(each) not in (signal.SIG_IGN, signal.SIG_DFL, signal.default_int_handler):
            signal.signal(each, signal.SIG_IGN)


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
    """Around a whole command, with which its process ends: for a moment after it says that, it hears no more signals.

    Many press Ctrl-C twice, and service managers stop what does not end at once again. A command that has not ended
    after that moment is ended by the next one.
    """
    atexit.register(_hear_nothing)  # called last: Python gives signals up then, and they would end it with another code
    ours = [each for each in _OTHERS if signal.getsignal(each) is signal.SIG_DFL]
    for each in ours:
        signal.signal(each, _terminate)
    try:
        with _never_swallowed():
            yield
    finally:
        for each in ours:
            if signal.getsignal(each) is _terminate:
                signal.signal(each, signal.SIG_DFL)


def _terminate(number: int, frame: FrameType | None) -> None:
    unheard = [each for each in _OTHERS if signal.getsignal(each) is _terminate]
    for each in unheard:
        signal.signal(each, signal.SIG_IGN)
    raise Terminated(number, unheard)


@contextmanager
def _never_swallowed() -> Iterator[None]:
    """Interrupt again what was interrupted in a weakref callback or in __del__: Python discards all errors there."""
    before = sys.unraisablehook

    def again(lost: "UnraisableHookArgs") -> None:
        if not isinstance(lost.exc_value, KeyboardInterrupt):
            before(lost)
            return
        number: int = signal.SIGINT
        if isinstance(lost.exc_value, Terminated):
            number = lost.exc_value.number
            for each in lost.exc_value.unheard:
                signal.signal(each, _terminate)
        timer = threading.Timer(_AGAIN_S, _send_to_main_thread, [number])
        timer.daemon = True
        timer.start()

    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = before


def _send_to_main_thread(number: int) -> None:
    if hasattr(signal, "pthread_kill") and (main := threading.main_thread().ident) is not None:
        signal.pthread_kill(main, number)  # which may wait for something, and is woken
    else:
        signal.raise_signal(number)
