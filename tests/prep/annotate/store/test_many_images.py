"""A dataset of 100,000 images while people label it."""

import gzip
import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from prep.annotate.app import annotate_app
from prep.annotate.store import live_index
from prep.annotate.store.store import AnnotationStore, ListedImage
from prep.core.classes import write_classes
from prep.dataset.index import Sample, read_index, write_index
from prep.dataset.states import read_states_and_notes, write_states
from tests.prep.annotate.store.storing import block, send
from tests.support import CLASSES, images_only

MANY = 100_000


def test_the_list_of_many_images_is_small_on_the_wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images_only(tmp_path / "d", [(24, 32)])
    store = AnnotationStore(tmp_path / "d")
    chance = random.Random(3)
    entries = [
        ListedImage(
            f"IMG_2026{number:06}_east", 4000, 3000, chance.choice(["done", "new", "in work"]), f"{number:020x}",
            chance.choice(["train", "val", "test"]), "", chance.random(), sorted(chance.sample(range(8), number % 8)),
        )
        for number in range(MANY)
    ]  # fmt: skip
    app = annotate_app(store, only_here=True)
    monkeypatch.setattr(store, "entries", lambda: entries)
    answer = app.test_client().get("/api/dataset", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.data) < 2_000_000
    columns = json.loads(gzip.decompress(answer.data))["images"]
    assert {len(column) for column in columns.values()} == {MANY}
    assert columns["labelled"][7] == pytest.approx(entries[7].labelled, abs=1e-4)
    store.close()


def test_a_first_save_a_state_and_a_note_read_no_table_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "d"
    images_only(root, [(24, 32)])
    write_classes(root / "classes.json", CLASSES)
    shutil.copy(root / "images/s0.png", root / "images/s600.png")
    samples = [Sample(f"s{number:05}", f"images/s{number}.png", "", 32, 24) for number in range(0, 4000, 2)]
    write_index(root / "index.csv", samples)
    write_states(root / "states.csv", {sample.stem: "done" for sample in samples[5::7]}, {})
    store = AnnotationStore(root)
    assert len(store.entries()) == 2000

    def refuse(*_: object) -> None:
        raise AssertionError("the whole table was read or written")

    for name in ("read_index", "write_index", "read_states_and_notes", "write_states"):
        monkeypatch.setattr(live_index, name, refuse)
    send(store, "s00600", block(0, 0, 8, 8, 1), "none", "first")
    store.set_state("s00702", "done")
    store.set_state("s00010", "rejected")
    store.set_state("s00024", "new")
    store.set_state("s00600", "rejected")
    store.set_state("s00600", "in work")
    listed = {entry.stem: entry for entry in store.entries()}
    assert listed["s00600"].labelled == pytest.approx(64 / 768)
    store.close()
    expected = {sample.stem: "done" for sample in samples[5::7]}
    expected |= {"s00600": "in work", "s00702": "done", "s00010": "rejected"}
    del expected["s00024"]
    assert read_states_and_notes(root / "states.csv") == (expected, {})
    named = [replace(sample, mask="masks/s00600.png" * (sample.stem == "s00600")) for sample in samples]
    assert list(read_index(root / "index.csv")) == named
    before = (root / "index.csv").read_bytes(), (root / "states.csv").read_bytes()
    write_index(root / "index.csv", named)
    write_states(root / "states.csv", expected, {})
    assert ((root / "index.csv").read_bytes(), (root / "states.csv").read_bytes()) == before
