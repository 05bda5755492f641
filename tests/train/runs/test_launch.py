"""Processes that torchrun starts again and that cannot meet are told what to type."""

from typing import TYPE_CHECKING, cast

import pytest

from prep.core.errors import SegError
from train.runs.launch import launch

if TYPE_CHECKING:
    from lightning_fabric import Fabric

STORE = "TORCH_DISABLE_SHARE_RDZV_TCP_STORE"
TORCHRUN = {"TORCHELASTIC_RUN_ID": "campus", "RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0"}


class Unmet:
    """Its processes do not find each other."""

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
        launch(cast("Fabric", Unmet()))
    assert (f"'export {STORE}=1'" in str(caught.value)) is is_told
