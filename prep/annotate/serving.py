"""Puts the application on the network until Ctrl-C."""

import secrets
import socket

from flask import Flask
from waitress.server import TcpWSGIServer

from prep.annotate.model.proposals import Proposals
from prep.annotate.store.store import Store
from prep.annotate.store.tiles import most_bytes
from prep.web import server as web

_THREADS = 8


def new_token() -> str:
    """A random text that nobody guesses, for an address: 256 bits."""
    return secrets.token_urlsafe(32)


def make_server(app: Flask, listener: socket.socket, store: Store) -> TcpWSGIServer:
    """A server for the application, which listens already."""
    largest = max(most_bytes(entry.width, entry.height) for entry in store.entries())
    return web.make_server(
        app,
        listener,
        threads=_THREADS,
        max_bytes=largest,
        too_large="This is more than fits into one save of any image of this dataset; nothing was saved.",
    )


def run_until_interrupted(server: TcpWSGIServer, store: Store, model: Proposals | None = None) -> None:
    """Answer requests until Ctrl-C; the save at work is finished, and the model works no longer than they do."""
    try:
        if model:
            model.start()
        server.run()
    finally:
        if model:
            model.stop()
        store.close()
