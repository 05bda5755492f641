"""Processes that torchrun starts again and that cannot meet are told what to type."""

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import pytest

from prep.core.errors import SegError
from train.runs.launch import launched

if TYPE_CHECKING:
    from lightning_fabric import Fabric

STORE = "TORCH_DISABLE_SHARE_RDZV_TCP_STORE"
TORCHRUN = {"TORCHELASTIC_RUN_ID": "campus", "RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0"}


def _launch(fabric: object, nodes: int, say: Callable[[str], None]) -> None:
    with launched(cast("Fabric", fabric), nodes, say):
        pass


class Unmet:
    """Its processes do not find each other."""

    strategy, world_size = None, 2

    def launch(self) -> None:
        raise RuntimeError("Connection closed by peer")


@pytest.mark.parametrize(
    ("environment", "is_told"),
    [
        ({}, False),
        ({**TORCHRUN, "TORCHELASTIC_RESTART_COUNT": "0"}, False),
        ({**TORCHRUN, "TORCHELASTIC_RESTART_COUNT": "1"}, True),
        ({**TORCHRUN, "TORCHELASTIC_RESTART_COUNT": "1", STORE: "1"}, False),
    ],
)
def test_a_restart_without_a_store_of_its_own(
    environment: dict[str, str], is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*TORCHRUN, "TORCHELASTIC_RESTART_COUNT", STORE):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SegError if is_told else RuntimeError) as caught:
        _launch(Unmet(), 1, print)
    assert (f"'export {STORE}=1'" in str(caught.value)) is is_told


class Met:
    """Notes what Ctrl-C would do while its machines meet."""

    strategy, world_size = None, 2

    def __init__(self) -> None:
        self.ctrl_c: list[object] = []

    def launch(self) -> None:
        self.ctrl_c.append(signal.getsignal(signal.SIGINT))


MEETING = {"MASTER_ADDR": "anna", "MASTER_PORT": "29500", "NODE_RANK": "1"}


def test_machines_that_nothing_tells_where_to_meet_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would choose a port of its own on itself, and wait there for half an hour."""
    for name in (*TORCHRUN, *MEETING):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MASTER_ADDR", "anna")
    said: list[str] = []
    with pytest.raises(SegError, match=r"--nodes 2: nothing says where .*\(MASTER_PORT, NODE_RANK not set\)\. Type on"):
        _launch(met := Met(), 2, said.append)
    assert (met.ctrl_c, said) == ([], [])


def test_machines_that_are_waited_for_are_told_and_ctrl_c_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in TORCHRUN:
        monkeypatch.delenv(name, raising=False)
    for name, value in MEETING.items():
        monkeypatch.setenv(name, value)
    said: list[str] = []
    _launch(met := Met(), 2, said.append)
    assert said == ["waiting for 2 machines at anna, port 29500; this is number 1 of them, counted from 0"]
    assert met.ctrl_c == [signal.SIG_DFL]
    assert signal.getsignal(signal.SIGINT) == signal.default_int_handler
