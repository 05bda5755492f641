"""How seg-prep annotate starts, warns and ends."""

import json
import re
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import numpy as np
import pytest
from waitress.server import TcpWSGIServer

from prep.annotate.store.server_lock import one_server
from prep.web.server import bind
from tests.prep.annotate.store.storing import block, on_disk, to_label
from tests.support import SCRIPTS, by_stem, random_image, run_error, run_ok, save, tree


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that the browser is sent to; the server ends at once."""
    addresses: list[str] = []
    monkeypatch.setattr(TcpWSGIServer, "run", TcpWSGIServer.close)
    monkeypatch.setattr("click.launch", addresses.append)
    return addresses


def test_it_opens_the_browser_where_the_page_is(tmp_path: Path, opened: list[str]) -> None:
    result = run_ok("annotate", to_label(tmp_path / "campus"), "--port", 0)
    assert result.stdout == f"campus at {opened[0]}\n"
    assert result.stderr == "Ctrl-C stops it.\n"
    run_ok("annotate", tmp_path / "campus", "--port", 0, "--no-open")
    assert len(opened) == 1


def test_on_a_network_the_address_has_a_token_and_a_warning(tmp_path: Path, opened: list[str]) -> None:
    root = to_label(tmp_path / "campus")
    results = [run_ok("annotate", root, "--port", 0, "--host", "0.0.0.0") for _ in range(2)]
    tokens = [address.partition("/?token=")[2] for address in opened]
    assert all(len(token) == 43 for token in tokens)
    assert tokens[0] != tokens[1]
    assert "everyone who has this address" in results[0].stderr
    assert not any(token in (root / "provenance.jsonl").read_text() for token in tokens)


def test_a_folder_of_photos_is_told_what_to_type(tmp_path: Path, opened: list[str]) -> None:
    save(tmp_path / "my photos" / "a.png", random_image(0))
    assert run_error("annotate", tmp_path / "my photos") == (
        f"{tmp_path}/my photos: holds 1 photo, but is no dataset yet. Make one of them, then label it:\n"
        f"  seg-prep resize '{tmp_path}/my photos' -o 'datasets/my photos' --size 1024\n"
        "  seg-prep annotate 'datasets/my photos'"
    )
    assert not opened


@pytest.mark.parametrize(("name", "words"), [("nowhere", "no such folder"), ("empty", "not a dataset (no index.csv")])
def test_what_is_no_dataset_stays_as_it_is(tmp_path: Path, opened: list[str], name: str, words: str) -> None:
    (tmp_path / "empty").mkdir()
    assert f"{name}: {words}" in run_error("annotate", tmp_path / name)
    assert tree(tmp_path) == {"empty/": b""}


def test_a_dataset_is_opened_by_one_server_at_a_time(tmp_path: Path, opened: list[str]) -> None:
    root = to_label(tmp_path / "campus")
    with one_server(root):
        assert run_error("annotate", root, "--port", 0) == (
            f"{root}: another seg-prep annotate has it open; use its page, or stop it with Ctrl-C in its terminal"
        )
    run_ok("annotate", root, "--port", 0)
    run_ok("annotate", root, "--port", 0)


def test_the_lock_of_the_page_is_not_made_outside_of_the_dataset(tmp_path: Path) -> None:
    root = to_label(tmp_path / "campus")
    (tmp_path / "home").mkdir()
    (root / ".annotate").symlink_to(tmp_path / "home")
    assert ".annotate: leads out of the dataset; remove this link" in run_error("annotate", root, "--port", 0)
    assert not list((tmp_path / "home").iterdir())


def test_a_port_in_use_names_the_option(tmp_path: Path, opened: list[str]) -> None:
    taken = bind("127.0.0.1", 0)
    with taken:
        port = taken.getsockname()[1]
        assert f"choose another one, for example --port {port + 1}" in run_error(
            "annotate", to_label(tmp_path / "campus"), "--port", port
        )
    assert not opened


def test_it_leaves_one_line_and_changes_nothing(tmp_path: Path, opened: list[str]) -> None:
    root = to_label(tmp_path / "campus")
    before = tree(root)
    run_ok("annotate", root, "--port", 0)
    assert {name: data for name, data in tree(root).items() if not name.startswith(".annotate")} == before
    lines = [json.loads(line) for line in (root / "provenance.jsonl").read_text().splitlines()]
    assert [line["command"] for line in lines] == ["main annotate"]


def start(root: Path) -> tuple[subprocess.Popen[str], int]:
    """The command as a person types it, and its port."""
    command = [SCRIPTS / "seg-prep", "annotate", root, "--port", "0", "--no-open"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)
    assert process.stdout
    line = process.stdout.readline()
    match = re.fullmatch(rf"{root.name} at http://127\.0\.0\.1:(\d+)/\n", line)
    assert match, line
    return process, int(match[1])


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, object]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=600)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal that can be sent there")
def test_kill_9_and_ctrl_c_of_the_command(tmp_path: Path) -> None:
    """A page goes on painting while its server is killed and started again; then Ctrl-C ends it quietly."""
    root = to_label(tmp_path / "campus")
    expected = np.full((24, 32), 255, np.uint8)
    process, port = start(root)
    _, dataset = ask(port, "GET", "/api/dataset")
    classes = str(dataset["classes_version"])

    def paint(port: int, row: int, base: str) -> str:
        body = block(0, row, 32, 1, row % 3)
        path = "/api/images/s0/mask"
        status, entry = ask(port, "POST", path, body, X_Base_Version=base, X_Save=f"{row}", X_Classes_Version=classes)
        assert status == 200, entry
        expected[row] = row % 3
        return str(entry["version"])

    versions = ["none"]
    for row in range(4):
        versions.append(paint(port, row, versions[-1]))
    process.kill()
    process.communicate()
    np.testing.assert_array_equal(on_disk(root, "s0"), expected)
    process, port = start(root)
    assert paint(port, 3, versions[3]) == versions[4]  # as if the answer had been lost
    for row in range(4, 8):
        versions.append(paint(port, row, versions[-1]))
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=600)
    assert (process.returncode, told) == (0, "Ctrl-C stops it.\n")
    np.testing.assert_array_equal(on_disk(root, "s0"), expected)
    assert by_stem(root)["s0"].mask == "masks/s0.png"
    process, port = start(root)
    ask(port, "GET", "/api/dataset")  # it serves now
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=600)
    assert (process.returncode, told) == (0, "Ctrl-C stops it.\n")
