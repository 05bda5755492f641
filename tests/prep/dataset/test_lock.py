"""The lock of a dataset between processes and threads: who waits, what is told, what a killed holder leaves."""

import errno
import json
import multiprocessing
import os
import platform
import re
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import prep.dataset.lock
from prep.core.errors import SegError
from prep.core.files import open_plain
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import PROVENANCE
from prep.dataset.lock import LOCK, InUse, holder, is_free, is_held, locked
from prep.dataset.transaction import writing
from prep.splitting.split import split_dataset
from tests.prep.dataset.holding import held_elsewhere
from tests.support import run_error, run_ok, tree

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no links and no SIGKILL")

pytestmark = pytest.mark.usefixtures("short_wait")


def test_a_second_writer_is_told_who_is_at_work_and_changes_nothing(dataset: Dataset) -> None:
    with held_elsewhere(dataset.root) as process:
        before = tree(dataset.root, provenance=True)
        for command in (["split"], ["stats"], ["patches"], ["report"], ["synth", "-o"]):
            said = run_error(*command, dataset.root)
            assert said.startswith(f"{dataset.root}: 'seg-prep split 'my data' --seed 3' (since 20")
            assert f" on {platform.node()}, process {process.pid}) is at work on this folder; nothing was" in said
            assert said.endswith("try again when that is done")
            assert "\n" not in said
        assert tree(dataset.root, provenance=True) == before
        assert run_ok("check", dataset.root).exit_code == 0  # those who read are in nobody's way
        assert not is_free(dataset.root)
    assert is_free(dataset.root)
    run_ok("stats", dataset.root)
    assert not (dataset.root / LOCK).exists()


@posix_only
def test_a_killed_holder_locks_nothing_and_misleads_nobody(dataset: Dataset) -> None:
    half = dataset.root / "masks" / ".somewhere-0123456789ab.part"
    with held_elsewhere(dataset.root) as process:
        half.write_bytes(b"half")
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert is_free(dataset.root)
        assert holder(dataset.root) is not None
        with writing(dataset.root):
            found = holder(dataset.root)
            assert found is not None
            assert found.pid == os.getpid()
    assert holder(dataset.root) is None
    assert not half.exists()


def test_two_threads_of_one_process_take_turns(tmp_path: Path) -> None:
    said: list[str] = []

    def other() -> None:
        try:
            with locked(tmp_path):
                said.append("both at once")
        except InUse as error:
            said.append(str(error))

    with locked(tmp_path), locked(tmp_path), locked(tmp_path / "."):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert is_held(tmp_path)
    assert len(said) == 1
    assert f"process {os.getpid()}) is at work on this folder" in said[0]
    assert not is_held(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_who_waits_is_told_once_and_then_gets_it(tmp_path: Path) -> None:
    said: list[str] = []
    with held_elsewhere(tmp_path) as process:

        def say(text: str) -> None:
            said.append(text)
            assert process.stdin is not None
            process.stdin.close()

        with locked(tmp_path, say):
            assert process.wait(600) == 0
    assert len(said) == 1
    assert "Waiting for 'seg-prep split 'my data' --seed 3' (since" in said[0]


def test_a_folder_that_was_made_for_nothing_goes_again(tmp_path: Path) -> None:
    with pytest.raises(SegError, match="wrong"), locked(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b" / LOCK).stat().st_size > 0
        raise SegError("wrong")
    assert list(tmp_path.iterdir()) == []
    with locked(tmp_path / "a" / "b"):
        (tmp_path / "a" / "kept").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "kept"]


def test_a_dataset_that_is_deleted_meanwhile(dataset: Dataset) -> None:
    shutil.rmtree(dataset.root)
    with pytest.raises(SegError, match="no such folder"):
        split_dataset(dataset)
    assert not dataset.root.exists()


@posix_only
@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "two names"])
def test_a_lock_file_of_a_stranger_leads_nowhere(tmp_path: Path, kind: str) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")
    root = tmp_path / "d"
    root.mkdir()
    if kind == "link":
        (root / LOCK).symlink_to(victim)
    elif kind == "pipe":
        os.mkfifo(root / LOCK)
    elif kind == "folder":
        (root / LOCK).mkdir()
    else:
        (root / LOCK).hardlink_to(victim)
    with pytest.raises(SegError, match=re.escape(str(Path("d") / LOCK))), locked(root):
        pass
    assert holder(root) is None
    assert victim.read_text() == "mine"


