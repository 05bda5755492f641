"""Many jobs: the results of one process, of several, and of somebody else's executor are the same."""

import os
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import cv2
import pytest

from prep.core import jobs as executor
from prep.core.errors import SegError
from prep.core.jobs import run_jobs, threads


def square(number: int) -> int:
    return number * number


def who(_: int) -> int:
    return os.getpid()


def fail_at_seven(number: int) -> int:
    if number == 7:
        raise SegError("job 7 is wrong")
    return number


def die(number: int) -> int:
    if number == 3:
        os._exit(1)
    return number


@pytest.mark.parametrize("workers", [1, 2, 4, None])
def test_results_are_in_the_order_of_the_jobs(workers: int | None) -> None:
    assert run_jobs(square, range(100), workers) == [number * number for number in range(100)]


def test_no_jobs() -> None:
    assert run_jobs(square, [], 2) == []


def test_somebody_elses_executor() -> None:
    with ThreadPoolExecutor(2) as pool:
        assert run_jobs(square, range(50), executor=pool) == [number * number for number in range(50)]


def test_threads_share_this_process_and_leave_opencv_as_it_was() -> None:
    before = cv2.getNumThreads()
    with threads(2) as pool:
        assert cv2.getNumThreads() == 1
        assert set(run_jobs(who, range(8), 2, executor=pool)) == {os.getpid()}
        with pytest.raises(SegError, match="job 7 is wrong"):
            run_jobs(fail_at_seven, range(40), 2, executor=pool)
    assert cv2.getNumThreads() == before


def test_where_jobs_run(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(run_jobs(who, range(8), 1)) == {os.getpid()}
    assert os.getpid() not in run_jobs(who, range(8), 2)
    assert set(run_jobs(who, range(8))) == {os.getpid()}  # little work is not worth a pool
    monkeypatch.setattr(executor, "_SECONDS_ALONE", 0)
    pids = run_jobs(who, range(8))
    assert pids[0] == os.getpid()
    assert os.getpid() not in pids[1:]


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_reaches_the_end(workers: int) -> None:
    seen: list[tuple[int, int]] = []
    run_jobs(square, range(40), workers, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (40, 40)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert {total for _, total in seen} == {40}


@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_error_is_raised(workers: int) -> None:
    with pytest.raises(SegError, match="job 7 is wrong"):
        run_jobs(fail_at_seven, range(40), workers)


def test_a_worker_that_dies_is_no_result() -> None:
    with pytest.raises((BrokenProcessPool, SegError)):
        run_jobs(die, range(40), 2)
