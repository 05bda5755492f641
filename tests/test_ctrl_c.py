"""Ctrl-C: one line that says how this command, and no other, goes on."""

import click
import pytest
from click.testing import CliRunner

from prep.cli.main import main as prep_main
from train.cli.main import main as train_main

GOES_ON = "The same command goes on where it stopped."
NOTHING = "Nothing was changed."
TEXTS = {
    "synth": GOES_ON,
    "resize": GOES_ON,
    "masks convert": GOES_ON,
    "patches": GOES_ON,
    "check": NOTHING,
    "split": NOTHING,
    "stats": NOTHING,
    "report": NOTHING,
    "": "A training goes on after its last finished epoch with: seg-train --resume",
    "fit": "A training goes on after its last finished epoch with: seg-train --resume",
    "predict": GOES_ON,
    "score": NOTHING,
    "audit": NOTHING,
    "export": NOTHING,
    "bench": NOTHING,
}


@pytest.mark.parametrize("command", TEXTS)
def test_ctrl_c_says_how_the_command_goes_on(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = command.split()
    main = prep_main if words and words[0] in prep_main.commands else train_main
    found: click.Command = main
    for word in words or ["fit"]:
        assert isinstance(found, click.Group)
        found = found.commands[word]
    monkeypatch.setattr(found, "invoke", _interrupted)
    monkeypatch.setattr(found, "params", [])
    result = CliRunner().invoke(main, words)
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr == f"\nInterrupted. {TEXTS[command]}\n"


def _interrupted(_: click.Context) -> None:
    raise KeyboardInterrupt
