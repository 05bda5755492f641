"""A sample of the kill points of every command, and of kills at any moment; `make kills` tries them all."""

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.forks import PRELOADED, preload, release
from tests.kills.commands import COMMANDS, make_base
from tests.kills.trials import killed, killed_after, undisturbed
from tests.prep.core.cluster.machines import running

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

_TRIED = 2
"""Points of each command: one that is another for each, and the last one."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    preload()
    yield make_base(tmp_path_factory.mktemp("kills") / "base")
    release()


@pytest.mark.parametrize("name", COMMANDS)
def test_killed_and_typed_again_gives_the_same_bytes_and_leaves_nothing(name: str, base: Path, tmp_path: Path) -> None:
    command = undisturbed(name, base, tmp_path / "undisturbed")
    points = command.points
    assert len(points) >= _TRIED
    first = [*COMMANDS].index(name) % (len(points) // _TRIED)
    chosen = {*points[first :: len(points) // (_TRIED - 1)], points[-1]}
    wrong = {point: killed(command, point, tmp_path / "trial") for point in chosen}
    assert wrong == dict.fromkeys(chosen)


@pytest.mark.parametrize("name", ["convert", "patches", "export"])
def test_killed_at_any_moment_with_several_workers(name: str, base: Path, tmp_path: Path) -> None:
    command = undisturbed(name, base, tmp_path / "undisturbed", workers=2)
    for share in (0.3, 0.8):
        _, wrong = killed_after(command, share * command.seconds, tmp_path / "trial")
        assert wrong is None


def test_killed_at_any_moment_while_a_cluster_works(base: Path, tmp_path: Path) -> None:
    """Its workers live on, and may still write beside the second command."""
    pytest.importorskip("distributed", reason="needs the extra cluster: pip install -e '.[cluster]'")
    (tmp_path / "machines").mkdir()
    with running(tmp_path / "machines") as machines:
        for name in ("resize-dataset", "patches"):
            undisturbed(name, base, tmp_path / "warm", cluster=machines.file)
            command = undisturbed(name, base, tmp_path / "undisturbed", cluster=machines.file)
            for share in (0.4, 0.8):
                _, wrong = killed_after(command, share * command.seconds, tmp_path / "trial")
                assert wrong is None


def test_what_is_loaded_before_is_there() -> None:
    """The fork server passes over what it cannot import, and each process would import it anew."""
    missing = [name for name in PRELOADED if find_spec(name.split(".")[0]) and not find_spec(name)]
    assert missing == []
