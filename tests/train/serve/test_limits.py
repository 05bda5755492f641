"""Several requests at once, limits, and uploads that are no photos."""

import base64
import io
import socket
import struct
import threading
import zlib
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from prep.core.errors import SegError
from tests.support import random_image, wait_until
from tests.train.serve.serving import TALL, client_of, decoded, encoded, post, service_of, serving, slowed
from train.serve.app import serve_app
from train.serve.limits import Limits
from train.serve.service import Labelled
from train.windows.predictor import Predictor

# The model, used by several threads.


def test_parallel_requests_get_their_own_masks_one_after_the_other(predictor: Predictor) -> None:
    images = [random_image(seed, 40, 48) for seed in range(4)]
    slow_predictor, slow = slowed(predictor, 0.02)
    answers: dict[int, Any] = {}
    with serving(service_of(slow_predictor)) as port:

        def ask(number: int) -> None:
            answers[number] = post(port, encoded(images[number]))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert slow.most_inside == 1
    for number, image in enumerate(images):
        status, answer, _ = answers[number]
        assert status == 200
        np.testing.assert_array_equal(decoded(base64.b64decode(answer["mask"])), predictor(image))


def test_more_requests_than_places_are_sent_away_at_once(predictor: Predictor) -> None:
    slow_predictor, slow = slowed(predictor, waits=True)
    photo = encoded(random_image(0))
    with serving(service_of(slow_predictor, max_requests=1)) as port:
        first: list[Any] = []
        thread = threading.Thread(target=lambda: first.append(post(port, photo)))
        thread.start()
        assert slow.entered.wait(600)
        status, answer, headers = post(port, photo)
        assert status == 503
        assert "1 photo is being labelled or waiting already" in answer["error"]
        assert int(headers["Retry-After"]) >= 1
        slow.go_on.set()
        thread.join()
        assert first[0][0] == 200
        assert post(port, photo)[0] == 200


def test_waiting_for_the_model_ends_in_words(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait itself is short; decoding before it, in a process of its own, has the 250 seconds."""
    slow_predictor, slow = slowed(predictor, waits=True)
    service = service_of(slow_predictor)
    client = serve_app(service, only_here=True).test_client()
    thread = threading.Thread(target=lambda: client.post("/predict", data=TALL))
    thread.start()
    assert slow.entered.wait(600)
    service.limits = replace(service.limits, max_seconds=250)
    model, waited = service._model, list[float]()

    def acquire(timeout: float) -> bool:
        waited.append(timeout)
        return model.acquire(timeout=0.1)

    monkeypatch.setattr(service, "_model", SimpleNamespace(acquire=acquire, release=model.release))
    answer = serve_app(service, only_here=True).test_client().post("/predict", data=TALL)
    slow.go_on.set()
    thread.join()
    assert answer.status_code == 503
    assert 0 < waited[0] <= 250
    assert "kept the model busy for 250 s" in answer.get_json()["error"]
    assert int(answer.headers["Retry-After"]) >= 1


def test_too_long_stops_between_windows(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock of the test: decoding, in a process of its own, really has the 250 seconds."""
    now = [0.0]
    monkeypatch.setattr("train.serve.limits.time", SimpleNamespace(monotonic=lambda: now[0]))
    calls: list[float] = []

    def model(windows: Tensor) -> Tensor:
        calls.append(now[0])
        now[0] += 100
        return predictor.model(windows)

    client = client_of(replace(predictor, model=model), max_seconds=250)
    answer = client.post("/predict", data=TALL)
    assert answer.status_code == 504
    assert "longer than the 250 s that" in answer.get_json()["error"]
    assert calls == pytest.approx([0, 100, 200])
    assert client.post("/predict", data=encoded(random_image(0))).status_code == 200


def test_a_client_that_leaves_frees_the_model(predictor: Predictor) -> None:
    slow_predictor, slow = slowed(predictor, waits=True)
    service = service_of(slow_predictor)
    label, asked = service.label, []

    def watched(data: bytes, gone: Callable[[], bool], report: Callable[[float], None]) -> Labelled:
        asked.append(gone)
        return label(data, gone, report)

    service.label = watched  # type: ignore[method-assign]
    with serving(service) as port:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(TALL) + TALL
        )
        assert slow.entered.wait(600)
        connection.close()
        wait_until(asked[0])
        slow.go_on.set()
        with service._model:  # once it is free, the first request is over
            pass
        assert slow.calls == 1, "it labelled the photo (124 rows of windows) for nobody"
        assert post(port, encoded(random_image(0)))[0] == 200


