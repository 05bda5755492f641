"""Files that show whether machines see the same folders: none is lost while its command lives, none stays after it."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import filelock
import pytest

from prep.core.cluster import probe
from prep.core.cluster.probe import is_seen, probed
from prep.core.files import is_part, remove_parts
from tests.support import wait_until

HOLD = "import sys, time; from pathlib import Path; from prep.core.cluster.probe import probed\n" + (
    "with probed([Path(sys.argv[1])]): time.sleep(600)"
)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_it_is_there_for_the_block_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_PATIENCE", 0.1)
    with probed([tmp_path / "new" / "campus", tmp_path]) as found:
        ((path, content),) = found
        assert Path(path).parent == tmp_path
        assert is_part(Path(path).name)
        assert is_seen(Path(path), content)
        assert not is_seen(Path(path), content[::-1])
        remove_parts(tmp_path)  # as each command does that begins to write there
        assert is_seen(Path(path), content)
    assert names(tmp_path) == set()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_what_a_killed_command_left_goes_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    words = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(words) as living, subprocess.Popen(words) as killed:
        try:
            wait_until(lambda: sum(path.stat().st_size > 0 for path in tmp_path.iterdir()) == 2)
            killed.send_signal(signal.SIGKILL)
            killed.wait()
            assert len(names(tmp_path)) == 2
            with probed([tmp_path]) as found:
                mine = Path(found[0][0]).name
                (other,) = names(tmp_path) - {mine}
            assert names(tmp_path) == {other}
            os.kill(living.pid, 0)
        finally:
            living.kill()
            killed.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no open file")
def test_a_file_that_another_command_is_about_to_remove_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one has found it before it was locked, and removes it only after it was looked for."""
    taken: dict[Path, int] = {}

    def after_another(descriptor: int, *, blocking: bool) -> bool:
        if not taken:
            (path,) = tmp_path.glob(".*")
            taken[path] = os.open(path, os.O_RDWR)
            assert filelock.lock_descriptor(taken[path], blocking=False)
        return filelock.lock_descriptor(descriptor, blocking=blocking)

    monkeypatch.setattr("prep.core.cluster.probe.lock_descriptor", after_another)
    with probed([tmp_path]) as ((path, content),):
        for other, descriptor in taken.items():
            other.unlink(missing_ok=True)
            os.close(descriptor)
        assert is_seen(Path(path), content)
    assert names(tmp_path) == set()


def test_what_it_says_is_waited_for(tmp_path: Path) -> None:
    """Another machine may show the file before what stands in it."""
    file = tmp_path / ".vm-0123456789ab.probe"
    file.touch()
    with ThreadPoolExecutor(1) as threads:
        seen = threads.submit(is_seen, file, "content")
        wait_until(seen.running)
        file.write_bytes(b" content")
        assert seen.result()
