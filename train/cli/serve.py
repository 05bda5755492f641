"""seg-train serve."""

from pathlib import Path
from typing import Any

import click

from prep.cli.console import note
from train.cli.options import device_option
from train.cli.torch_needed import need_torch

_ABOVE_0 = click.FloatRange(min=0, min_open=True)


@click.command()
@click.option("--run", type=click.Path(path_type=Path), metavar="RUN", show_default="the latest", help="Model to use.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    metavar="PORT",
    help="Port; 0 takes any free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    metavar="ADDRESS",
    help="Where to listen; 0.0.0.0 lets everyone on your networks in.",
)
@click.option("--open", "open_browser", is_flag=True, help="Open the page in the browser.")
@click.option("--max-upload", type=_ABOVE_0, default=64, metavar="MB", help="Largest file.")
@click.option("--max-megapixels", type=_ABOVE_0, default=64, metavar="NUMBER", help="Largest photo.")
@click.option("--max-seconds", type=_ABOVE_0, default=300, metavar="SECONDS", help="Longest that a photo may take.")
@click.option(
    "--max-requests",
    type=click.IntRange(1, 64),
    default=8,
    metavar="NUMBER",
    help="Photos at work or waiting at one time; more are told to come back later.",
)
@device_option
def serve(run: Path | None, port: int, host: str, open_browser: bool, device: str, **limits: Any) -> None:  # noqa: ANN401
    """Show a page in the browser that labels the photos dropped on it, and answer programs at /predict.

    It stops with Ctrl-C. Nothing that is sent to it is kept.

    Example:

    \b
        seg-train serve --open
        seg-train serve --run runs/campus-2026-01-31-142501 --port 9000
    """
    need_torch()
    from prep.web.server import bind, is_loopback, url_of
    from train.runs.checkpoint import load_model
    from train.runs.device import make_fabric
    from train.runs.run_files import MODEL
    from train.runs.runs import find_run
    from train.serve.app import make_app
    from train.serve.limits import Limits
    from train.serve.server import make_server, run_until_interrupted
    from train.serve.service import Service

    chosen = find_run(run)
    listener = bind(host, port)
    predictor, _ = load_model(chosen / MODEL, make_fabric(device))
    service = Service(predictor, chosen.resolve().name, Limits(**limits))
    server = make_server(make_app(service, only_here=is_loopback(listener)), listener, service.limits)
    if not is_loopback(listener):
        note(
            "Warning: everyone who can reach this computer over the network can use this model, without a password "
            "and unencrypted. Without --host only this computer can."
        )
    click.echo(f"{service.name} at {url_of(listener)}")
    note("Ctrl-C stops it.")
    if open_browser:
        click.launch(url_of(listener))
    run_until_interrupted(server, service)
