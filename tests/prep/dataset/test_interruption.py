"""kill -9 in the middle of a command, and the same command again: byte for byte the undisturbed folder."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset, opened_alone
from tests.support import SCRIPTS, run_script, tree

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

SYNTH = ("synth", "--n", 240, "--test", 20)
PATCHES = ("patches", "--size", 64, "--per-image", 20, "--workers")
WORKERS = pytest.mark.parametrize("workers", [1, 2])
PATIENCE_S = 600


def kill_when(ready: Callable[[], bool], root: Path, *arguments: object, late: Callable[[], bool] = bool) -> None:
    """Start a command that works in `root`, and kill it, and nobody else, as soon as `ready`.

    Where this test was too slow, so that the command ended or was `late` before it died, all is as before and it
    starts again. Its workers have to end by themselves.
    """
    with TemporaryDirectory() as folder:
        before = Path(folder) / "before"
        if root.exists():
            shutil.copytree(root, before)
        for _ in range(20):
            if kill(ready, *arguments) and not late():
                return
            shutil.rmtree(root, ignore_errors=True)
            if before.exists():
                shutil.copytree(before, root)
    pytest.fail("it was never killed in time")


def kill(ready: Callable[[], bool], *arguments: object) -> bool:
    """Whether the command was killed before it ended."""
    command = [str(SCRIPTS / "seg-prep"), *map(str, arguments)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
    process = subprocess.Popen(command, start_new_session=True, **quiet)  # type: ignore[call-overload]
    deadline = time.monotonic() + PATIENCE_S
    while not ready() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.0005)
    process.send_signal(signal.SIGKILL)
    killed = process.wait()
    assert killed in (0, -signal.SIGKILL)
    wait_for_workers(process.pid, deadline)
    return killed != 0


def wait_for_workers(group: int, deadline: float) -> None:
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    pytest.fail("workers of a killed command live on")


def finish(*arguments: object) -> None:
    result = run_script("seg-prep", *arguments)
    assert result.returncode == 0, result.stderr


def staged(root: Path, name: str) -> Path:
    """Where a file or folder is that a command has staged; its hidden folder has another name each time."""
    return next(root.glob(f".unfinished-*/{name}"), root / "nothing staged")


def count_files(root: Path, name: str, least: int) -> Callable[[], bool]:
    def ready() -> bool:
        try:  # the command moves the folder away whenever it likes
            files = os.listdir(staged(root, name))  # noqa: PTH208
        except FileNotFoundError:
            return False
        return sum(not file.startswith(".") for file in files) >= least

    return ready


def marks(root: Path) -> bytes:
    """A byte for each image, 1 where its patches are cut; none before the command starts and once it is over."""
    try:  # the command moves the file away whenever it likes
        return staged(root, "done").read_bytes()
    except FileNotFoundError:
        return b""


def count_marks(root: Path, least: int) -> Callable[[], bool]:
    return lambda: marks(root).count(1) >= least


def count_open(root: Path) -> int:
    """Images that are not cut yet; 0 also once all is over."""
    return marks(root).count(0)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("undisturbed") / "s"
    finish(*SYNTH, "-o", root)
    return root


@WORKERS
def test_synth_killed_three_times(undisturbed: Path, tmp_path: Path, workers: int) -> None:
    root = tmp_path / "s"
    for least in (10, 90, 170):
        command = (*SYNTH, "-o", root, "--workers", workers)
        kill_when(count_files(root, "new/masks", least), root, *command, late=(root / "index.csv").exists)
        assert not (root / "index.csv").exists()  # nobody takes this for a dataset
        assert not (root / "images").exists()
    finish(*SYNTH, "-o", root, "--workers", workers)
    assert tree(root) == tree(undisturbed)


def test_sigterm_to_all_processes_of_a_command_is_told_in_words(undisturbed: Path, tmp_path: Path) -> None:
    """As a service manager stops a service: workers get the signal, too."""
    root = tmp_path / "s"
    command = [str(SCRIPTS / "seg-prep"), *map(str, (*SYNTH, "-o", root, "--workers", 2))]
    for _ in range(20):  # again where this test was too slow
        with subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True) as process:
            while process.poll() is None and not count_files(root, "new/masks", 10)():
                time.sleep(0.0005)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            _, said = process.communicate()
        if process.returncode:
            break
        shutil.rmtree(root)
    assert (process.returncode, said) == (143, "\nInterrupted. The same command goes on where it stopped.\n")
    wait_for_workers(process.pid, time.monotonic() + PATIENCE_S)
    finish(*SYNTH, "-o", root)
    assert tree(root) == tree(undisturbed)


def test_synth_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    root = tmp_path / "s"
    command = (*SYNTH, "-o", root, "--workers", 1)
    kill_when(count_files(root, "new/masks", 60), root, *command, late=(root / "images").exists)
    first = {path.name: path.stat().st_mtime_ns for path in staged(root, "new/masks").glob("*.png")}
    finish(*SYNTH, "-o", root)
    kept = sum((root / "masks" / name).stat().st_mtime_ns == time for name, time in first.items())
    assert kept >= len(first) - 1  # one file may have been half-written
    assert len(first) >= 60


def test_synth_killed_while_it_replaces_another_set(undisturbed: Path, tmp_path: Path) -> None:
    """Killed once the commit record stands: whoever writes next finds the new one, whole."""
    root = tmp_path / "s"
    shutil.copytree(undisturbed, root)
    again = (*SYNTH, "--seed", 1, "-o", root, "--overwrite")
    finish(*SYNTH, "--seed", 1, "-o", tmp_path / "other")
    old, new = tree(undisturbed), tree(tmp_path / "other")
    kill_when(lambda: staged(root, "commit.json").exists(), root, *again)
    before = tree(root, provenance=True)
    if any(root.glob(".unfinished-*/commit.json")):
        with pytest.raises(SegError, match=r"was killed while it moved its results in\. Type it again"):
            Dataset.open(root)
    assert tree(root, provenance=True) == before  # whoever only reads changes nothing
    with opened_alone(root):
        pass
    found = {name: content for name, content in tree(root).items() if not name.startswith(".unfinished")}
    assert found in (old, new)
    finish(*again)
    assert tree(root) == new


@WORKERS
def test_patches_killed_three_times(undisturbed: Path, tmp_path: Path, workers: int) -> None:
    expected, root = tmp_path / "expected", tmp_path / "s"
    for copy in (expected, root):
        shutil.copytree(undisturbed, copy)
    finish(*PATCHES, 1, expected)
    for least in (5, 90, 180):
        kill_when(count_marks(root, least), root, *PATCHES, workers, root, late=lambda: not count_open(root))
        assert not (root / "patches").exists()
    finish(*PATCHES, workers, root)
    assert tree(root) == tree(expected)


def test_patches_killed_and_then_cut_otherwise(undisturbed: Path, tmp_path: Path) -> None:
    """Other settings after a kill start over; nothing of the first try is left."""
    expected, root = tmp_path / "expected", tmp_path / "s"
    for copy in (expected, root):
        shutil.copytree(undisturbed, copy)
    command = (*PATCHES, 1, root, "--seed", 8)
    kill_when(count_marks(root, 40), root, *command, late=lambda: not count_open(root))
    for copy in (expected, root):
        finish(*PATCHES, 1, copy, "--seed", 9)
    assert tree(root) == tree(expected)


def test_png_patches_killed(undisturbed: Path, tmp_path: Path) -> None:
    expected, root = tmp_path / "expected", tmp_path / "s"
    for copy in (expected, root):
        shutil.copytree(undisturbed, copy)
    options = ("patches", "--size", 32, "--per-image", 2, "--format", "png", "--workers", 2)
    finish(*options, expected)
    name = "new/patches/size32/masks"
    kill_when(count_files(root, name, 300), root, *options, root, late=lambda: not staged(root, name).exists())
    finish(*options, root)
    assert tree(root) == tree(expected)
