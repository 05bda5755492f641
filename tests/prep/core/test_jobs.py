"""Many jobs: the results of one process, of several, and of somebody else's executor are the same."""

import os
import pickle
import signal
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import cv2
import pytest

from prep.core import jobs as executor
from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.core.jobs import run_jobs, sum_jobs
from prep.core.workers import WorkerKilled, threads


def square(number: int) -> int:
    return number * number


def who(_: int) -> int:
    return os.getpid()


def fail_at_seven(number: int) -> int:
    if number == 7:
        raise SegError("job 7 is wrong")
    return number


@pytest.mark.parametrize("workers", [1, 2, 4, None])
def test_results_are_in_the_order_of_the_jobs(workers: int | None) -> None:
    assert run_jobs(square, range(100), workers) == [number * number for number in range(100)]


@pytest.mark.parametrize("workers", [1, 2, None])
def test_sums_are_made_where_the_results_arise(workers: int | None) -> None:
    assert sum_jobs(square, range(1, 1000), workers) == 332_833_500
    assert sum_jobs(square, [7], workers) == 49


class Recording(ThreadPoolExecutor):
    """Notes how many bytes each call would take to another process, and how many calls wait for their turn at most."""

    def __init__(self) -> None:
        super().__init__(2)
        self.sent: list[int] = []
        self.most = self.under_way = 0

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:  # noqa: ANN401
        self.sent.append(len(pickle.dumps((function, arguments, named))))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        return super().submit(function, *arguments, **named)


@pytest.mark.parametrize("number", [1_000, 10_000])
def test_little_is_under_way_however_many_jobs_there_are(number: int) -> None:
    names = [f"images/IMG_{place:07d}.jpg" for place in range(number)]
    with Recording() as pool:

        def progress(done: int, total: int) -> None:
            pool.under_way -= 1

        assert run_jobs(len, names, 2, progress, pool) == [22] * number
    assert max(pool.sent) < 2_000
    assert pool.most <= 8


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


@dataclass(frozen=True)
class Photo:
    name: str


def killed_at_seven(photo: Photo) -> int:
    if photo.name == "7.jpg":
        os.kill(os.getpid(), signal.SIGKILL)  # as the system does where memory runs out
    return len(photo.name)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_worker_is_told_with_the_file_that_was_at_work() -> None:
    with pytest.raises(WorkerKilled, match=r"most likely because memory ran out; at work were .*7\.jpg") as told:
        run_jobs(killed_at_seven, [Photo(f"{number}.jpg") for number in range(40)], 2)
    assert str(told.value).endswith("With --workers 1 the same work takes less memory")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork server")
def test_where_the_fork_server_is_killed_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its end is an end of file for the one who waits for a new process, as Ctrl-D is: commands said "Aborted!"."""

    def killed(_descriptors: object) -> None:
        raise EOFError

    monkeypatch.setattr("multiprocessing.forkserver.connect_to_new_process", killed)
    with pytest.raises(WorkerKilled, match="the process that starts workers was killed, most likely because memory"):
        run_jobs(square, range(40), 2)


@dataclass(frozen=True)
class Found:
    problem: str


def problem_of(number: int) -> Found:
    return Found(f"{number} is odd" if number % 2 else "")


@pytest.mark.parametrize("workers", [1, 2])
def test_so_many_files_may_fail_and_no_more(workers: int) -> None:
    failures = Failures(3)
    assert len(run_jobs(problem_of, range(7), workers, take=failures.look)) == 7
    assert sorted(failures.problems) == ["1 is odd", "3 is odd", "5 is odd"]
    with pytest.raises(SegError, match=r"(?s)4 files cannot be used:\n\d+ is odd\n.*--max-failed 16"):
        run_jobs(problem_of, range(60), workers, take=Failures(3).look)
    assert Failures().problems == []


def test_blocks_that_fail_are_left_out() -> None:
    failures = Failures(1)
    with failures.leaving_out():
        raise SegError("a.jpg is wrong")
    with failures.leaving_out():
        pass
    assert failures.problems == ["a.jpg is wrong"]
    both = r"2 files cannot be used:\na.jpg is wrong\nb.jpg is wrong\n"
    with pytest.raises(SegError, match=both), failures.leaving_out():
        raise SegError("b.jpg is wrong")
