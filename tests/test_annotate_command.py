"""How seg-prep annotate starts, warns and ends."""

from pathlib import Path

import pytest
from waitress.server import TcpWSGIServer

from prep.classes import write_classes
from tests.support import CLASSES, images_only, random_image, run_error, run_ok, save


def labelled(root: Path) -> Path:
    """A dataset of two images that can be labelled."""
    images_only(root, [(24, 32), (40, 30)])
    write_classes(root / "classes.json", CLASSES)
    return root


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that the browser is sent to; the server ends at once."""
    addresses: list[str] = []
    monkeypatch.setattr(TcpWSGIServer, "run", TcpWSGIServer.close)
    monkeypatch.setattr("click.launch", addresses.append)
    return addresses


def test_it_opens_the_browser_where_the_page_is(tmp_path: Path, opened: list[str]) -> None:
    result = run_ok("annotate", labelled(tmp_path / "campus"), "--port", 0)
    assert result.stdout == f"campus at {opened[0]}\n"
    assert result.stderr == "Ctrl-C stops it.\n"
    run_ok("annotate", tmp_path / "campus", "--port", 0, "--no-open")
    assert len(opened) == 1


def test_on_a_network_the_address_has_a_token_and_a_warning(tmp_path: Path, opened: list[str]) -> None:
    root = labelled(tmp_path / "campus")
    results = [run_ok("annotate", root, "--port", 0, "--host", "0.0.0.0") for _ in range(2)]
    tokens = [address.partition("/?token=")[2] for address in opened]
    assert all(len(token) == 43 for token in tokens)
    assert tokens[0] != tokens[1]
    assert "everyone who has this address" in results[0].stderr
    assert not any(token in (root / "provenance.jsonl").read_text() for token in tokens)


def test_a_folder_of_photos_is_told_what_to_type(tmp_path: Path, opened: list[str]) -> None:
    save(tmp_path / "my photos" / "a.png", random_image(0))
    assert run_error("annotate", tmp_path / "my photos") == (
        f"{tmp_path}/my photos: holds 1 photos, but is no dataset yet. Make one of them, then label it:\n"
        f"  seg-prep resize '{tmp_path}/my photos' -o 'datasets/my photos' --size 4096\n"
        "  seg-prep annotate 'datasets/my photos'"
    )
    assert not opened
