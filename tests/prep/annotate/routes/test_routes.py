"""What the page asks for: the list, photos, thumbnails, masks, saves, states."""

import gzip
import io
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image, ImageOps
from werkzeug.test import TestResponse

from prep.annotate.app import annotate_app
from prep.annotate.store.store import AnnotationStore
from prep.dataset.index import Sample, read_index, write_index
from prep.images.imageio import read_image
from tests.prep.annotate.store.storing import block, files_of, on_disk, serving, to_label
from tests.support import random_image, save, smooth_image


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return to_label(tmp_path / "campus")


def post(client: FlaskClient, body: bytes, base: str = "none", save: str = "one", **headers: str) -> TestResponse:
    version = client.get("/api/dataset").json["classes_version"]
    given = {"X-Base-Version": base, "X-Save": save, "X-Classes-Version": version, **headers}
    return client.post("/api/images/s0/mask", data=body, headers={k: v for k, v in given.items() if v})


def test_the_list(client: FlaskClient) -> None:
    told = client.get("/api/dataset").json
    assert (told["name"], told["model"], told["order"], told["findings"]) == ("campus", None, "name", False)
    assert told["classes"][1] == {"index": 1, "name": "line", "color": "#ff0000"}
    assert told["images"] == {
        "stem": ["s0", "s1"],
        "width": [32, 30],
        "height": [24, 40],
        "state": ["new", "new"],
        "split": ["", ""],
        "note": ["", ""],
        "classes": [[], []],
        "labelled": [0.0, 0.0],
        "uncertainty": [None, None],
    }


def test_a_save_and_what_comes_back(client: FlaskClient, root: Path) -> None:
    answer = post(client, block(0, 0, 16, 24, 1))
    assert answer.status_code == 200
    assert answer.json == {
        "stem": "s0",
        "width": 32,
        "height": 24,
        "state": "in work",
        "version": answer.json["version"],
        "split": "",
        "note": "",
        "labelled": 0.5,
        "classes": [1],
        "uncertainty": None,
    }
    listed = client.get("/api/dataset").json["images"]
    assert {name: column[0] for name, column in listed.items()} == {
        k: v for k, v in answer.json.items() if k != "version"
    }
    mask = client.get("/api/images/s0/mask")
    assert (mask.headers["X-Version"], mask.headers["X-Width"], mask.headers["X-Height"]) == (
        answer.json["version"],
        "32",
        "24",
    )
    np.testing.assert_array_equal(np.frombuffer(mask.data, np.uint8).reshape(24, 32), on_disk(root, "s0"))
    refused = post(client, block(0, 0, 1, 1, 2), save="two")
    assert (refused.status_code, refused.json["conflict"]) == (409, "mask")
    refused = post(client, block(0, 0, 1, 1, 2), save="three", **{"X-Classes-Version": "old"})
    assert (refused.status_code, refused.json["conflict"]) == (409, "classes")


def test_a_stroke_on_a_photo_that_has_another_size_by_now_is_refused(client: FlaskClient, root: Path) -> None:
    """As resize --overwrite makes it while the page is open."""
    save(root / "images" / "s0.png", random_image(7, 48, 64))
    first, second = read_index(root / "index.csv")
    write_index(root / "index.csv", [replace(first, width=64, height=48), second])
    refused = post(client, block(0, 0, 1, 1, 2), **{"X-Size": "32x24"})
    assert (refused.status_code, refused.json["error"]) == (
        422,
        "This image has 64 x 48 pixels by now, other than on this page; nothing was saved. Load the page again.",
    )
    assert on_disk(root, "s0") is None
    assert post(client, block(0, 0, 1, 1, 2), **{"X-Size": "64x48"}).status_code == 200


