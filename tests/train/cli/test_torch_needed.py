"""How the threads of PyTorch wait for each other."""

import os
import subprocess
import sys

import pytest

from train.cli.torch_needed import need_torch


def test_threads_sleep_while_they_wait_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    need_torch()
    assert os.environ["OMP_WAIT_POLICY"] == "active"
    monkeypatch.delenv("OMP_WAIT_POLICY")
    need_torch()
    assert os.environ["OMP_WAIT_POLICY"] == "passive"


@pytest.mark.parametrize("module", ["train.cli.main", "train.cli.proposer"])
def test_no_command_imports_torch_before_it_says_how_to_wait(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
