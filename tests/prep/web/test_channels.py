"""Connections that say nothing lock nobody out, whoever opens them."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from types import SimpleNamespace

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from prep.web.app import Capacity, page_app
from prep.web.channels import MOST_CONNECTIONS, MOST_OF_ONE, superfluous
from prep.web.server import bind, make_server
from tests.web import running

HALF = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{"


@pytest.fixture
def port() -> Iterator[int]:
    app: Flask = page_app(__name__, Capacity(2, 1_000_000, "too large"), only_here=True, hint="", failed="")
    app.add_url_rule("/", view_func=lambda: "here")
    listener = bind("127.0.0.1", 0)
    with running(make_server(app, listener), listener) as found:
        yield found


def asked(port: int) -> bytes:
    connection = HTTPConnection("127.0.0.1", port, timeout=600)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read()
    finally:
        connection.close()


def opened(port: int, source: str, first: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=600, source_address=(source, 0))
    connection.sendall(first)
    return connection


@pytest.mark.parametrize("sources", [["127.0.0.1"], [f"127.0.0.{number}" for number in range(1, 13)]])
@pytest.mark.parametrize("first", [b"", b"GET / HT", HALF])
def test_half_open_connections_lock_nobody_out(port: int, sources: list[str], first: bytes) -> None:
    try:
        opened(port, sources[-1], b"").close()
    except OSError:
        pytest.skip("this system has no 127.0.0.2")
    with ExitStack() as stack:
        silent = [
            stack.enter_context(opened(port, source, first)) for _ in range(300 // len(sources)) for source in sources
        ]
        assert asked(port) == b"here"
        assert silent[0].recv(1) == b"", "the oldest of them was not closed"


def channel(address: str, last: float, *, at_work: bool) -> SimpleNamespace:
    return SimpleNamespace(addr=(address, 1), last_activity=last, requests=[1] if at_work else [])


CHANNELS = st.lists(
    st.builds(channel, st.sampled_from("abcd"), st.integers(0, 1000), at_work=st.booleans()),
    max_size=MOST_CONNECTIONS + 20,
)


@given(CHANNELS, st.sampled_from("abcde"))
def test_who_gives_way(channels: list[SimpleNamespace], address: str) -> None:
    gone = superfluous(channels, address)
    own = [each for each in channels if each.addr[0] == address]
    if gone is None:
        full = len(channels) >= MOST_CONNECTIONS - 4
        assert len(own) < MOST_OF_ONE or all(each.requests for each in own)
        assert not full or len(own) >= MOST_OF_ONE or all(each.requests for each in channels)
        return
    assert not gone.requests
    same = [each for each in channels if each.addr == gone.addr and not each.requests]
    assert gone.last_activity == min(each.last_activity for each in same)
    assert gone.addr[0] == address or len(channels) >= MOST_CONNECTIONS - 4


def test_a_visitor_with_one_connection_keeps_it_where_another_one_has_many() -> None:
    visitor = channel("visitor", 0, at_work=False)
    crowd = [channel(f"crowd{number % 4}", 10 + number, at_work=False) for number in range(MOST_CONNECTIONS)]
    gone = superfluous([visitor, *crowd], "crowd9")
    assert gone is not None
    assert gone.addr[0] != "visitor"
