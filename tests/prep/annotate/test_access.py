"""Who gets in, and that nobody reaches a file that is no image of the dataset."""

import re
import socket
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from prep.annotate.app import annotate_app
from prep.annotate.store.store import AnnotationStore
from prep.core.errors import SegError
from prep.dataset.index import Sample, write_index
from tests.prep.annotate.store.storing import block, files_of, send, serving, to_label
from tests.support import random_image, save

TOKEN = "a-token-that-nobody-guesses"
SAVE = {"X-Base-Version": "none", "X-Save": "one"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return to_label(tmp_path / "d")


def guarded(root: Path) -> FlaskClient:
    return annotate_app(AnnotationStore(root), only_here=False, token=TOKEN).test_client()


# The token.


def test_the_token_lets_in_once_and_the_cookie_from_then_on(root: Path) -> None:
    client = guarded(root)
    answer = client.get(f"/?token={TOKEN}")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    cookie = answer.headers["Set-Cookie"]
    assert re.fullmatch(rf"seg-annotate-[0-9a-f]{{8}}={TOKEN}; HttpOnly; Path=/; SameSite=Strict", cookie)
    for path in ("/", "/api/dataset", "/api/images/s0/photo"):
        assert client.get(path).status_code == 200, path
    assert client.put("/api/images/s0/state", json={"state": "done"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/dataset", "/api/images/s0/photo", "/static/page.css", "/nowhere"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Cookie": "seg-annotate-00000000=" + TOKEN},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer \udcff"},
    ],
    ids=range(7),
)
def test_without_the_token_nobody_gets_in(root: Path, path: str, headers: dict[str, str]) -> None:
    answer = guarded(root).get(path, headers=headers)
    assert answer.status_code == 401
    assert "open to those who have its whole address" in answer.json["error"]
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "query", ["token=", "token=wrong", f"token={TOKEN[:-1]}", f"token=x&token={TOKEN}", "token=%f"]
)
def test_a_wrong_token_in_the_address_is_refused(root: Path, query: str) -> None:
    answer = guarded(root).get(f"/?{query}")
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers


def test_the_token_counts_in_the_address_of_the_page_alone(root: Path) -> None:
    assert guarded(root).get(f"/api/dataset?token={TOKEN}").status_code == 401


