"""Serves the page of one model until Ctrl-C."""

import signal
import socket

from flask import Flask
from waitress.server import TcpWSGIServer

from prep.web import server as web
from train.serve.app import too_large_text
from train.serve.limits import Limits
from train.serve.service import Service

_SPARE_THREADS = 4
"""Beside those that label: for the page, /health, and telling others that all places are taken."""


def make_server(app: Flask, listener: socket.socket, limits: Limits) -> TcpWSGIServer:
    """A server for the application, which listens already."""
    return web.make_server(
        app,
        listener,
        threads=limits.max_requests + _SPARE_THREADS,
        max_bytes=limits.max_bytes,
        too_large=too_large_text(limits.max_upload),
    )


def run_until_interrupted(server: TcpWSGIServer, service: Service) -> None:
    """Answer requests until Ctrl-C, which ends the labelling of a photo, too."""
    before = signal.getsignal(signal.SIGINT)

    def interrupt(*_: object) -> None:
        service.stop()  # first of all: waitress waits for its threads
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    try:
        server.run()
    finally:
        service.wait()
        signal.signal(signal.SIGINT, before)