def test_masks_are_compressed_for_those_who_can_read_it(client: FlaskClient) -> None:
    plain = client.get("/api/images/s1/mask")
    packed = client.get("/api/images/s1/mask", headers={"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data == b"\xff" * 1200
    assert "Content-Encoding" not in client.get("/api/images/s1/mask", headers={"Accept-Encoding": "gzip;q=0"}).headers


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", {}),
        (b"nonsense", {}),
        (block(30, 0, 3, 1, 0), {}),
        (block(0, 0, 1, 1, 3), {}),
        (block(0, 0, 1, 1, 0), {"X-Base-Version": ""}),
        (block(0, 0, 1, 1, 0), {"X-Save": ""}),
        (block(0, 0, 1, 1, 0), {"X-Save": "x" * 101}),
        (block(0, 0, 1, 1, 0), {"X-Classes-Version": ""}),
    ],
)
def test_wrong_saves_write_nothing(client: FlaskClient, root: Path, body: bytes, headers: dict[str, str]) -> None:
    before = files_of(root)
    answer = post(client, body, **headers)
    assert answer.status_code == 400
    assert answer.json["error"].endswith("nothing was saved.")
    assert files_of(root) == before


def test_more_than_fits_is_refused(client: FlaskClient, root: Path) -> None:
    before = files_of(root)
    answer = post(client, bytes(2 * 24 * 32 + 2**20 + 1))
    assert answer.status_code == 413
    assert "more than this server takes" in answer.json["error"]
    assert client.put("/api/images/s0/state", data=bytes(2**20 + 1)).status_code == 413
    assert files_of(root) == before


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"done"', b"{}", b'{"state": 1}', b'{"state": "finished"}'])
def test_wrong_states_change_nothing(client: FlaskClient, root: Path, body: bytes) -> None:
    before = files_of(root)
    answer = client.put("/api/images/s0/state", data=body)
    assert answer.status_code == 400
    assert "state" in answer.json["error"]
    assert files_of(root) == before


@pytest.mark.parametrize("path", ["/api/classes", "/api/images/s0/state"])
def test_json_of_many_brackets_is_refused_in_words(client: FlaskClient, path: str) -> None:
    answer = client.put(path, data=b"[" * 100_000)
    assert (answer.status_code, answer.json["error"]) == (400, "This JSON is nested too deeply; nothing was saved.")


def test_states(client: FlaskClient) -> None:
    assert client.put("/api/images/s0/state", json={"state": "done"}).json["state"] == "done"
    assert client.get("/api/dataset").json["images"]["state"] == ["done", "new"]


def test_a_note_stands_in_states_csv_beside_the_state(client: FlaskClient, root: Path) -> None:
    told = client.put("/api/images/s1/note", json={"note": ' wind,\n "moved" \ud800 '}).json
    assert (told["note"], told["state"]) == ('wind, "moved" ?', "new")
    client.put("/api/images/s0/state", json={"state": "done"})
    assert (root / "states.csv").read_text() == 'stem,state,note\ns0,done,\ns1,new,"wind, ""moved"" ?"\n'
    client.put("/api/images/s1/state", json={"state": "rejected"})
    assert client.get("/api/dataset").json["images"]["note"][1] == 'wind, "moved" ?'
    before = files_of(root)
    for body in ({"note": "x" * 501}, {"note": 3}, {}):
        assert client.put("/api/images/s1/note", json=body).status_code == 400
    assert files_of(root) == before
    client.put("/api/images/s1/note", json={"note": ""})
    assert (root / "states.csv").read_text() == "stem,state\ns0,done\ns1,rejected\n"


@pytest.mark.parametrize("method", ["delete", "put", "patch", "post"])
@pytest.mark.parametrize("path", ["/", "/api/dataset", "/api/images/s0/photo", "/static/page.css"])
def test_other_methods_are_refused_in_words(client: FlaskClient, method: str, path: str) -> None:
    answer = getattr(client, method)(path)
    assert answer.status_code == 405
    assert answer.json["error"] == f"This address does not take {method.upper()}. The page is at /."
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/api/images/s9/photo", "/api/images/s9/mask", "/api/images/s9/thumbnail"])
def test_unknown_images_are_told(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json["error"]) == (404, "There is no image 's9' in this dataset.")


