"""The main module that workers are told of, while several threads start some; and how pools end."""

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from prep.core.workers import Over, Processes, Threads, _another_main, noted


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


def test_worker_processes_have_the_environment_that_the_program_has_when_they_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Credentials of a storage that are set in a notebook after the first workers began, and thus the fork server."""
    monkeypatch.setenv("SEG_TEST_OLD", "old")
    with Processes(1) as pool:
        assert pool.submit(os.getenv, "SEG_TEST_OLD").result() == "old"
    monkeypatch.delenv("SEG_TEST_OLD")
    monkeypatch.setenv("SEG_TEST_NEW", "new")
    with Processes(1) as pool:
        assert [pool.submit(os.getenv, f"SEG_TEST_{name}").result() for name in ("OLD", "NEW")] == [None, "new"]


def _one_after_the_other(folder: Path) -> None:
    """Jobs of a chunk that lasts for ever: each is over when it is told so."""
    for job in noted(range(1_000), 0):
        (folder / str(job)).touch()
        while not (folder / "go on").exists():
            time.sleep(0.01)


@pytest.mark.parametrize("kind", [Threads, Processes])
def test_a_pool_that_ends_begins_no_further_job_of_a_chunk(kind: type[Threads | Processes], tmp_path: Path) -> None:
    with kind(1) as pool:
        chunk = pool.submit(_one_after_the_other, tmp_path)
        while not (tmp_path / "0").exists():
            time.sleep(0.01)
        pool.shutdown(wait=False)
        (tmp_path / "go on").touch()
        assert isinstance(chunk.exception(timeout=60), Over)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "go on"]
