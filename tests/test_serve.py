"""The server: exact masks, limits, hostile uploads, other sites, and how it starts and ends."""

import base64
import io
import json
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
import torch
from click.testing import CliRunner
from flask.testing import FlaskClient
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from waitress.server import TcpWSGIServer

import train.cli.serve
import train.serve.app
from prep.classes import ClassMap
from prep.errors import SegError
from prep.photoio import read_photo
from tests.support import SCRIPTS, random_image, save, smooth_image
from train.checkpoint import ModelCard, build_network, load_model, save_model
from train.cli.main import main
from train.config import Config
from train.device import make_fabric
from train.predictor import Predictor
from train.serve.app import make_app
from train.serve.limits import Limits
from train.serve.server import bind, make_server, url_of
from train.serve.service import Service

CLASSES = ClassMap(("background", "<b>road</b>", "tree"), ((0, 0, 0), (230, 80, 60), (20, 160, 90)))
TINY = Config(width=4, depth=2)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run whose model has random weights, and says now this class, now that one."""
    folder = tmp_path / "runs" / "tiny"
    folder.mkdir(parents=True)
    card = ModelCard(TINY, CLASSES, (0.5, 0.5, 0.5), (0.2, 0.2, 0.2), 32, 0.5, "synth", "")
    network = build_network(TINY, CLASSES).eval()
    with torch.no_grad():
        noise = torch.from_numpy(random_image(0, 32, 32)[None]).permute(0, 3, 1, 2) / 51 - 2.5
        network.head.bias -= network(noise).mean((0, 2, 3))
    save_model(folder / "model.pt", network, card, {})
    return folder


@pytest.fixture
def predictor(run: Path) -> Predictor:
    return load_model(run / "model.pt", make_fabric("cpu"))[0]


def service_of(predictor: Predictor, **limits: Any) -> Service:  # noqa: ANN401
    return Service(predictor, "tiny", Limits(**limits))


def client_of(predictor: Predictor, **limits: Any) -> FlaskClient:  # noqa: ANN401
    return make_app(service_of(predictor, **limits), only_here=True).test_client()


@contextmanager
def serving(service: Service) -> Iterator[int]:
    """A real server on a free port of loopback."""
    listener = bind("127.0.0.1", 0)
    server = make_server(make_app(service, only_here=True), listener, service.limits)
    thread = threading.Thread(target=_run_until_closed, args=(server,))
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.task_dispatcher.shutdown()
        server.asyncore.close_all(server._map)
        thread.join(10)
        listener.close()


def _run_until_closed(server: TcpWSGIServer) -> None:
    while server._map:
        server.asyncore.loop(timeout=0.05, map=server._map, count=1)


def post(port: int, body: bytes, path: str = "/predict", **headers: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), dict(answer.getheaders())
    finally:
        connection.close()


def png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()


def decoded(data: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.mode) == ("PNG", "L")
        return np.asarray(picture)


def upright_jpeg(path: Path) -> Path:
    return save(path.with_suffix(".jpg"), smooth_image(50, 70), quality=90)


def turned_jpeg(path: Path) -> Path:
    exif = Image.Exif()
    exif[0x0112] = 6
    return save(path.with_suffix(".jpg"), smooth_image(50, 70), exif=exif)


def heic(path: Path) -> Path:
    pillow_heif.from_pillow(Image.fromarray(smooth_image(64, 70))).save(path.with_suffix(".heic"))
    return path.with_suffix(".heic")


def one_pixel(path: Path) -> Path:
    return save(path.with_suffix(".png"), random_image(0, 1, 1))


# The mask.


@pytest.mark.parametrize("make", [upright_jpeg, turned_jpeg, heic, one_pixel])
def test_the_mask_is_the_predictors(make: Any, predictor: Predictor, tmp_path: Path) -> None:  # noqa: ANN401
    photo = make(tmp_path / "photo")
    expected = predictor(read_photo(photo))
    client = client_of(predictor)
    as_form = client.post("/predict", data={"photo": (photo.open("rb"), "../../etc/passwd")})
    as_body = client.post("/predict", data=photo.read_bytes(), content_type="application/x-www-form-urlencoded")
    answers = [as_form.get_json(), as_body.get_json()]
    for answer in answers:
        mask = decoded(base64.b64decode(answer["mask"]))
        np.testing.assert_array_equal(mask, expected)
        assert (answer["height"], answer["width"]) == expected.shape
        counts = [int((expected == index).sum()) for index in range(3)]
        assert [entry["pixels"] for entry in answer["classes"]] == counts
        assert [entry["share"] for entry in answer["classes"]] == pytest.approx([n / expected.size for n in counts])
        assert [entry["name"] for entry in answer["classes"]] == list(CLASSES.names)
    as_png = client.post("/predict", data=photo.read_bytes(), headers={"Accept": "image/png"})
    assert as_png.mimetype == "image/png"
    np.testing.assert_array_equal(decoded(as_png.data), expected)


def test_the_random_model_tells_photos_apart(predictor: Predictor) -> None:
    """Else the test above could not fail."""
    masks = [predictor(smooth_image(50, 70)), predictor(np.ascontiguousarray(smooth_image(50, 70)[::-1]))]
    assert len(np.unique(masks[0])) > 1
    assert (masks[0] != masks[1]).any()


def test_a_photo_that_browsers_cannot_show_comes_back_as_an_upright_jpeg(predictor: Predictor, tmp_path: Path) -> None:
    photo = turned_jpeg(tmp_path / "photo")
    answer = client_of(predictor).post("/photo", data=photo.read_bytes())
    with Image.open(io.BytesIO(answer.data)) as picture:
        assert (picture.format, picture.size, picture.getexif()) == ("JPEG", (50, 70), {})
        assert np.abs(np.asarray(picture).astype(int) - read_photo(photo)).mean() < 2


# The model, used by several threads.


@dataclass
class Slow:
    """A model that waits before each batch of windows, and knows how many threads were in it at once."""

    model: Any
    seconds: float = 0.0
    go_on: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    calls: int = 0
    inside: int = 0
    most_inside: int = 0

    def __call__(self, windows: Tensor) -> Tensor:
        self.calls += 1
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        self.entered.set()
        time.sleep(self.seconds)
        assert self.go_on.wait(30)
        scores: Tensor = self.model(windows)
        self.inside -= 1
        return scores


def slowed(predictor: Predictor, seconds: float = 0.0, *, waits: bool = False) -> tuple[Predictor, Slow]:
    slow = Slow(predictor.model, seconds)
    if not waits:
        slow.go_on.set()
    return replace(predictor, model=slow), slow


TALL = png(random_image(7, 2000, 20))
"""Many rows of windows: the model is asked again and again."""


def test_parallel_requests_get_their_own_masks_one_after_the_other(predictor: Predictor) -> None:
    images = [random_image(seed, 40, 48) for seed in range(4)]
    slow_predictor, slow = slowed(predictor, 0.02)
    answers: dict[int, Any] = {}
    with serving(service_of(slow_predictor)) as port:

        def ask(number: int) -> None:
            answers[number] = post(port, png(images[number]))

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
    photo = png(random_image(0))
    with serving(service_of(slow_predictor, max_requests=1)) as port:
        first: list[Any] = []
        thread = threading.Thread(target=lambda: first.append(post(port, photo)))
        thread.start()
        assert slow.entered.wait(30)
        status, answer, headers = post(port, photo)
        assert status == 503
        assert "1 photos are being labelled or waiting already" in answer["error"]
        assert int(headers["Retry-After"]) >= 1
        slow.go_on.set()
        thread.join()
        assert first[0][0] == 200
        assert post(port, photo)[0] == 200


def test_waiting_for_the_model_ends_in_words(predictor: Predictor) -> None:
    slow_predictor, slow = slowed(predictor, waits=True)
    service = service_of(slow_predictor, max_seconds=0.3)
    client = make_app(service, only_here=True).test_client()
    thread = threading.Thread(target=lambda: client.post("/predict", data=TALL))
    thread.start()
    assert slow.entered.wait(30)
    answer = make_app(service, only_here=True).test_client().post("/predict", data=TALL)
    slow.go_on.set()
    thread.join()
    assert answer.status_code == 503
    assert "kept the model busy for 0.3 s" in answer.get_json()["error"]
    assert int(answer.headers["Retry-After"]) >= 1


def test_too_long_stops_between_windows(predictor: Predictor) -> None:
    slow_predictor, slow = slowed(predictor, 0.1)
    client = client_of(slow_predictor, max_seconds=0.25)
    answer = client.post("/predict", data=TALL)
    assert answer.status_code == 504
    assert "longer than the 0.25 seconds" in answer.get_json()["error"]
    assert 1 <= slow.calls <= 4
    slow.seconds = 0
    assert client.post("/predict", data=png(random_image(0))).status_code == 200


def test_a_client_that_leaves_frees_the_model(predictor: Predictor) -> None:
    slow_predictor, slow = slowed(predictor, 0.05)
    with serving(service_of(slow_predictor, max_requests=1)) as port:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(TALL) + TALL
        )
        assert slow.entered.wait(30)
        connection.close()
        end = time.monotonic() + 20
        while post(port, png(random_image(0)))[0] == 503:
            assert time.monotonic() < end
            time.sleep(0.05)
    assert slow.calls < 40, "it labelled the whole photo (124 rows of windows) for nobody"


# Limits and bad uploads.


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb() -> bytes:
    """A PNG of 300 bytes that declares 900 megapixels."""
    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(random_image(0, 64, 64)).save(buffer, "jpeg")
    return buffer.getvalue()


def gif() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(random_image(0)).save(buffer, "gif")
    return buffer.getvalue()


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) print showpage\n%%EOF\n"

BAD = {
    "text": (b"no photo at all\n" * 99, 422, "is no photo, or it is damaged"),
    "truncated JPEG": (jpeg()[:-400], 422, "truncated or damaged"),
    "truncated PNG": (png(random_image(0, 64, 64))[:-900], 422, "is no photo, or it is damaged"),
    "header alone": (jpeg()[:3], 422, "is no photo"),
    "bomb": (bomb(), 413, "900.0 megapixels (30000 x 30000), the limit here is 64"),
    "GIF": (gif(), 415, "kind GIF are not read here"),
    "EPS": (EPS, 415, "kind EPS are not read here"),
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
    assert client.post("/predict", data=png(random_image(0))).status_code == 200


def test_a_form_without_a_file_says_how(predictor: Predictor) -> None:
    answer = client_of(predictor).post("/predict", data={"photo": "photo.jpg"}, content_type="multipart/form-data")
    assert answer.status_code == 400
    assert "curl -F photo=@photo.jpg" in answer.get_json()["error"]


def test_the_megapixel_limit_is_exact_and_an_option(predictor: Predictor) -> None:
    client = client_of(predictor, max_megapixels=0.0012)
    assert client.post("/predict", data=png(random_image(0, 30, 40))).status_code == 200
    answer = client.post("/predict", data=png(random_image(0, 31, 40)))
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
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
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
    answer = client.post("/predict", data=png(random_image(0)))
    assert answer.status_code == 500
    assert "not with the photo" in answer.get_json()["error"]
    assert client.get("/health").status_code == 200


# Other sites.


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:9", "[::1]:8000", "LOCALHOST"])
def test_names_of_this_machine_are_answered(host: str, predictor: Predictor) -> None:
    assert client_of(predictor).get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:8000", "127.0.0.1.evil.example", "[", ""])
def test_other_names_are_refused_on_loopback_alone(host: str, predictor: Predictor) -> None:
    for path in ("/", "/health", "/static/page.js"):
        answer = client_of(predictor).get(path, headers={"Host": host})
        assert answer.status_code == 403, path
    if host and host != "[":
        for_all = make_app(service_of(predictor), only_here=False).test_client()
        assert for_all.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost:8000"}, 200),
        ({"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "http://localhost:8001"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
@pytest.mark.parametrize("path", ["/predict", "/photo"])
def test_pages_of_other_sites_cannot_post(
    path: str, headers: dict[str, str], status: int, predictor: Predictor
) -> None:
    answer = client_of(predictor).post(path, data=jpeg(), headers={"Host": "localhost:8000", **headers})
    assert answer.status_code == status


@pytest.mark.parametrize("path", ["/", "/health", "/static/page.js", "/predict", "/nothing"])
def test_every_answer_has_the_headers(path: str, predictor: Predictor) -> None:
    with client_of(predictor).get(path) as answer:
        headers = answer.headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Access-Control-Allow-Origin" not in headers


# What else it says.


def test_the_page_is_whole_and_escapes_names(predictor: Predictor) -> None:
    client = client_of(predictor)

    def text_of(path: str) -> str:
        with client.get(path) as answer:
            assert answer.status_code == 200
            assert not path.endswith(".js") or answer.mimetype == "text/javascript"
            return answer.text

    page = text_of("/")
    assert "&lt;b&gt;road&lt;/b&gt;" in page
    assert "<b>road" not in page
    assert "curl -F photo=@photo.jpg http://localhost/predict" in page
    assert "32 × 32 pixels, overlap 50 %" in page
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", page), "the security policy forbids it"
    files = set(re.findall(r'(?:href|src)="(/[^"]+)"', page))
    for name in [*files]:
        files |= {f"/static/{other}" for other in re.findall(r'from "\./([^"]+)"', text_of(name))}
    assert len(files) == len(list((Path(train.serve.app.__file__).parent / "page" / "static").iterdir()))
    assert not re.search(r"https?://", "".join(map(text_of, files)).replace("http://www.w3.org/", ""))


def test_health_names_the_model(predictor: Predictor) -> None:
    answer = client_of(predictor, max_requests=3).get("/health").get_json()
    assert (answer["status"], answer["model"], answer["window"]) == ("ok", "tiny", 32)
    assert answer["classes"][2] == {"index": 2, "name": "tree", "color": "#14a05a"}
    assert answer["limits"]["max_requests"] == 3


@pytest.mark.parametrize(
    ("method", "path", "status"), [("get", "/x", 404), ("get", "/predict", 405), ("post", "/", 405)]
)
def test_other_addresses_are_answered_in_words(method: str, path: str, status: int, predictor: Predictor) -> None:
    answer = client_of(predictor).open(path, method=method.upper())
    assert answer.status_code == status
    assert "/predict" in answer.get_json()["error"]


@pytest.mark.parametrize("path", ["/static/../page.html", "/static/%2e%2e/page.html", "/static/..%2f..%2fapp.py"])
def test_no_other_file_is_given_away(path: str, predictor: Predictor) -> None:
    assert client_of(predictor).get(path).status_code == 404


# How it starts and ends.


def test_a_port_in_use_names_the_option() -> None:
    taken = bind("127.0.0.1", 0)
    port = taken.getsockname()[1]
    with taken, pytest.raises(SegError, match=rf"port {port} on 127.0.0.1 cannot be used .*--port {port + 1}"):
        bind("127.0.0.1", port)


def test_an_unknown_host_names_the_option() -> None:
    with pytest.raises(SegError, match="--host no such name: no such name or address"):
        bind("no such name", 0)


def test_addresses_are_those_of_a_browser() -> None:
    for host, url in (("127.0.0.1", r"http://127\.0\.0\.1:\d+/"), ("0.0.0.0", r"http://localhost:\d+/")):
        with bind(host, 0) as listener:
            assert re.fullmatch(url, url_of(listener))


@pytest.mark.parametrize(("options", "warns"), [((), False), (("--host", "0.0.0.0"), True)])
def test_it_warns_when_others_can_reach_it(
    options: tuple[str, ...], warns: bool, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(TcpWSGIServer, "run", TcpWSGIServer.close)
    monkeypatch.setattr("click.launch", opened.append)
    result = CliRunner().invoke(
        main, ["serve", "--run", str(run), "--port", "0", "--open", "--device", "cpu", *options]
    )
    assert result.exit_code == 0, result.output
    assert ("everyone who can reach this computer" in result.stderr) == warns
    assert result.stdout == f"tiny at {opened[0]}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal that can be sent there")
def test_the_command_serves_and_ctrl_c_ends_it_quietly(run: Path, predictor: Predictor) -> None:
    command = [SCRIPTS / "seg-train", "serve", "--port", "0", "--device", "cpu"]
    with subprocess.Popen(
        command, cwd=run.parents[1], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdout
        assert process.stderr
        line = process.stdout.readline()
        match = re.fullmatch(r"tiny at http://127\.0\.0\.1:(\d+)/\n", line)
        assert match, line
        image = random_image(3, 40, 40)
        status, answer, _ = post(int(match[1]), png(image), Origin=f"http://127.0.0.1:{match[1]}")
        assert status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr.read() == "Ctrl-C stops it.\n"
    np.testing.assert_array_equal(decoded(base64.b64decode(answer["mask"])), predictor(image))


def test_without_flask_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train.cli.serve, "find_spec", lambda name: None if name == "flask" else object())
    result = CliRunner().invoke(main, ["serve"])
    assert result.exit_code == 1
    assert "needs flask; type: pip install 'seg-prep[train]'" in result.stderr


def test_running_out_of_memory_is_told(predictor: Predictor) -> None:
    def hungry(_: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    answer = client_of(replace(predictor, model=hungry)).post("/predict", data=png(random_image(0)))
    assert answer.status_code == 413
    assert "more memory than there is" in answer.get_json()["error"]
