"""seg-train serve."""

from pathlib import Path
from typing import Any

import click

from prep.cli.console import note
from prep.cli.options import AnyNumber, AnyPath, WholeNumber
from prep.cli.page import address_options, announce
from train.cli.options import device_option, scale_option
from train.cli.torch_needed import need_torch
from train.windows.scale import Scale

_RISK = (
    "everyone who can reach this computer over the network can use this model, without a password and unencrypted. "
    "Without --host only this computer can."
)
_ABOVE_0 = AnyNumber(min=0, min_open=True)


@click.command()
@click.option(
    "--run",
    "runs",
    type=AnyPath(path_type=Path),
    multiple=True,
    metavar="RUN",
    show_default="the latest",
    help="Model to use; given several times, or a cross-validation, the mean of the models.",
)
@address_options(8000, "everyone on your networks in")
@click.option("--open", "open_browser", is_flag=True, help="Open the page in the browser.")
@click.option("--max-upload", type=_ABOVE_0, default=64, metavar="MB", help="Largest file.")
@click.option("--max-megapixels", type=_ABOVE_0, default=64, metavar="NUMBER", help="Largest photo.")
@click.option("--max-seconds", type=_ABOVE_0, default=300, metavar="SECONDS", help="Longest that a photo may take.")
@click.option(
    "--max-requests",
    type=WholeNumber(1, 64),
    default=8,
    metavar="NUMBER",
    help="Photos at work or waiting at one time; more are told to come back later.",
)
@scale_option
@device_option
def serve(
    runs: tuple[Path, ...],
    port: int,
    host: str,
    open_browser: bool,
    scale: Scale,
    device: str,
    **limits: Any,  # noqa: ANN401
) -> None:
    """Show a page in the browser that labels the photos dropped on it, and answer programs at /predict.

    It stops with Ctrl-C. Nothing that is sent to it is kept.

    Example:

    \b
        seg-train serve --open
        seg-train serve --run runs/campus-2026-01-31-142501 --port 9000
    """
    need_torch()
    from prep.web.server import bind, is_loopback, make_server, url_of
    from train.runs.device import find_accelerator
    from train.runs.members import find_members, load_members
    from train.serve.app import serve_app
    from train.serve.limits import Limits
    from train.serve.service import Service

    chosen = find_members(runs, note)
    listener = bind(host, port)
    predictor, _ = load_members(chosen, find_accelerator(device), scale)
    service = Service(predictor, chosen.name, Limits(**limits))
    only_here = is_loopback(listener)
    server = make_server(serve_app(service, only_here=only_here), listener)
    click.echo(f"{service.name} at {url_of(listener)}")
    announce(url_of(listener), None if only_here else _RISK, open_browser=open_browser)
    with service.until_interrupted():
        server.run()