def test_a_damaged_mask_is_told_in_words(client: FlaskClient, root: Path) -> None:
    (root / "masks").mkdir()
    (root / "masks" / "s0.png").write_bytes(b"nonsense")
    for answer in (client.get("/api/images/s0/mask"), post(client, block(0, 0, 1, 1, 0))):
        assert answer.status_code == 422
        assert "s0.png: the file is truncated or damaged" in answer.json["error"]
    assert client.get("/api/dataset").status_code == 200
    assert client.put("/api/images/s0/state", json={"state": "rejected"}).status_code == 200
    assert (root / "masks" / "s0.png").read_bytes() == b"nonsense"


@pytest.mark.parametrize("name", ["photo.jpg", "photo.png"])
@pytest.mark.parametrize(("height", "width"), [(1200, 800), (100, 3000), (50, 60)])
def test_photos_and_thumbnails(root: Path, name: str, height: int, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    file = save(root / "images" / name, smooth_image(height, width))
    write_index(root / "index.csv", [Sample("with space & ümläut", f"images/{name}", "", width, height)])
    client = annotate_app(AnnotationStore(root), only_here=True).test_client()
    base = "/api/images/with%20space%20%26%20%C3%BCml%C3%A4ut"
    photo = client.get(f"{base}/photo")
    assert photo.data == file.read_bytes()
    assert photo.mimetype == ("image/png" if name.endswith("png") else "image/jpeg")
    thumbnail = client.get(f"{base}/thumbnail")
    scale = min(1, 192 / max(width, height))
    with Image.open(io.BytesIO(thumbnail.data)) as picture:
        assert picture.format == "JPEG"
        assert picture.size == (round(width * scale), round(height * scale))
        expected = Image.fromarray(smooth_image(height, width)).resize(picture.size, Image.Resampling.BOX)
        assert np.abs(np.asarray(picture, np.int16) - np.asarray(expected, np.int16)).mean() < 4
    monkeypatch.setattr("prep.annotate.routes.images.thumbnail", None)  # what the browser has is not made again
    for answer in (photo, thumbnail):
        again = client.get(answer.request.path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    save(root / "images" / name, smooth_image(height, width)[::-1])
    assert client.get(f"{base}/photo", headers={"If-None-Match": photo.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_photo_is_shown_as_it_is_stored(root: Path, orientation: int) -> None:
    """As every other command reads it: what is drawn on a turned photo would be on the wrong pixels."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = root / "images" / "turned.jpg"
    Image.fromarray(smooth_image(60, 90)).save(path, exif=exif, quality=95)
    write_index(root / "index.csv", [Sample("turned", "images/turned.jpg", "", 90, 60)])
    photo = annotate_app(AnnotationStore(root), only_here=True).test_client().get("/api/images/turned/photo")
    with Image.open(io.BytesIO(photo.data)) as picture:
        np.testing.assert_array_equal(np.asarray(ImageOps.exif_transpose(picture)), read_image(path))


def test_what_is_no_picture_is_not_sent(client: FlaskClient, root: Path) -> None:
    (root / "images" / "s0.png").write_text("<script>")
    answer = client.get("/api/images/s0/photo")
    assert answer.status_code == 422
    assert "neither JPEG nor PNG" in answer.json["error"]


def test_a_missing_photo_is_told(client: FlaskClient, root: Path) -> None:
    (root / "images" / "s0.png").unlink()
    for end in ("photo", "thumbnail"):
        answer = client.get(f"/api/images/s0/{end}")
        assert answer.status_code == 422
        assert "s0.png: no such file or folder" in answer.json["error"]


def test_what_is_far_too_large_is_not_taken_in(root: Path) -> None:
    with serving(AnnotationStore(root)) as port, socket.create_connection(("127.0.0.1", port), 10) as connection:
        head = "POST /api/images/s0/mask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000000\r\n\r\n"
        connection.sendall(head.encode())
        with connection.makefile("rb") as answer:
            told = answer.read()
    assert told.startswith(b"HTTP/1.1 413 ")
    assert b"more than this server takes" in told