def test_pages_can_ask_how_far_their_photo_is(predictor: Predictor) -> None:
    def share(name: str = "mine") -> float | None:
        return app.test_client().get(f"/progress/{name}").get_json()["share"]

    def model(windows: Tensor) -> Tensor:
        shares.append(share())
        assert share("another") is None
        return predictor.model(windows)

    app = serve_app(service_of(replace(predictor, model=model)), only_here=True)
    shares = [share()]
    answer = app.test_client().post("/predict", data=TALL, headers={"X-Progress": "mine"})
    assert answer.status_code == 200
    assert shares[:2] == [None, 0]
    assert shares[1:] == sorted(shares[1:])
    assert 0.5 < shares[-1] <= 1
    assert share() is None


# Limits and bad uploads.


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb() -> bytes:
    """A PNG of 300 bytes that declares 900 megapixels."""
    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) print showpage\n%%EOF\n"

BAD = {
    "text": (b"no photo at all\n" * 99, 422, "is no photo, or it is damaged"),
    "truncated JPEG": (encoded(random_image(0, 64, 64), "jpeg")[:-400], 422, "truncated or damaged"),
    "truncated PNG": (encoded(random_image(0, 64, 64))[:-900], 422, "truncated or damaged"),
    "header alone": (encoded(random_image(0, 64, 64), "jpeg")[:3], 422, "is no photo"),
    "bomb": (bomb(), 413, "900.0 megapixels (30000 x 30000), the limit here is 64"),
    "GIF": (encoded(random_image(0), "gif"), 415, "kind GIF are not read here"),
    "EPS": (EPS, 422, "is no photo, or it is damaged"),
    "nothing": (b"", 400, "holds no photo (0 bytes)"),
}


@pytest.mark.parametrize("path", ["/predict", "/photo"])
@pytest.mark.parametrize("name", BAD)
def test_bad_uploads_are_refused_in_words(name: str, path: str, predictor: Predictor) -> None:
    data, status, words = BAD[name]
    client = client_of(predictor)
    answer = client.post(path, data=data)
    assert (answer.status_code, answer.mimetype) == (status, "application/json")
    assert words in answer.get_json()["error"]
    assert client.post("/predict", data=encoded(random_image(0))).status_code == 200


def test_a_form_without_a_file_says_how(predictor: Predictor) -> None:
    answer = client_of(predictor).post("/predict", data={"photo": "photo.jpg"}, content_type="multipart/form-data")
    assert answer.status_code == 400
    assert "curl -F photo=@photo.jpg" in answer.get_json()["error"]


def test_the_megapixel_limit_is_exact_and_an_option(predictor: Predictor) -> None:
    client = client_of(predictor, max_megapixels=0.0012)
    assert client.post("/predict", data=encoded(random_image(0, 30, 40))).status_code == 200
    answer = client.post("/predict", data=encoded(random_image(0, 31, 40)))
    assert answer.status_code == 413
    assert "--max-megapixels" in answer.get_json()["error"]


@pytest.mark.parametrize("form", [True, False])
def test_the_size_limit_is_told_in_words(form: bool, predictor: Predictor) -> None:
    client = client_of(predictor, max_upload=0.001)
    data: Any = {"photo": (io.BytesIO(bytes(1001)), "x.jpg")} if form else bytes(1001)
    answer = client.post("/predict", data=data)
    assert answer.status_code == 413
    assert answer.get_json()["error"].startswith("The photo is larger than 0.001 MB, the limit here.")


@pytest.mark.parametrize("size", [1001, 1999, 1_000_000])
def test_the_real_server_tells_the_same(size: int, predictor: Predictor) -> None:
    """Beyond twice the limit, waitress answers before the application sees the request."""
    with serving(service_of(predictor, max_upload=0.001)) as port:
        head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % size
        with socket.create_connection(("127.0.0.1", port), timeout=600) as connection:
            connection.sendall(head + (bytes(size) if size < 2000 else b""))
            text = b""
            while b'"}' not in text and (part := connection.recv(65536)):
                text += part
    assert text.startswith(b"HTTP/1.1 413 ")
    assert b"The photo is larger than 0.001 MB" in text
    assert b"nosniff" in text
    assert b"waitress" not in text


@pytest.mark.parametrize("limit", ["max_upload", "max_megapixels", "max_seconds", "max_requests"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_impossible_limits_name_their_option(limit: str, value: float) -> None:
    with pytest.raises(SegError, match=f"--{limit.replace('_', '-')} needs a number above 0"):
        Limits(**{limit: value})


def test_a_bug_is_no_fault_of_the_photo(predictor: Predictor) -> None:
    def broken(_: Tensor) -> Tensor:
        raise ZeroDivisionError("our own mistake")

    client = client_of(replace(predictor, model=broken))
    answer = client.post("/predict", data=encoded(random_image(0)))
    assert answer.status_code == 500
    assert "not with the photo" in answer.get_json()["error"]
    assert client.get("/health").status_code == 200


def test_running_out_of_memory_is_told(predictor: Predictor) -> None:
    def hungry(_: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    answer = client_of(replace(predictor, model=hungry)).post("/predict", data=encoded(random_image(0)))
    assert answer.status_code == 413
    assert "more memory than there is" in answer.get_json()["error"]
