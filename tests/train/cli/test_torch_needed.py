"""How the threads of PyTorch wait for each other."""

import os
import subprocess
import sys

import pytest

from prep.core.errors import SegError
from train.cli.torch_needed import need_torch


def test_threads_sleep_while_they_wait_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    need_torch()
    assert os.environ["OMP_WAIT_POLICY"] == "active"
    monkeypatch.delenv("OMP_WAIT_POLICY")
    need_torch()
    assert os.environ["OMP_WAIT_POLICY"] == "passive"


def test_a_torch_that_cannot_be_loaded_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    class Damaged:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "torch":
                raise ImportError("libtorch_cpu.so: failed to map segment from shared object")

    monkeypatch.setattr("train.cli.torch_needed.find_spec", lambda name: True)
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(sys, "meta_path", [Damaged()])
    with pytest.raises(SegError, match=r"cannot be loaded \(libtorch_cpu.so: failed to map segment .* allow 4 GB"):
        need_torch()


@pytest.mark.parametrize("module", ["train.cli.main", "train.cli.proposer"])
def test_no_command_imports_torch_before_it_says_how_to_wait(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