def test_programs_send_the_token_in_a_header(root: Path) -> None:
    client = guarded(root)
    assert client.get("/api/dataset", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_nothing_is_changed_without_the_token(root: Path) -> None:
    client, before = guarded(root), files_of(root)
    assert client.put("/api/images/s0/state", json={"state": "done"}).status_code == 401
    assert client.post("/api/images/s0/mask", data=block(0, 0, 1, 1, 0), headers=SAVE).status_code == 401
    assert files_of(root) == before


def test_on_loopback_there_is_no_token_and_no_cookie(client: FlaskClient) -> None:
    answer = client.get("/?token=anything")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


# Other sites.


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:8010", "127.0.0.1.evil.example", "[", ""])
@pytest.mark.parametrize("path", ["/", "/api/dataset", "/static/page.css"])
def test_other_names_are_refused_on_loopback(client: FlaskClient, host: str, path: str) -> None:
    assert client.get(path, headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost:8010", "127.0.0.1", "127.0.0.2:8010", "[::1]:8010"])
def test_every_name_of_this_machine_is_known_on_loopback(client: FlaskClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:8011"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_pages_of_other_sites_change_nothing_and_ask_nothing(
    client: FlaskClient, root: Path, headers: dict[str, str]
) -> None:
    before = files_of(root)
    headers = {"Host": "localhost:8010", **headers}
    for answer in (
        client.post("/api/images/s0/mask", data=block(0, 0, 1, 1, 0), headers={**headers, **SAVE}),
        client.put("/api/images/s0/state", json={"state": "done"}, headers=headers),
        client.get("/api/dataset", headers=headers),
    ):
        assert answer.status_code == 403
        assert answer.json["error"] == "Pages of other sites may not send anything here. Open this server's own page."
    assert files_of(root) == before


def test_every_answer_forbids_scripts_and_frames_of_others(client: FlaskClient) -> None:
    for path in ("/", "/api/dataset", "/api/images/s0/photo", "/api/images/s0/mask", "/nowhere"):
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self'"), path
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


# Files.

PATHS = [
    "../secret",
    "..%2fsecret",
    "%2e%2e%2fsecret",
    "%2e%2e/secret",
    "..%5csecret",
    "%252e%252e%252fsecret",
    "%2fetc%2fpasswd",
    "/etc/passwd",
    "C:%5csecret",
    "s0%00",
    "s0%00.png",
    "..",
    "%2e%2e",
    ".",
    "s0/..",
    "S0",
    "s0.png",
    "%ff%fe",
    "a" * 5000,
]


@pytest.mark.parametrize("end", ["photo", "thumbnail", "mask"])
def test_only_stems_of_the_index_are_served(root: Path, end: str) -> None:
    """Sent as they stand: clients like to tidy up such addresses."""
    save(root.parent / "secret.png", random_image(0))
    with serving(AnnotationStore(root)) as port:
        for path in PATHS:
            with socket.create_connection(("127.0.0.1", port), 10) as connection:
                request = f"GET /api/images/{path}/{end} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                connection.sendall(request.encode())
                with connection.makefile("rb") as answer:
                    status = answer.read().split(None, 2)[1]
            assert status in (b"404", b"400", b"308"), path


@pytest.mark.parametrize("name", ["../secret.png", "images/../../secret.png", "ABSOLUTE"])
def test_an_index_that_names_files_elsewhere_is_not_opened(root: Path, name: str) -> None:
    name = name.replace("ABSOLUTE", str(save(root.parent / "secret.png", random_image(0))))
    client = annotate_app(AnnotationStore(root), only_here=True).test_client()
    write_index(root / "index.csv", [Sample("s0", name, "", 32, 24)])
    with pytest.raises(SegError, match="lies outside of the dataset"):
        AnnotationStore(root)
    answer = client.get("/api/images/s0/photo")
    assert answer.status_code == 422
    assert "lies outside of the dataset" in answer.json["error"]


@pytest.mark.parametrize("name", ["link.png", "folder/secret.png"])
def test_an_index_that_leads_out_of_the_dataset_is_refused(root: Path, name: str) -> None:
    secret = save(root.parent / "secret.png", random_image(0))
    (root / "link.png").symlink_to(secret)
    (root / "folder").symlink_to(root.parent)
    write_index(root / "index.csv", [Sample("s0", name, "", 32, 24), Sample("s1", "images/s0.png", name, 32, 24)])
    client = annotate_app(AnnotationStore(root), only_here=True).test_client()
    version = client.get("/api/dataset").json["classes_version"]
    before = files_of(root.parent)
    headers = {**SAVE, "X-Classes-Version": version}
    for answer in (
        client.get("/api/images/s0/photo"),
        client.get("/api/images/s0/thumbnail"),
        client.get("/api/images/s1/mask"),
        client.post("/api/images/s1/mask", data=block(0, 0, 1, 1, 0), headers=headers),
    ):
        assert answer.status_code == 403
        assert "leads out of the dataset folder" in answer.json["error"]
    assert files_of(root.parent) == before


@pytest.mark.parametrize("stem", ["../../outside", "/tmp/outside", "..", "a/../../../outside"])
def test_a_stem_that_leads_out_of_the_dataset_is_never_written(root: Path, stem: str) -> None:
    store = AnnotationStore(root)
    write_index(root / "index.csv", [Sample(stem, "images/s0.png", "", 32, 24)])
    before = files_of(root.parent)
    with pytest.raises(SegError):
        send(store, stem, block(0, 0, 1, 1, 0), "none", "one")
    with pytest.raises(SegError, match="names files of other folders, or none"):
        AnnotationStore(root)
    assert files_of(root.parent) == before


@pytest.mark.parametrize("name", ["masks", ".annotate", ".annotate/proposals"])
def test_folders_that_lead_out_of_the_dataset_are_refused(root: Path, tmp_path: Path, name: str) -> None:
    """Old proposals and half-written files in them are removed."""
    (tmp_path / "home" / "letters").mkdir(parents=True)
    (tmp_path / "home" / ".draft.part").touch()
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).symlink_to(tmp_path / "home", target_is_directory=True)
    with pytest.raises(SegError, match="leads out of the dataset"):
        AnnotationStore(root)
    assert sorted(files.name for files in (tmp_path / "home").iterdir()) == [".draft.part", "letters"]