@pytest.mark.parametrize(
    "record", ["", "{", "[]", "7", '{"command": "x"}', '{"command": 1, "since": 5, "machine": 1, "pid": "x"}']
)
def test_a_record_that_nobody_wrote_names_nobody(tmp_path: Path, record: str) -> None:
    (tmp_path / LOCK).write_text(f" {record}")
    assert holder(tmp_path) is None


def test_a_record_of_a_stranger_steers_no_terminal(tmp_path: Path) -> None:
    record = {"command": "\x1b[2Jrm", "since": "2026-01-31T10:00:00+00:00", "machine": "a\u202eb", "pid": 7}
    (tmp_path / LOCK).write_text(" " + json.dumps(record))
    assert "'\\x1b[2Jrm' (since 2026-01-31" in str(holder(tmp_path))
    assert "\u202e" not in str(holder(tmp_path))


def test_a_drive_without_locks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_locks(descriptor: int, *, blocking: bool) -> bool:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(prep.dataset.lock, "lock_descriptor", no_locks)
    for _ in range(2):
        with locked(tmp_path):
            pass
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path.resolve()}: this drive knows no locks; let only one command at a time work on it"
    ]


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_holds_nothing(tmp_path: Path) -> None:
    ready, over = os.pipe(), os.pipe()
    with locked(tmp_path):
        child = os.fork()
        if child == 0:
            os.write(ready[1], b"held" if is_held(tmp_path) else b"free")
            os.read(over[0], 1)
            os._exit(0)
        assert os.read(ready[0], 4) == b"free"
    assert is_free(tmp_path)
    with locked(tmp_path):  # though the child lives on
        pass
    os.write(over[1], b".")
    os.waitpid(child, 0)


@posix_only
@pytest.mark.skipif(sys.platform != "win32" and os.geteuid() == 0, reason="root may write everywhere")
def test_whoever_only_reads_needs_no_permission_to_write(dataset: Dataset) -> None:
    dataset.root.chmod(0o500)
    try:
        assert Dataset.open(dataset.root) == dataset
        run_ok("check", dataset.root)
        assert "permission denied" in run_error("stats", dataset.root)
    finally:
        dataset.root.chmod(0o700)


def test_a_folder_that_may_not_be_written_is_no_folder_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, flags: int) -> int:
        if flags & os.O_CREAT:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return open_plain(path, flags)

    monkeypatch.setattr(prep.dataset.lock, "open_plain", refused)  # root may write everywhere
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(prep.dataset.lock, "WAIT_S", 0.0)
    with pytest.raises(SegError, match="permission denied") as caught, locked(tmp_path):
        pass
    assert not isinstance(caught.value, InUse)


@posix_only
@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda path: path.symlink_to(path.parent / "classes.json"), "is a link"),
        (Path.mkdir, "is a folder; a file is expected here"),
    ],
    ids=["link", "folder"],
)
def test_what_to_remove_is_the_lock_file_and_not_the_dataset(
    dataset: Dataset, make: Callable[[Path], None], text: str
) -> None:
    make(dataset.root / LOCK)
    assert f"{dataset.root / LOCK}: {text}" in run_error("stats", dataset.root)


@posix_only
@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_record_that_cannot_be_written_is_told_before_there_is_any_work(kind: str, dataset: Dataset) -> None:
    path = dataset.root / PROVENANCE
    path.unlink(missing_ok=True)
    if kind == "link":
        path.symlink_to(dataset.root.parent / "elsewhere")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    before = tree(dataset.root)
    for command in (["stats"], ["patches", "--size", 32], ["report"], ["split", "--overwrite", "--seed", 9]):
        assert str(path) in run_error(*command, dataset.root)
    assert tree(dataset.root) == before
    assert not (dataset.root.parent / "elsewhere").exists()


@posix_only
def test_a_pipe_of_a_strangers_dataset_is_named(dataset: Dataset) -> None:
    (dataset.root / PROVENANCE).unlink(missing_ok=True)
    os.mkfifo(dataset.root / PROVENANCE)
    assert f"{dataset.root / PROVENANCE}: is no plain file; remove it" in run_error("stats", dataset.root)


def test_the_secrets_of_urls_are_not_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["seg-prep", "unpack", "s3://anna:geheim@photos/d?sig=abc", "-o", "what?.d"])
    with writing(tmp_path / "d"):
        found = holder(tmp_path / "d")
        assert b"geheim" not in (tmp_path / "d" / LOCK).read_bytes()
    assert found is not None
    assert found.command == "seg-prep unpack s3://photos/d -o 'what?.d'"
