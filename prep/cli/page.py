"""What the commands that show a page share: where it is, and what they say when it is there."""

from collections.abc import Callable

import click

from prep.cli.console import note
from prep.cli.options import Command, WholeNumber


def address_options(port: int, others: str) -> Callable[[Command], Command]:
    """Add --port, with its default, and --host; others: whom 0.0.0.0 lets in."""
    host_option = click.option(
        "--host", default="127.0.0.1", metavar="ADDRESS", help=f"Where to listen; 0.0.0.0 lets {others}."
    )
    port_option = click.option(
        "--port", type=WholeNumber(0, 65535), default=port, metavar="PORT", help="Port; 0 takes any free one."
    )
    return lambda command: port_option(host_option(command))


def announce(address: str, risk: str | None, *, open_browser: bool) -> None:
    """Say how the server ends, and open its page; risk: what others may do who can reach it, None if nobody can."""
    if risk:
        note(f"Warning: {risk}")
    note("Ctrl-C stops it.")
    if open_browser:
        click.launch(address)
