"""What the server answers to clicks."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from numpy.typing import NDArray

from prep.annotate.app import annotate_app
from prep.annotate.regions.spans import mask_of
from prep.annotate.sam.frame import Floats, PaddedFrame
from prep.annotate.sam.model import Answer, Embedding, LabelledPoint, Sam
from prep.annotate.sam.objects import Objects
from prep.annotate.store.store import AnnotationStore
from tests.prep.annotate.model.proposing import store_of
from tests.prep.annotate.sam.pointing import HEIGHT, WIDTH, disc, objects_of
from tests.prep.annotate.store.storing import block, send
from tests.support import wait_until


@pytest.fixture
def store(tmp_path: Path) -> AnnotationStore:
    return store_of(tmp_path / "campus", 2, (HEIGHT, WIDTH))


@pytest.fixture
def objects(store: AnnotationStore, tmp_path: Path) -> Objects:
    return objects_of(tmp_path / "model")(store)


@pytest.fixture
def client(store: AnnotationStore, objects: Objects) -> Iterator[FlaskClient]:
    app = annotate_app(store, only_here=True, objects=objects)
    with objects.encodings.working():
        client = app.test_client()
        wait_until(lambda: client.get("/api/images/s0/encoded").status_code == 200)
        yield client


def found(client: FlaskClient, query: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks of the object and of what is removed."""
    answer = client.get(f"/api/images/s0/object?{query}")
    assert answer.status_code == 200, answer.data
    numbers = np.frombuffer(answer.data, "<i4")
    end = 1 + 3 * numbers[0]
    return mask_of(numbers[1:end], HEIGHT, WIDTH), mask_of(numbers[end:], HEIGHT, WIDTH)


def test_a_click(client: FlaskClient) -> None:
    mask, removed = found(client, "steps=in,30.5,20.5")
    assert (mask == disc(30.5, 20.5)).mean() > 0.999
    assert not removed.any()


def test_each_click_builds_on_the_answer_before(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mask of the last answer goes in; a click taken back, or the same clicks in another tab, ask nothing."""
    asked: list[tuple[int, object, object]] = []
    answer = Sam.answer

    def watched(
        self: Sam, embedding: Embedding, frame: PaddedFrame, points: Sequence[LabelledPoint], before: Floats | None
    ) -> Answer:
        found = answer(self, embedding, frame, points, before)
        asked.append((len(points), before, found.low))
        return found

    monkeypatch.setattr(Sam, "answer", watched)
    found(client, "steps=in,30,20")
    two = found(client, "steps=in,30,20;in,60,40")[0]
    assert [(points, before is None) for points, before, _ in asked] == [(1, True), (2, False)]
    assert np.array_equal(asked[1][1], asked[0][2])
    assert (two == (disc(30, 20) | disc(60, 40))).mean() > 0.999
    found(client, "steps=in,30,20")
    found(client, "steps=in,30,20;in,60,40")
    assert len(asked) == 2
    three = found(client, "steps=in,40,30;out,41,30;box,5,5,20,10")[0]
    assert [points for points, *_ in asked[2:]] == [1, 2, 4]
    assert three[7, 10]
    assert not three[30, 41]


def test_the_region_that_is_there_is_corrected(client: FlaskClient, store: AnnotationStore) -> None:
    """Beginning on the chosen class, its region goes in as the mask before; what is cut off is told."""
    send(store, "s0", block(10, 10, 60, 30, 1), store.mask("s0").version, "one")
    send(store, "s0", block(80, 50, 5, 5, 1), store.mask("s0").version, "two")
    mask, removed = found(client, "steps=out,40,20&class=1")
    inner = np.zeros((HEIGHT, WIDTH), np.bool_)
    inner[12:38, 12:68] = True
    assert (mask == ~disc(40, 20))[inner].mean() > 0.97
    assert not mask[52, 82], "another region of the class is not part of it"
    assert (removed[inner] == ~mask[inner]).all()
    assert not removed[:10].any()
    assert not removed[50:].any()
    other, removed = found(client, "steps=in,40,20&class=2")
    assert (other == disc(40, 20)).mean() > 0.999, "the class there is another one: nothing goes in"
    assert not removed.any()


def test_a_changed_mask_is_another_question(client: FlaskClient, store: AnnotationStore) -> None:
    send(store, "s0", block(10, 10, 20, 20, 1), store.mask("s0").version, "one")
    small = found(client, "steps=in,12,12&class=1")[0]
    send(store, "s0", block(10, 10, 60, 30, 1), store.mask("s0").version, "two")
    large = found(client, "steps=in,12,12&class=1")[0]
    assert large[20, 60]
    assert not small[20, 60]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "'' is no step; steps are like"),
        ("steps=in,1", "'in,1' is no step"),
        ("steps=maybe,1,2", "'maybe,1,2' is no step"),
        ("steps=in,1,nan", "lies outside this image of 90 x 60 pixels"),
        ("steps=in,91,2", "'in,91,2' lies outside this image"),
        ("steps=box,5,5,4,9", "'box,5,5,4,9' is no box: its first corner is the upper left one"),
        (
            "steps=" + ";".join(["in,1,1"] * 65),
            "More than 64 clicks for one object. Accept this one, and begin the next.",
        ),
        ("steps=in,1,1&class=x", "class is the index of a class; this is 'x'."),
    ],
)
def test_wrong_questions(client: FlaskClient, query: str, words: str) -> None:
    answer = client.get(f"/api/images/s0/object?{query}")
    assert answer.status_code == 400
    assert words in answer.json["error"]


def test_a_photo_not_encoded_yet(client: FlaskClient, objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects.encodings, "embedding", lambda stem: None)
    for path in ("object?steps=in,1,1", "encoded"):
        answer = client.get(f"/api/images/s1/{path}")
        assert (answer.status_code, answer.json) == (202, {"state": "encoding"})


def test_without_files_and_without_an_image(client: FlaskClient, store: AnnotationStore) -> None:
    assert client.get("/api/dataset").json["sam"] == "SAM 1 of osam"
    assert client.get("/api/images/nobody/object?steps=in,1,1").status_code == 404
    plain = annotate_app(store, only_here=True).test_client()
    assert plain.get("/api/dataset").json["sam"] is None
    answer = plain.get("/api/images/s0/encoded")
    assert answer.status_code == 404
    assert answer.json["error"] == "Objects need a model here. Start again with --sam FOLDER to point at them."
