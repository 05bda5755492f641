"""Numbers that no option takes are told in words, by every option of every command."""

import click
import pytest

from prep.cli.options import AnyNumber, WholeNumber
from tests.commands import COMMANDS
from tests.support import run_prep


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("patches", "--size=96x64"), ": needs a whole number, at least 16; one side is meant, as in --size 96\n"),
        (("patches", "--size", "9x6"), "--size': 9x6: needs a whole number, at least 16; one side is meant\n"),
        (("patches", "--per-image", "0"), "--per-image': 0: needs a whole number, at least 1\n"),
        (("patches", "--foreground", "half"), "--foreground': half: needs a number from 0 to 1\n"),
        (("annotate", "--port", "1e3"), "--port': 1e3: needs a whole number from 0 to 65,535\n"),
    ],
)  # fmt: skip
def test_what_is_no_such_number_is_told(arguments: tuple[str, ...], told: str) -> None:
    result = run_prep(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_number_of_every_command_is_told_so(name: str) -> None:
    kinds = [each.type for each in COMMANDS[name].params]
    numbers = [each for each in kinds if isinstance(each, click.types.IntParamType | click.types.FloatParamType)]
    assert all(isinstance(each, WholeNumber | AnyNumber) for each in numbers)
