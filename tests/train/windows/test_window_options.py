"""--window, --overlap, --blend and --tta, which commands share."""

import re
from collections.abc import Mapping
from typing import Any

import click
import pytest
from click.testing import CliRunner

from prep.core.errors import SegError
from tests.train.windows.window_oracle import position_dependent, predictor_of
from train.cli import options
from train.windows.window_settings import WindowSettings

PREDICTOR = predictor_of(position_dependent, WindowSettings(96, 0.25))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ([], (96, 0.25, "gaussian", None)),
        (["--window", "64", "--overlap", "0", "--blend", "spline", "--tta", "d4"], (64, 0.0, "spline", "d4")),
        (["--blend", "average"], (96, 0.25, "average", None)),
    ],
)
def test_what_is_typed_reaches_the_predictor(typed: list[str], expected: tuple[Any, ...]) -> None:
    seen: list[Mapping[str, object]] = []

    @click.command()
    @options.window_options
    def command(**windows: object) -> None:
        seen.append(windows)

    result = CliRunner().invoke(command, typed)
    assert result.exit_code == 0, result.output
    changed = PREDICTOR.changed(**seen[0])
    assert changed.windows == WindowSettings(*expected)
    assert (changed.model, changed.classes, changed.device) == (PREDICTOR.model, PREDICTOR.classes, PREDICTOR.device)


@pytest.mark.parametrize("typed", [["--window", "8"], ["--overlap", "0.95"], ["--blend", "mean"], ["--tta", "d8"]])
def test_impossible_windows_are_wrong_options(typed: list[str]) -> None:
    @click.command()
    @options.window_options
    def command(**windows: object) -> None: ...

    assert CliRunner().invoke(command, typed).exit_code == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"window": 0}, "--window needs 16 to 8192 pixels; got 0"),
        ({"overlap": 1.0}, "--overlap needs 0 to 0.9; got 1.0"),
        ({"overlap": float("nan")}, "--overlap needs 0 to 0.9; got nan"),
        ({"blend": "mean"}, "--blend needs average or gaussian or spline; got mean"),
        ({"tta": "d8"}, "--tta needs d4, or none; got d8"),
    ],
)
def test_impossible_windows_of_a_checkpoint_or_a_program_name_the_option(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SegError, match=f"^{re.escape(words)}$"):
        WindowSettings(96).changed(**changes)
