"""The parts of `make gpu` on a CPU, as short as they can be, and what is said where packages are missing."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.gpu import __main__ as gpu
from tests.gpu import machine as machines
from tests.gpu.machine import BASE, ROOT, Machine, open_machine
from tests.gpu.parts import PARTS
from tests.gpu.table import FAILED, OK, SKIPPED, Row, table


def test_parts_on_a_cpu_end_in_one_table() -> None:
    parts = ("tests", "recipes", "memory", "windows", "several", "resume")
    command = [sys.executable, "-m", "tests.gpu", "--device", "cpu", "--quick", "--only", *parts]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    rows = {line.split(" | ")[0].strip("| "): line for line in result.stdout.splitlines() if line.startswith("|")}
    assert "GFLOP/s" in rows["recipe shapes"]
    assert "a batch of 16 goes on in 4 pieces of 4" in rows["out of memory"]
    assert "1 megapixels" in rows["windows"]
    assert "0.0000% of the pixels" in rows["windows"]
    assert "bit-identical" in rows["resume"]
    for name in ("recipe shapes", "out of memory", "windows", "resume"):
        assert f"| {OK} |" in rows[name]
    for name in ("tests", "two GPUs (NCCL)"):
        assert f"| {SKIPPED} |" in rows[name]


def test_missing_packages_are_named_and_their_parts_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Machine(tmp_path, "cuda", True, 1, "a GPU")
    find = machines.find_spec
    monkeypatch.setattr(machines, "find_spec", lambda name: None if name == "lightning_fabric" else find(name))
    for part in PARTS:
        if part != "windows":
            assert gpu.worked(part, here) == [Row(part, "needs lightning_fabric", SKIPPED, 0.0)]
    assert "lightning_fabric" not in BASE
    monkeypatch.setattr(machines, "find_spec", lambda name: None if name in ("torch", "cv2") else find(name))
    assert "lacks torch, cv2" in str(open_machine(tmp_path, "cpu", quick=True))


def test_what_fails_is_a_row_and_the_last_line_of_it(tmp_path: Path) -> None:
    here = Machine(tmp_path, "cpu", True, 0, "a CPU")
    (row,) = gpu.worked("windows", Machine(tmp_path, "no-device", True, 0, "a CPU"))
    assert (row.part, row.verdict) == ("windows", FAILED)
    assert row.found.startswith("exit code 1: ")
    assert here.run("-c", "import prep, os; print(os.environ['HF_HUB_OFFLINE'])").stdout == "1\n"
    assert table([row]).splitlines()[-1].startswith("| windows | exit code 1: ")
