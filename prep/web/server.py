"""Puts an application on the network: one socket, a pool of threads, errors in words even before the application."""

import ipaddress
import json
import logging
import socket
import sys
from typing import Any

from flask import Flask
from waitress.server import TcpWSGIServer, create_server
from waitress.task import ErrorTask

from prep.core.errors import SegError
from prep.web.app import Capacity
from prep.web.channels import IDLE_S, MOST_CONNECTIONS, FairChannel
from prep.web.guard import HEADERS


def bind(host: str, port: int) -> socket.socket:
    """Take a port (0: any free one) of this machine; SegError if that is not possible."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise SegError(f"--host {host}: no such name or address; use 127.0.0.1, or 0.0.0.0 for all networks") from error
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":  # there it would share the port with a program that has it
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise SegError(
            f"port {port} on {host} cannot be used ({reason.lower()}); choose another one, for example --port "
            f"{port + 1 if port < 65535 else 8000}"
        ) from error
    return listener


def is_loopback(listener: socket.socket) -> bool:
    """Whether only programs on this machine can reach the socket."""
    return ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


def url_of(listener: socket.socket) -> str:
    """Where the page is, for a browser on this machine."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host.partition("%")[0]).is_unspecified:
        return f"http://localhost:{port}/"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def make_server(app: Flask, listener: socket.socket) -> TcpWSGIServer:
    """A server for an application of page_app, which listens already."""
    capacity: Capacity = app.extensions["capacity"]
    logging.getLogger("waitress").setLevel(logging.ERROR)  # that requests wait is no news: their number is limited
    server = create_server(
        app,
        sockets=[listener],
        threads=capacity.threads,
        # A little too much is taken in and refused by the application: a browser that is cut off while it still
        # sends shows no answer at all. What is far too much is not taken in.
        max_request_body_size=2 * capacity.max_bytes,
        connection_limit=MOST_CONNECTIONS,
        channel_timeout=IDLE_S,
        cleanup_interval=IDLE_S // 6,
        channel_request_lookahead=1,  # without it, waitress does not notice that a client has gone
        ident=None,
    )
    server.channel_class = type("Channel", (FairChannel,), {"error_task_class": _worded(capacity.too_large)})
    return server


def _worded(too_large: str) -> type[ErrorTask]:
    """How waitress answers what never reaches the application."""

    class WordedError(ErrorTask):  # type: ignore[misc]  # waitress has no types
        def execute(self) -> None:
            error: Any = self.request.error
            text = too_large if error.code == 413 else f"{error.reason}: {error.body}"
            body = json.dumps({"error": text}).encode()
            self.status = f"{error.code} {error.reason}"
            self.response_headers.extend([("Content-Type", "application/json"), *HEADERS.items()])
            self.set_close_on_finish()
            self.content_length = len(body)
            self.write(body)

    return WordedError
