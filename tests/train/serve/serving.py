"""What the tests of the server share: a tiny model, a real server, photos, answers."""

import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import torch
from flask.testing import FlaskClient
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from prep.core.classes import ClassMap
from prep.dataset.index import Sample
from prep.web.server import bind, make_server
from tests.support import random_image
from tests.web import running
from train.config.config import Config
from train.networks.networks import build_network
from train.runs.checkpoint import ModelCard, save_model
from train.serve.app import serve_app
from train.serve.limits import Limits
from train.serve.service import Service
from train.windows.predictor import Predictor

CLASSES = ClassMap(("background", "<b>road</b>", "tree"), ((0, 0, 0), (230, 80, 60), (20, 160, 90)))
TINY = Config(width=4, depth=2)


def make_tiny_run(root: Path) -> Path:
    """Make root/runs/tiny, whose model has random weights, and says now this class, now that one."""
    folder = root / "runs" / "tiny"
    folder.mkdir(parents=True)
    card = ModelCard(TINY, CLASSES, (0.5, 0.5, 0.5), (0.2, 0.2, 0.2), 32, 0.5, "synth", "")
    network = build_network(TINY, len(CLASSES)).eval()
    with torch.no_grad():
        noise = torch.from_numpy(random_image(0, 32, 32)[None]).permute(0, 3, 1, 2) / 51 - 2.5
        network.head.bias -= network(noise).mean((0, 2, 3))
    save_model(folder / "model.pt", network, card, {})
    return folder


def service_of(predictor: Predictor, **limits: Any) -> Service:  # noqa: ANN401
    """A service of this model."""
    return Service(predictor, "tiny", Limits(**limits))


def client_of(predictor: Predictor, **limits: Any) -> FlaskClient:  # noqa: ANN401
    """Ask the application without a network."""
    return serve_app(service_of(predictor, **limits), only_here=True).test_client()


@contextmanager
def serving(service: Service) -> Iterator[int]:
    """A real server on a free port of loopback."""
    listener = bind("127.0.0.1", 0)
    server = make_server(serve_app(service, only_here=True), listener)
    with running(server, listener) as port:
        yield port


def post(port: int, body: bytes, path: str = "/predict", **headers: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, JSON and headers of what a real server answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=600)
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), dict(answer.getheaders())
    finally:
        connection.close()


def get(port: int, path: str) -> dict[str, Any]:
    """The JSON that a real server answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=600)
    try:
        connection.request("GET", path)
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        return answer
    finally:
        connection.close()


def encoded(pixels: NDArray[np.uint8], kind: str = "png") -> bytes:
    """The file of a photo."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def decoded(data: bytes) -> NDArray[np.uint8]:
    """The class indices in a PNG."""
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.mode) == ("PNG", "L")
        return np.asarray(picture)


TALL = encoded(random_image(7, 2000, 20))
"""Many rows of windows: the model is asked again and again."""


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
        assert self.go_on.wait(600)
        scores: Tensor = self.model(windows)
        self.inside -= 1
        return scores


def slowed(predictor: Predictor, seconds: float = 0.0, *, waits: bool = False) -> tuple[Predictor, Slow]:
    """The same model, slow; if it waits, until `go_on` is set."""
    slow = Slow(predictor.model, seconds)
    if not waits:
        slow.go_on.set()
    return replace(predictor, model=slow), slow


def sample_of(image: NDArray[np.uint8]) -> Sample:
    """A row of index.csv for such an image."""
    return Sample("a", "images/a.png", "", image.shape[1], image.shape[0])
