"""A cluster that fails in part: workers that die, that run other code, that see other folders; and Ctrl-C."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from distributed import Client
from distributed import Future as DaskFuture

from prep.core.cluster import connection
from prep.core.cluster.connection import connected
from prep.core.jobs import run_jobs, sum_jobs
from tests.prep.core.cluster.machines import ROOT, Machines
from tests.support import SCRIPTS, random_image, run_error, run_ok, run_partly, run_script, save, tree, wait_until


def photos(folder: Path, number: int, side: int = 24) -> Path:
    for seed in range(number):
        save(folder / f"p{seed:04}.png", random_image(seed, side, side))
    return folder


def resize(source: Path, target: Path, *how: object) -> tuple[object, ...]:
    return ("resize", source, "-o", target, "--size", 16, *how)


def test_a_file_that_kills_workers_is_named_and_the_others_are_done(tmp_path: Path, cluster: Path) -> None:
    source = photos(tmp_path / "photos", 30)
    run_ok(*resize(source, tmp_path / "whole", "--workers", 1))
    save(source / "poison.png", random_image(99))
    why = "several workers of the cluster died while they were at it, most likely because memory ran out there"
    left_out = run_partly(*resize(source, tmp_path / "campus", "--cluster", cluster))
    assert left_out == f" left out:\n  poison.png: {why}\n"
    assert tree(tmp_path / "campus" / "images") == tree(tmp_path / "whole" / "images")
    failed = run_error(*resize(source, tmp_path / "none", "--cluster", cluster, "--max-failed", 0))
    assert failed.startswith(f"1 file cannot be used:\npoison.png: {why}\n")
    assert not (tmp_path / "none" / "index.csv").exists()


def a_thousand(number: int) -> int:
    return 1000 * number


def test_workers_that_are_killed_cost_nothing_but_time(cluster: Path) -> None:
    """One dies whenever another fifth is done."""
    killed: list[int] = []
    with connected(str(cluster)), Client(scheduler_file=str(cluster), set_as_default=False) as other:

        def kill(done: int, total: int) -> None:
            if done > (len(killed) + 1) * total // 5:
                found = [pid for pid in other.run(os.getpid, on_error="ignore").values() if pid not in killed]
                if found:
                    os.kill(found[0], signal.SIGKILL)
                    killed.append(found[0])

        assert run_jobs(a_thousand, range(4000), progress=kill) == [1000 * number for number in range(4000)]
        assert sum_jobs(a_thousand, range(400)) == 79_800_000
    assert len(killed) >= 3


def test_a_worker_that_is_killed_after_its_results_have_come_costs_nothing(
    cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dask then takes the task for one that has to be done again, just as its results are handed over."""
    gather, lost = Client._gather, []

    async def and_lose(self: Client, futures: object, *arguments: object, **options: object) -> object:
        results = await gather(self, futures, *arguments, **options)
        for future in futures if isinstance(futures, list) else [futures]:
            if isinstance(future, DaskFuture):
                future._state.lose()
                lost.append(future.key)
        return results

    monkeypatch.setattr(Client, "_gather", and_lose)
    with connected(str(cluster)):
        assert run_jobs(a_thousand, range(40)) == [1000 * number for number in range(40)]
    assert lost


def test_a_worker_with_other_code_is_refused(tmp_path: Path, machines: Machines) -> None:
    for name in ("prep", "synth", "train"):
        shutil.copytree(ROOT / name, tmp_path / "old" / name, ignore=shutil.ignore_patterns("__pycache__", "page"))
    for name in ("seg_prep.py", "seg_train.py"):
        shutil.copy(ROOT / name, tmp_path / "old" / name)
    with (tmp_path / "old" / "prep" / "core" / "words.py").open("a") as file:
        file.write("# another version\n")
    source = photos(tmp_path / "photos", 2)
    with Client(scheduler_file=str(machines.file), set_as_default=False) as client:
        client.wait_for_workers(2)
        strange = machines.add(path=tmp_path / "old")
        try:
            wait_until(lambda: len(client.nthreads()) == 3)
            text = run_error(*resize(source, tmp_path / "campus", "--cluster", machines.file))
            codes = [part.split(")")[0] for part in text.split("(code ")[1:]]
            assert len(set(codes)) == len(codes) == 2
            assert "has seg-prep 0.1.0 (code" in text
            assert ", and the command 0.1.0 (code" in text
            assert "Install the same on both" in text
            assert not (tmp_path / "campus" / "images").exists()
        finally:
            machines.end([strange])
            wait_until(lambda: len(client.nthreads()) == 2)


