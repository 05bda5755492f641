"""A training that torchrun begins on several machines: where its run lies, and with which one a restart goes on."""

import os
import platform
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from prep.core.errors import SegError
from prep.core.files import read_bytes, write_text
from train.runs.companions import Companions, ending_together, lost_in_words
from train.runs.device import under_torchrun
from train.runs.run_files import LAST, LATEST, LAUNCH, RUNS

if TYPE_CHECKING:
    from lightning_fabric import Fabric


_OWN_STORE = "TORCH_DISABLE_SHARE_RDZV_TCP_STORE"
"""Lets processes that torchrun starts again meet at a place of their own, where nothing of the first ones is left."""


_MEETING = ("MASTER_ADDR", "MASTER_PORT", "NODE_RANK")
"""What a person who types the command on each machine sets there: where they meet, and which of them this is."""


@contextmanager
def launched(fabric: "Fabric", nodes: int, say: Callable[[str], None]) -> Iterator[None]:
    """A training in all its processes: start the others, if there are to be any, let them meet, end them with this one.

    nodes: machines that a person said; of more than one it is said that they are waited for.
    Raises SegError where nothing says how these machines meet, torchrun has started processes again that cannot, or
    another process has ended.
    """
    companions = Companions()
    with ending_together(companions):
        try:
            with _met_by_hand(nodes, say):
                companions.start(fabric)
                fabric.launch()
        except RuntimeError as error:
            if (
                not under_torchrun()
                or os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") == "0"
                or _OWN_STORE in os.environ
            ):
                raise
            raise SegError(
                "the processes that torchrun started again do not find each other; type 'export "
                f"{_OWN_STORE}=1' on each machine, then torchrun as before with 'seg-train --resume'"
            ) from error
        with lost_in_words(fabric.world_size):
            yield


@contextmanager
def _met_by_hand(nodes: int, say: Callable[[str], None]) -> Iterator[None]:
    """A block in which machines meet, where no scheduler says how; PyTorch waits half an hour and hears no Ctrl-C."""
    from lightning_fabric.plugins.environments import SLURMEnvironment

    if nodes == 1 or "LOCAL_RANK" in os.environ or SLURMEnvironment.detect():
        yield
        return
    if missing := [name for name in _MEETING if name not in os.environ]:
        raise SegError(
            f"--nodes {nodes}: nothing says where the machines meet ({', '.join(missing)} not set). Type on the first "
            "'export MASTER_ADDR=ITS-NAME MASTER_PORT=29500 NODE_RANK=0', on the second the same with NODE_RANK=1, and "
            "so on, then the training on each; or begin it with torchrun (docs/scale.md)"
        )
    address, port, rank = (os.environ[name] for name in _MEETING)
    say(f"waiting for {nodes} machines at {address}, port {port}; this is number {rank} of them, counted from 0")
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    for each in before:
        signal.signal(each, signal.SIG_DFL)  # nothing is written yet that would have to be ended
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def note_launch(run: Path) -> None:
    """Write into a new run which launch of torchrun began it, if one did."""
    if under_torchrun():
        write_text(run / LAUNCH, _launch())


def run_to_go_on_with(fabric: "Fabric") -> Path | None:
    """The newest run of this launch that has ended an epoch, if torchrun has restarted a process; else None.

    Every process has to see it: the machines share the folder that the command is typed in.
    """
    if not under_torchrun():
        return None
    restarts = torch.tensor(float(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")), device=fabric.device)
    if not float(fabric.all_reduce(restarts, reduce_op="max")):
        return None
    found = _newest() if fabric.is_global_zero else ""
    named: str = fabric.broadcast(found)
    return Path(named) if named else None


def tell_place(run: Path, fabric: "Fabric", say: Callable[[str], None]) -> None:
    """Let the first process of each machine say where the run lies, if that is another machine."""
    place = fabric.broadcast(f"{platform.node()}: {run.resolve()}")
    if fabric.local_rank == 0 and not fabric.is_global_zero:
        say(f"takes part in a training whose run lies on {place}")


def _launch() -> str:
    return os.environ.get("TORCHELASTIC_RUN_ID", "")


def _newest() -> str:
    own = [
        run.parent for run in RUNS.glob(f"*/{LAUNCH}")
        if run.parent.name != LATEST and read_bytes(run).decode() == _launch() and (run.parent / LAST).exists()
    ]  # fmt: skip
    return str(max(own, key=lambda run: (run / LAST).stat().st_mtime)) if own else ""
