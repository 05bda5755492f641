"""A folder behind a URL or of this machine: the same in both, and with patience."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from prep.core.errors import SegError
from prep.storage import store as module
from prep.storage.store import Store
from tests.prep.storage.flaky import empty_memory, flaky


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "local":
        return Store((tmp_path / "there").as_posix())
    empty_memory()
    return Store("memory://there")


def part(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "part"
    path.write_bytes(data)
    return path


def test_what_was_put_is_read(store: Store, tmp_path: Path) -> None:
    data = bytes(range(256)) * 9000
    store.put(part(tmp_path, data), "a/b.tar")
    assert not (tmp_path / "part").exists()
    assert store.size("a/b.tar") == len(data)
    assert store.read("a/b.tar") == data
    with store.stream("a/b.tar", 1000) as stream:
        assert stream.read(5) + stream.read(2_000_000) == data[1000 : 1000 + 2_000_005]


def test_what_is_not_there(store: Store) -> None:
    assert store.size("a") is None
    assert store.read_if_there("a") is None
    with pytest.raises(SegError, match="there/a: no such file"):
        store.read("a")


def test_a_file_that_ends_too_early(store: Store, tmp_path: Path) -> None:
    store.put(part(tmp_path, b"12345"), "a")
    with store.stream("a") as stream, pytest.raises(SegError, match="there/a: ends too early"):
        stream.read(6)


def test_of_two_who_put_a_new_file_one_is_first(store: Store) -> None:
    assert store.put_new("index", b"mine")
    assert not store.put_new("index", b"yours")
    assert store.read("index") == b"mine"
    store.replace("index", b"ours")
    assert store.read("index") == b"ours"


def test_it_tries_again_and_goes_on_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0)
    data = bytes(range(256)) * 500
    with flaky(0.1) as failing:
        store = Store("flaky://there")
        store.put(part(tmp_path, data), "a")
        with store.stream("a") as stream:
            assert b"".join(stream.read(1000) for _ in range(128)) == data
        assert store.put_new("index", b"mine")  # also where only the answer was lost
        assert failing.failed > 10


def test_it_gives_up_in_words_that_hold_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0)
    with flaky(1.0) as failing, pytest.raises(SegError) as caught:
        Store("flaky://anna:geheim@there").read("a")
    assert failing.failed == module._TRIES
    assert str(caught.value).startswith("flaky://there/a: connection reset by peer; is the storage reachable")


@pytest.mark.parametrize(
    "error", [PermissionError("x"), FileNotFoundError("x"), type("NoCredentialsError", (Exception,), {})()]
)
def test_what_another_try_does_not_mend_fails_at_once(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def fails(*_: object) -> None:
        calls.append(1)
        raise error

    with pytest.raises(SegError, match="there/a: "):
        Store("memory://there").patiently("a", fails)
    assert len(calls) == 1


def test_an_unknown_kind_of_storage_is_named() -> None:
    with pytest.raises(SegError, match="nosuch://there/a: "):
        Store("nosuch://there").read("a")


class Website(ThreadingHTTPServer):
    """Holds /x/there; the first `failures` answers are a failure of this status."""

    def __init__(self, failures: int = 0, status: int = 503) -> None:
        self.failures, self.status, self.asked, self.body = failures, status, 0, b"hello"
        self.tells_size = True
        super().__init__(("127.0.0.1", 0), Page)

    @property
    def store(self) -> Store:
        return Store(f"http://127.0.0.1:{self.server_port}/x")


class Page(BaseHTTPRequestHandler):
    server: Website

    def do_GET(self) -> None:
        self.server.asked += 1
        if self.server.asked <= self.server.failures:
            self.send_error(self.server.status)
            return
        self.send_response(200 if self.path == "/x/there" else 404)
        if self.server.tells_size:
            self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        if self.command == "GET":
            with suppress(ConnectionError):  # who sees that it is no part need not read it all
                self.wfile.write(self.server.body)

    do_HEAD = do_GET

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def website(failures: int = 0, status: int = 503) -> Iterator[Website]:
    with Website(failures, status) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_website_that_is_busy_may_have_the_file() -> None:
    """fsspec says of whatever fails over HTTP that there is no such file."""
    with website(5) as server:
        assert server.store.size("there") == 5
        assert server.asked == 6
        assert server.store.read("there") == b"hello"


def test_what_a_website_does_not_have_or_refuses_is_told_at_once() -> None:
    with website() as server:
        assert server.store.size("elsewhere") is None
        with pytest.raises(SegError, match="/x/elsewhere: no such file or folder"):
            server.store.read("elsewhere")
        assert server.asked < 5
    with website(99, 403) as server:
        with pytest.raises(SegError, match=r"/x/there: 403, .*are its credentials set"):
            server.store.size("there")
        assert server.asked < 5


@pytest.mark.parametrize(
    ("chained", "first", "what"), [("", 1, "/x/there"), ("zip://a::", 0, "zip://a::http://127.0.0.1:")]
)
def test_a_website_that_gives_no_part_of_a_file_is_told(chained: str, first: int, what: str) -> None:
    with website() as server:
        server.body = b"h" * (12 << 20)
        store = Store(f"{chained}{server.store.url}/there") if chained else server.store
        with pytest.raises(SegError, match=rf"{what}.*only as a whole \(no range requests\); download it, and name"):
            store.files() if chained else store.read_part("there", first, 2)


def test_a_file_of_a_website_is_read_whole_and_its_size_is_needed() -> None:
    """Without it, nobody could tell whether all of it has come."""
    with website() as server:
        server.body = b"h" * (12 << 20)
        there = Store(f"{server.store.url}/there")
        assert [(each.name, each.size) for each in there.files()[1]] == [("there", 12 << 20)]
        with there.stream("") as stream:
            assert stream.read(12 << 20) == server.body
        server.tells_size = False
        with pytest.raises(SegError, match=r"/x/there: its server does not say how large it is .*; download it"):
            there.files()


def test_a_website_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0.0)
    with website() as server:
        gone = server.store
    with pytest.raises(SegError, match=r"/x/there: Cannot connect to host .*is the storage reachable from here"):
        gone.size("there")
