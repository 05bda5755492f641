"""A real server on a thread, and a real browser: what the tests of both pages share."""

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from waitress.server import TcpWSGIServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync")  # fmt: skip


@contextmanager
def running(server: TcpWSGIServer, listener: socket.socket) -> Iterator[int]:
    """A server that listens already, at work on a thread; yields its port."""
    over = threading.Event()
    thread = threading.Thread(target=_run_until, args=(over, server))
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.task_dispatcher.shutdown()
        over.set()
        thread.join()
        listener.close()


def _run_until(over: threading.Event, server: TcpWSGIServer) -> None:
    """Serve; the sockets are closed here, so that none is waited for when it closes."""
    while not over.is_set():
        server.asyncore.loop(timeout=0.02, map=server._map, count=1)
    for channel in list(server.active_channels.values()):
        channel.handle_close()  # with the files that large answers wait in
    server.asyncore.close_all(server._map)


@contextmanager
def chromium() -> Iterator["Browser"]:
    """The system's Chromium, without a window."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"no browser here, looked for {', '.join(BROWSERS)}: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        browser.close()