def test_a_worker_with_several_threads_is_refused(tmp_path: Path, machines: Machines) -> None:
    with Client(scheduler_file=str(machines.file), set_as_default=False) as client:
        client.wait_for_workers(2)
        strange = machines.add(1, "--nthreads", 3, "--no-nanny")
        try:
            wait_until(lambda: len(client.nthreads()) == 3)
            text = run_error("stats", tmp_path, "--cluster", machines.file)
            assert "has 3 threads" in text
            assert "dask worker ADDRESS --nworkers auto --nthreads 1" in text
        finally:
            machines.end([strange])
            wait_until(lambda: len(client.nthreads()) == 2)


def test_a_folder_that_a_worker_does_not_see_is_named_with_its_machine(tmp_path: Path, cluster: Path) -> None:
    source, target = photos(tmp_path / "photos", 2), tmp_path / "not_shared" / "campus"
    target.mkdir(parents=True)
    text = run_error(*resize(source, target, "--cluster", cluster))
    assert f"{target}: is not the same folder on {os.uname().nodename}, where a worker runs" in text
    assert list(target.iterdir()) == []


def test_an_address_where_nobody_answers_is_told_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_SECONDS_TO_ANSWER", 1)
    for address in ("tcp://127.0.0.1:9", "nonsense", "no/such/file.json"):
        text = run_error("stats", tmp_path, "--cluster", address)
        assert text.startswith(f"{address}: no Dask scheduler answers there; start one with 'dask scheduler'")
        assert "\n" not in text


@pytest.mark.parametrize("address", ["foo", "tcp://a:b", "xyz://a:1", "no.json", "other.json"])
def test_what_is_no_address_is_told_at_once(tmp_path: Path, address: str) -> None:
    """A client that was begun with it would end 20 seconds later, with a traceback."""
    (tmp_path / "no.json").write_text("stem,image")
    (tmp_path / "other.json").write_text('["address"]')
    began = time.monotonic()
    result = run_script("seg-prep", "stats", "campus", "--cluster", address, cwd=tmp_path)
    assert time.monotonic() - began < 15
    assert result.stderr.startswith(f"Error: {address}: no Dask scheduler answers there; start one with")
    assert result.stderr.count("\n") == 1


def test_workers_of_this_machine_are_not_asked_for_as_well(tmp_path: Path, cluster: Path) -> None:
    from tests.support import run_prep

    result = run_prep("stats", tmp_path, "--cluster", cluster, "--workers", 2)
    assert result.exit_code == 2
    assert "a cluster has workers of its own; leave one out" in result.stderr


def one(_: int) -> int:
    return 1


def test_after_ctrl_c_nobody_writes_and_the_command_goes_on(tmp_path: Path, cluster: Path) -> None:
    source, target = photos(tmp_path / "photos", 400, 100), tmp_path / "campus"
    command = [str(SCRIPTS / "seg-prep"), *map(str, resize(source, target, "--cluster", cluster))]

    def images() -> dict[str, bytes]:
        return {name: data for name, data in tree(target).items() if "/images/" in f"/{name}" and "." in name[-5:]}

    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: process.poll() is not None or (target.exists() and len(images()) > 20))
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=100)
    written = images()
    assert process.returncode == 130, told
    assert told.strip() == "Interrupted. The same command goes on where it stopped."
    assert len(written) < 400
    assert not [name for name in tree(target) if name.endswith(".part")]
    with connected(str(cluster)):
        run_jobs(one, range(200))  # whatever is still at work in a worker ends before this
    assert images() == written
    run_ok(*resize(source, target, "--cluster", cluster))
    run_ok(*resize(source, tmp_path / "whole", "--workers", 1))
    assert tree(target / "images") == tree(tmp_path / "whole" / "images")
