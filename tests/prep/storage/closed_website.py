"""A website that gives the files of a folder, whole or in part, to who names the right user and password."""

import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_LOGIN = "Basic " + b64encode(b"anna:geheim").decode()


class _Website(ThreadingHTTPServer):
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(("127.0.0.1", 0), _Page)


class _Page(BaseHTTPRequestHandler):
    server: _Website

    def do_GET(self) -> None:
        path = self.server.folder / self.path.lstrip("/")
        if self.headers.get("Authorization") != _LOGIN:
            self.send_error(401)
        elif not path.is_file():
            self.send_error(404)
        else:
            self._send(path.read_bytes())

    do_HEAD = do_GET

    def _send(self, content: bytes) -> None:
        first, last = 0, len(content) - 1
        if part := self.headers.get("Range"):
            first, last = (int(number) for number in part.removeprefix("bytes=").split("-"))
        self.send_response(206 if part else 200)
        self.send_header("Content-Length", str(min(last + 1, len(content)) - first))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        if self.command == "GET":
            with suppress(ConnectionError):
                self.wfile.write(content[first : last + 1])

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def closed_website(folder: Path) -> Iterator[str]:
    """Give the URL of a folder, with the user and password that open it."""
    with _Website(folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://anna:geheim@127.0.0.1:{server.server_port}"
        server.shutdown()
