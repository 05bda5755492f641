"""The commands that there are, and whether what is typed is one of them."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import click

from prep.cli.main import main as prep_main

ROOT = Path(__file__).parents[1]
TRAIN_MAIN = ROOT / "train" / "cli" / "main.py"
HELP = ["-h", "--help"]
"""A command keeps the option that its first context gives it: all contexts here give the same."""


def commands_below(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name, help_option_names=HELP)
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from commands_below(f"{name} {child}", found)


def all_mains() -> dict[str, click.Command]:
    mains: dict[str, click.Command] = {"seg-prep": prep_main}
    if TRAIN_MAIN.exists() and importlib.util.find_spec("torch"):
        mains["seg-train"] = importlib.import_module("train.cli.main").main
    return mains


COMMANDS = {name: command for root, main in all_mains().items() for name, command in commands_below(root, main)}


def check_typed(words: list[str]) -> None:
    """A command as one types it exists, and takes these options and as many arguments."""
    assert words[0] in ("seg-prep", "seg-train")
    if words[0] in all_mains():
        command, rest = resolve(all_mains()[words[0]], words[1:])
        declared = {flag for param in command.params for flag in (*param.opts, *param.secondary_opts)}
        used = {word.partition("=")[0] for word in rest if word.startswith("-")}
        assert used <= declared, f"{words}: no such option {used - declared}"
        values = command.make_parser(click.Context(command, help_option_names=HELP)).parse_args(list(rest))[1]
        assert not values, f"{words}: too many arguments {values}"


def resolve(command: click.Command, words: list[str]) -> tuple[click.Command, list[str]]:
    """Follow words into the tree of commands; a group with a default command may take none of them."""
    while isinstance(command, click.Group):
        context = click.Context(command, help_option_names=HELP)
        child = command.get_command(context, words[0]) if words else None
        if child is None:
            default = command.get_command(context, "fit")
            assert default is not None, f"no command {words[:1]}"
            return default, words
        command, words = child, words[1:]
    return command, words
