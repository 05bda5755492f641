"""Photos are decoded in processes of their own, which end with their time."""

import multiprocessing
import os
import threading
import time
from multiprocessing.connection import Connection

import numpy as np
import pytest

from prep.web.guard import Refusal
from tests.support import random_image
from tests.train.serve.serving import client_of, encoded, post, service_of, serving
from train.serve import decoding
from train.serve.decoding import DecodedPhoto, decode_upload
from train.windows.predictor import Predictor


def sleeps(connection: Connection, _: float) -> None:
    """As a decoder that a photo keeps busy without end."""
    connection.recv_bytes()
    time.sleep(3600)


def dies(connection: Connection, _: float) -> None:
    """As a process that the system kills for its memory."""
    connection.recv_bytes()
    os._exit(9)


def test_the_pixels_arrive_as_they_are() -> None:
    image = random_image(3, 70, 90)
    np.testing.assert_array_equal(decode_upload(encoded(image), 64).image, image)


def test_a_decoder_that_overruns_its_time_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "_answer", sleeps)
    with pytest.raises(Refusal, match=r"not decoded within 0\.1 s\. Save it anew") as refusal:
        decode_upload(b"photo", 64, seconds=0.1)
    assert refusal.value.status == 422
    assert not multiprocessing.active_children()


def test_what_ends_the_request_ends_its_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "_answer", sleeps)

    def gone() -> None:
        raise Refusal(499, "gone")

    with pytest.raises(Refusal, match="gone"):
        decode_upload(b"photo", 64, check=gone)
    assert not multiprocessing.active_children()


def test_a_decoder_that_dies_is_told(monkeypatch: pytest.MonkeyPatch, predictor: Predictor) -> None:
    monkeypatch.setattr(decoding, "_answer", dies)
    answer = client_of(predictor).post("/predict", data=encoded(random_image(0)))
    assert answer.status_code == 413
    assert "needs more memory than there is, or breaks its decoder" in answer.get_json()["error"]


def test_a_slow_decoder_holds_nobody_else(monkeypatch: pytest.MonkeyPatch, predictor: Predictor) -> None:
    slow, others = encoded(random_image(1)), encoded(random_image(2))
    entered, go_on = threading.Event(), threading.Event()

    def decoded(data: bytes, *given: object, **more: object) -> DecodedPhoto:
        if data == slow:
            entered.set()
            assert go_on.wait(600)
        return decode_upload(data, 64)

    monkeypatch.setattr("train.serve.service.decode_upload", decoded)
    answers: list[int] = []
    with serving(service_of(predictor)) as port:
        thread = threading.Thread(target=lambda: answers.append(post(port, slow)[0]))
        thread.start()
        assert entered.wait(600)
        assert [post(port, others)[0] for _ in range(3)] == [200] * 3
        assert answers == []
        go_on.set()
        thread.join()
    assert answers == [200]
