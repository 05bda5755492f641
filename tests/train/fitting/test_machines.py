"""Training on two machines, which are two launches of torchrun on this one; one of their processes is killed."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from synth.dataset import generate
from tests.support import SCRIPTS, wait_until
from tests.train.fitting.training import history_of
from tests.warm import run_warm

TRAIN = ("--width", 4, "--size", 32, "--crops", 4, "--batch", 8, "--epochs", 8, "--device", "cpu", "--precision", "32",
         "--loss", "ce", "--noise", 0)  # fmt: skip


def launch(folder: Path, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--nnodes", 2, "--nproc-per-node", 1, "--max-restarts", 1,
               "--rdzv-backend", "c10d", "--rdzv-endpoint", f"127.0.0.1:{port}", "--rdzv-id", "campus",
               SCRIPTS / "seg-train", *TRAIN]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
    return subprocess.Popen(
        list(map(str, command)),
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the process to kill in /proc")
def test_a_killed_process_is_started_again_and_the_run_goes_on(tmp_path: Path) -> None:
    """The losses are those of two processes of one machine that nobody killed; the other launch says where they are."""
    generate(tmp_path / "datasets/synth", n=8, test=1, width=64, height=48, workers=1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    machines = [launch(tmp_path, port) for _ in range(2)]
    try:
        csv = tmp_path / "runs/latest/history.csv"
        wait_until(lambda: csv.exists() and csv.read_text().count("\n") > 2)
        own = Path(f"/proc/{machines[1].pid}/task/{machines[1].pid}/children").read_text().split()
        os.kill(int(own[-1]), signal.SIGKILL)
        told = [machine.communicate(timeout=300)[0] for machine in machines]
    finally:
        for machine in machines:
            machine.kill()
            machine.wait()
    assert [machine.returncode for machine in machines] == [0, 0], told
    runs = [path for path in (tmp_path / "runs").iterdir() if path.name != "latest"]
    assert len(runs) == 1
    both = "".join(told)
    assert f"{Path('runs') / runs[0].name}: resumed after epoch " in both
    assert f"takes part in a training whose run lies on {os.uname().nodename}: {runs[0]}\n" in both
    assert both.count("report.html") == 1
    killed = history_of(tmp_path / "runs/latest")
    assert run_warm(*TRAIN, "--devices", 2, cwd=tmp_path).returncode == 0
    whole = history_of(tmp_path / "runs/latest")
    assert whole["epoch"].tolist() == killed["epoch"].tolist() == list(range(1, 9))
    for name in ("loss", "val_loss"):
        assert killed[name].dropna().tolist() == pytest.approx(whole[name].dropna().tolist(), rel=1e-4), name
