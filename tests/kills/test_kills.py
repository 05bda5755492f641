"""A sample of the kill points of every command; `make kills` tries them all."""

import sys
from pathlib import Path

import pytest

from tests.kills.commands import COMMANDS, make_base
from tests.kills.killer import preload
from tests.kills.trials import killed, undisturbed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

_TRIED = 3
"""Points of each command: others for each, spread over its run, the last one always."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    preload()
    return make_base(tmp_path_factory.mktemp("kills") / "base")


@pytest.mark.parametrize("name", COMMANDS)
def test_killed_and_typed_again_gives_the_same_bytes_and_leaves_nothing(name: str, base: Path, tmp_path: Path) -> None:
    command = undisturbed(name, base, tmp_path / "undisturbed")
    points = command.points
    assert len(points) >= _TRIED
    first = [*COMMANDS].index(name) % (len(points) // _TRIED)
    chosen = {*points[first :: len(points) // (_TRIED - 1)], points[-1]}
    wrong = {point: killed(command, point, tmp_path / "trial") for point in chosen}
    assert wrong == dict.fromkeys(chosen)
