"""The main module that workers are told of, while several threads start some."""

import sys
import threading

from prep.core.workers import _another_main


def test_threads_that_start_workers_at_once_leave_the_main_module_as_it_was() -> None:
    main = sys.modules["__main__"]
    begun, entered = threading.Event(), threading.Event()

    def start() -> None:
        begun.set()
        with _another_main():
            entered.set()

    other = threading.Thread(target=start)
    with _another_main():
        other.start()
        assert begun.wait(600)
        assert not entered.wait(0.2), "it would take this thread's stand-in for the main module, and put it back"
    other.join()
    assert entered.is_set()
    assert sys.modules["__main__"] is main
