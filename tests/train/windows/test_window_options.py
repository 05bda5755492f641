"""--window, --overlap, --blend and --tta, which commands share."""

from collections.abc import Mapping

import click
import pytest
import torch
from click.testing import CliRunner

from prep.core.classes import ClassMap
from tests.train.windows.window_oracle import position_dependent
from train.cli import options
from train.windows.blending import BLENDS
from train.windows.predictor import Predictor
from train.windows.tta import TTAS

PREDICTOR = Predictor(position_dependent, ClassMap(("a",), ((0, 0, 0),)), 96, 0.25, torch.device("cpu"))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ([], (96, 0.25, "gaussian", None)),
        (["--window", "64", "--overlap", "0", "--blend", "spline", "--tta", "d4"], (64, 0.0, "spline", "d4")),
        (["--blend", "average"], (96, 0.25, "average", None)),
    ],
)
def test_what_is_typed_reaches_the_predictor(typed: list[str], expected: tuple[object, ...]) -> None:
    seen: list[Mapping[str, object]] = []

    @click.command()
    @options.window_options
    def command(**windows: object) -> None:
        seen.append(windows)

    result = CliRunner().invoke(command, typed)
    assert result.exit_code == 0, result.output
    changed = PREDICTOR.changed(**seen[0])  # type: ignore[arg-type]
    assert (changed.window, changed.overlap, changed.blend, changed.tta) == expected


@pytest.mark.parametrize("typed", [["--window", "8"], ["--overlap", "0.95"], ["--blend", "mean"], ["--tta", "d8"]])
def test_impossible_windows_are_wrong_options(typed: list[str]) -> None:
    @click.command()
    @options.window_options
    def command(**windows: object) -> None: ...

    assert CliRunner().invoke(command, typed).exit_code == 2


def test_choices_are_those_of_the_library() -> None:
    assert (options.BLENDS, options.TTAS) == (BLENDS, TTAS)
