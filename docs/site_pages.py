"""Pages of the documentation site that follow from something else: README, and the help of each command.

mkdocs calls on_config and on_files while it builds the site (mkdocs.yml); nothing is written into docs/.
"""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parents[1]
MAINS = {"seg-prep": "prep.cli.main", "seg-train": "train.cli.main"}
_WIDTH = 100


def commands() -> Iterator[click.Context]:
    """Every command, as if it had been typed; groups before their commands."""
    for name, module in MAINS.items():
        main = import_module(module).main
        yield from _below(click.Context(main, info_name=name, terminal_width=_WIDTH, **main.context_settings))


def _below(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name, command in context.command.commands.items():
            yield from _below(click.Context(command, context, name, **command.context_settings))


def command_page(context: click.Context) -> str:
    """A page for one command: its first sentence, and its help as the terminal shows it."""
    first = " ".join((context.command.help or "").partition("\n\n")[0].split())
    return f"---\nhide: [toc]\n---\n\n# {context.command_path}\n\n{first}\n\n```text\n{context.get_help()}\n```\n"


def page_name(name: str) -> str:
    """Where in the site the page of a command stands."""
    return f"commands/{name.replace(' ', '-')}.md"


def start_page() -> str:
    """README.md with its links as they are from inside of docs/."""
    return re.sub(r"\]\(docs/", "](", (ROOT / "README.md").read_text(encoding="utf-8"))


def pages() -> dict[str, str]:
    """Each of these pages by its name."""
    return {"index.md": start_page(), **{page_name(each.command_path): command_page(each) for each in commands()}}


def on_config(config: Any) -> None:  # noqa: ANN401
    """Put the commands into the navigation."""
    for entry in config.nav:
        if entry.get("Commands"):
            entry["Commands"] = [{each.command_path: page_name(each.command_path)} for each in commands()]


def on_files(files: Any, config: Any) -> None:  # noqa: ANN401
    """Add the pages."""
    from mkdocs.structure.files import File

    for name, text in pages().items():
        files.append(File.generated(config, name, content=text))
