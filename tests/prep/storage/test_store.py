"""A folder behind a URL or of this machine: the same in both, and with patience."""

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
