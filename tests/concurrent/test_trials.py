"""A sample of what `make concurrent` runs: pairs of commands at once, whatever their timing, lose and mix nothing."""

import random
import sys
from pathlib import Path

import pytest

from prep.geo.extra import has_geo
from tests.concurrent.commands import COMMANDS, READERS, make_base
from tests.concurrent.trials import Trials, all_pairs

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork server and no SIGKILL")

PAIRS = [
    ("split", "convert"),
    ("convert", "resize"),
    ("patches", "patches-other"),
    ("stats", "split-anew"),
    ("resize-dataset", "synth"),
    ("annotate", "split"),
    ("report", "annotate"),
    ("classes", "annotate"),
    ("convert", "classes"),
    *([("tile", "tile"), ("tile", "convert")] if has_geo() else []),
]


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Trials:
    folder = tmp_path_factory.mktemp("trials")
    return Trials(make_base(folder / "base"), folder)


def test_every_command_is_in_some_pair() -> None:
    assert {name for pair in PAIRS for name in pair} == COMMANDS.keys()
    assert len(all_pairs()) == len(COMMANDS) ** 2


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_two_commands_at_once(trials: Trials, pair: tuple[str, str]) -> None:
    chance = random.Random(1)
    for first, second in (pair, pair[::-1], pair):
        trials.pair(first, second, chance)


@pytest.mark.parametrize("pair", [*PAIRS[:3], *PAIRS[8:]], ids="+".join)
def test_one_of_two_commands_is_killed(trials: Trials, pair: tuple[str, str]) -> None:
    chance = random.Random(2)
    for first, second in (pair, pair[::-1]):
        trials.kill(first, second, chance)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("writer", ["convert", "synth"])
def test_readers_beside_a_writer(trials: Trials, tmp_path: Path, reader: str, writer: str) -> None:
    """They see the dataset before or after it, or say that it changed; and they are in nobody's way."""
    for number in range(3):
        trials.read(reader, writer, random.Random(number), tmp_path / str(number))


def test_the_scripts_of_split_and_convert(trials: Trials) -> None:
    trials.scripts("split", "convert")
