"""The processes of a training end together, and what ended them is said in words."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from prep.core.errors import SegError
from tests.support import wait_until
from train.runs.companions import Companions, ending_together, lost_in_words

PROGRAM = """
import os, sys, time
from lightning_fabric import Fabric
from train.runs.companions import Companions, ending_together

Companions.grace = float(sys.argv[2])
companions = Companions()
companions.start(Fabric(accelerator="cpu", devices=2, strategy="ddp"))
if os.environ["LOCAL_RANK"] == "1":
    sys.exit("the second process cannot go on")
with ending_together(companions):
    companions.processes[0].wait()
    time.sleep(float(sys.argv[1]))  # more than a second, and the end of the other is seen
    sys.exit("the first says why")
"""


def _ended(folder: Path, waits: float, grace: float) -> "subprocess.CompletedProcess[str]":
    (folder / "program.py").write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    command = [sys.executable, "program.py", str(waits), str(grace)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)


def test_a_process_that_is_about_to_say_why_is_not_killed(tmp_path: Path) -> None:
    """Lightning would: the exit code was -9 where the other process heard of the same error first."""
    done = _ended(tmp_path, 3, 600)
    assert done.returncode == 1
    assert done.stderr.count("the second process cannot go on\n") == 1
    assert done.stderr.endswith("the first says why\n")


def test_a_process_that_waits_for_one_that_ended_is_ended_in_words(tmp_path: Path) -> None:
    began = time.monotonic()
    done = _ended(tmp_path, 500, 0)
    assert time.monotonic() - began < 400
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Error: another process of this training has ended, what it said")


def test_an_error_in_the_first_process_ends_the_others_at_once() -> None:
    companions = Companions()
    with subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"]) as other:
        companions.processes.append(other)
        with pytest.raises(SegError, match="no space"), ending_together(companions):
            raise SegError("no space")
        wait_until(lambda: other.poll() is not None)
        assert other.returncode < 0
    with pytest.raises(SegError, match="alone"), ending_together(Companions()):
        raise SegError("alone")


def test_processes_that_lost_each_other_say_so_in_words() -> None:
    lost = RuntimeError("[third_party/gloo/gloo/transport/tcp/pair.cc:545] Read error: Connection reset by peer")
    told = pytest.raises(SegError, match=r"another process of this training has ended.*seg-train --resume RUN")
    with told, lost_in_words(2):
        raise lost
    with pytest.raises(RuntimeError, match="gloo"), lost_in_words(1):
        raise lost
    with pytest.raises(RuntimeError, match="other words"), lost_in_words(2):
        raise RuntimeError("other words")


def test_a_training_leaves_the_environment_as_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A second training of this process would take itself for one that others were started beside."""
    from lightning_fabric import Fabric

    for name in ("LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT", "NODE_RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "nothing.py").write_text("")
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "nothing.py")])
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    before = dict(os.environ)
    companions = Companions()
    with ending_together(companions):
        companions.start(Fabric(accelerator="cpu", devices=2, strategy="ddp"))
        assert (os.environ["LOCAL_RANK"], os.environ["WORLD_SIZE"]) == ("0", "2")
        assert companions.processes[0].wait() == 0
    assert dict(os.environ) == before
