"""seg-prep annotate."""

from __future__ import annotations

from pathlib import Path

import click

from prep.cli.console import finish, note
from prep.cli.options import dataset_argument


@click.command()
@dataset_argument
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8010,
    metavar="PORT",
    help="Port; 0 takes any free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    metavar="ADDRESS",
    help="Where to listen; 0.0.0.0 lets those on your networks in who have the address with its token.",
)
@click.option("--no-open", "open_browser", flag_value=False, default=True, help="Do not open the page in the browser.")
def annotate(dataset: Path | None, port: int, host: str, open_browser: bool) -> None:
    """Label the images of a dataset by hand, on a page in the browser that saves every stroke at once.

    Masks are written into the dataset itself, pixels that were never touched as 255 (ignored). It stops with Ctrl-C,
    and goes on where it stopped when it is started again.

    Example:

    \b
        seg-prep resize photos/ -o datasets/campus --size 4096
        seg-prep annotate datasets/campus
    """
    from prep.annotate.app import make_app
    from prep.annotate.opening import dataset_to_label
    from prep.annotate.serving import make_server, new_token, run_until_interrupted
    from prep.annotate.store import Store
    from prep.web.server import bind, is_loopback, url_of

    root = dataset_to_label(dataset)
    store = Store(root)
    listener = bind(host, port)
    token = None if is_loopback(listener) else new_token()
    server = make_server(make_app(store, only_here=token is None, token=token), listener, store)
    address = url_of(listener) + (f"?token={token}" if token else "")
    finish(root, {}, f"{store.name} at {address}")
    if token:
        note(
            "Warning: everyone who has this address can read and change this dataset over the network, unencrypted. "
            "Without --host only this computer can."
        )
    note("Ctrl-C stops it.")
    if open_browser:
        click.launch(address)
    run_until_interrupted(server, store)
