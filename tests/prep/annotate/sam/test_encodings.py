"""Embeddings: kept on the disk, made anew where they are damaged or old, one bad photo among good ones."""

import itertools
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from prep.annotate.model.proposal_files import identity_of
from prep.annotate.sam.embedding_files import EmbeddingFiles
from prep.annotate.sam.encodings import Encodings
from prep.annotate.sam.model import Embedding, Sam
from prep.annotate.store.store import AnnotationStore
from prep.core.errors import SegError
from prep.core.progress import silent
from tests.prep.annotate.model.proposing import store_of
from tests.prep.annotate.sam.pointing import sam_of
from tests.support import save, wait_until


class Counting:
    """A model that remembers what it was shown."""

    def __init__(self, sam: Sam) -> None:
        self.sam = sam
        self.seen: list[int] = []

    def encode(self, small: np.ndarray) -> Embedding:  # type: ignore[type-arg]
        self.seen.append(int(small[0, 0, 0]))
        return self.sam.encode(small)

    def __getattr__(self, name: str) -> object:
        return getattr(self.sam, name)


@pytest.fixture
def store(tmp_path: Path) -> AnnotationStore:
    """Photos s0 .. s3, each of one colour: 10, 11, 12, 13."""
    store = store_of(tmp_path / "campus", 4)
    for place in range(4):
        save(store.root / "images" / f"s{place}.png", np.full((24, 32, 3), 10 + place, np.uint8))
    return store


@pytest.fixture
def sam(tmp_path: Path) -> Counting:
    return Counting(sam_of(tmp_path / "model"))


def encodings_of(store: AnnotationStore, sam: Counting, files: EmbeddingFiles | None = None) -> Encodings:
    return Encodings(store, sam, files)  # type: ignore[arg-type]


def files_in(root: Path) -> list[Path]:
    return sorted((root / ".annotate" / "embeddings").glob("*/*.embedding"))


def test_the_open_photo_and_the_next_two(store: AnnotationStore, sam: Counting) -> None:
    encodings = encodings_of(store, sam)
    assert encodings.embedding("s1") is None
    with encodings.working():
        wait_until(lambda: len(files_in(store.root)) == 3)
        image, embedding = encodings.embedding("s1") or ("", {})
        assert image == identity_of(store.photo_path("s1"))
    assert sam.seen == [11, 12, 13]
    assert embedding["image_embeddings"][0, 0, 0, 0] == pytest.approx((11 - 123.675) / 58.395, abs=1e-4)


def test_a_restart_encodes_nothing_again(store: AnnotationStore, sam: Counting) -> None:
    assert encodings_of(store, sam).prepare(silent, print) == (4, [])
    again = encodings_of(store, sam)
    assert again.embedding("s2") is not None
    assert again.prepare(silent, print) == (4, [])
    assert sam.seen == [10, 11, 12, 13]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text", "deep", "shape"])
def test_a_damaged_file_is_made_anew(store: AnnotationStore, sam: Counting, damage: str) -> None:
    encodings_of(store, sam).prepare(silent, print)
    path = files_in(store.root)[0]
    whole = path.read_bytes()
    head = whole.index(b"\n")
    path.write_bytes({
        "cut": whole[:-1], "flipped": whole[:-1] + bytes([whole[-1] ^ 1]), "empty": b"", "text": b"no embedding",
        "deep": b"[" * 60_000 + b"\n", "shape": whole[:head].replace(b"[1, 256", b"[1, 999999999") + whole[head:],
    }[damage])  # fmt: skip
    encodings = encodings_of(store, sam)
    with encodings.working():
        for stem in ("s0", "s1", "s2", "s3"):
            wait_until(lambda stem=stem: encodings.embedding(stem) is not None)
    assert len(sam.seen) == 5
    assert files_in(store.root)[0].read_bytes() == whole


def test_a_photo_that_is_replaced_is_encoded_again(store: AnnotationStore, sam: Counting) -> None:
    encodings = encodings_of(store, sam)
    with encodings.working():
        wait_until(lambda: encodings.embedding("s0") is not None)
        save(store.root / "images" / "s0.png", np.full((24, 32, 3), 200, np.uint8))
        wait_until(lambda: encodings.embedding("s0") is not None)
    assert sam.seen.count(200) == 1


def test_a_photo_that_is_replaced_while_it_is_encoded(
    store: AnnotationStore, sam: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read of the old file does not pass for the new one."""
    encode = sam.encode

    def replaced(small: np.ndarray) -> Embedding:  # type: ignore[type-arg]
        if small[0, 0, 0] == 10:
            save(store.root / "images" / "s0.png", np.full((24, 32, 3), 201, np.uint8))
        return encode(small)

    monkeypatch.setattr(sam, "encode", replaced)
    encodings = encodings_of(store, sam)
    with encodings.working():
        wait_until(lambda: encodings.embedding("s0") is not None)
        _, embedding = encodings.embedding("s0") or ("", {})
    assert embedding["image_embeddings"][0, 0, 0, 0] == pytest.approx((201 - 123.675) / 58.395, abs=1e-4)


def test_a_broken_photo_stops_no_other(store: AnnotationStore, sam: Counting) -> None:
    (store.root / "images" / "s1.png").write_bytes(b"\x89PNG broken")
    done, problems = encodings_of(store, sam).prepare(silent, print)
    assert done == 3
    assert len(problems) == 1
    assert "s1.png" in problems[0]
    encodings = encodings_of(store, sam)
    encodings.embedding("s1")
    with encodings.working():
        wait_until(lambda: fails(encodings, "s1"))
        save(store.root / "images" / "s1.png", np.full((24, 32, 3), 9, np.uint8))
        wait_until(lambda: encodings.embedding("s1") is not None)


def fails(encodings: Encodings, stem: str) -> bool:
    try:
        encodings.embedding(stem)
    except SegError as error:
        return f"{stem}.png" in str(error)
    return False


def test_finished_photos_are_not_prepared(store: AnnotationStore, sam: Counting) -> None:
    store.set_state("s0", "done")
    store.set_state("s3", "rejected")
    assert encodings_of(store, sam).prepare(silent, print) == (2, [])
    assert sam.seen == [11, 12]


def test_the_order_of_use_is_told_by_a_finer_clock_than_that_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system stamps files some milliseconds apart alike: their names decided then which of them goes."""
    embedding, ticks = {"x": np.zeros(1000, np.float32)}, itertools.count(10**18)
    files = EmbeddingFiles(tmp_path, "model", most_bytes=9000)
    monkeypatch.setattr(time, "time_ns", lambda: next(ticks))
    files.write("a", "1", embedding)
    files.write("b", "1", embedding)
    assert files.read("a", "1") is not None
    assert sorted(path.stat().st_mtime_ns - 10**18 for path in tmp_path.rglob("*.embedding")) == [1, 2]
    files.write("c", "1", embedding)
    assert [bool(files.size(stem, "1")) for stem in "bca"] == [False, True, True]
    files.write("d", "1", embedding)
    assert [bool(files.size(stem, "1")) for stem in "ac"] == [True, False]


def test_what_was_not_used_for_longest_goes_first(store: AnnotationStore, sam: Counting, tmp_path: Path) -> None:
    size = 4 * 256 * 64 * 64
    files = EmbeddingFiles(tmp_path / "kept", "model", most_bytes=2 * size + 1000)
    embedding = sam.encode(np.zeros((768, 1024, 3), np.uint8))
    for stem in ("a", "b"):
        files.write(stem, "1", embedding)
    assert files.read("a", "1") is not None  # used now
    files.write("c", "1", embedding)
    assert [bool(files.size(stem, "1")) for stem in "abc"] == [True, False, True]
    assert files.size("a", "2") == 0
    EmbeddingFiles(tmp_path / "kept", "other", most_bytes=2 * size + 1000).write("d", "1", embedding)
    assert [bool(files.size(stem, "1")) for stem in "abc"] == [False, False, True]


def test_preparing_ends_where_there_is_no_room(store: AnnotationStore, sam: Counting, tmp_path: Path) -> None:
    """Typed again it pushes nothing out: what is there stays there."""
    size = 4 * 256 * 64 * 64
    files = EmbeddingFiles(tmp_path / "kept", "model", most_bytes=2 * size + 1000)
    notes: list[str] = []
    assert encodings_of(store, sam, files).prepare(silent, notes.append) == (2, [])
    assert encodings_of(store, sam, files).prepare(silent, notes.append) == (2, [])
    assert sam.seen == [10, 11]
    assert notes == ["No room for more: 2 photos take the 0.0 GB there are."] * 2


def test_preparing_goes_on_in_the_room_of_another_model(store: AnnotationStore, sam: Counting, tmp_path: Path) -> None:
    """What was encoded before the other model's files is counted, so it stays."""
    size = 4 * 256 * 64 * 64
    files = EmbeddingFiles(tmp_path / "kept", "model", most_bytes=2 * size + 1000)
    other = EmbeddingFiles(tmp_path / "kept", "other", most_bytes=2 * size + 1000)
    other.write("x", "1", sam.encode(np.zeros((768, 1024, 3), np.uint8)))
    files.write("s0", identity_of(store.photo_path("s0")), sam.encode(np.zeros((768, 1024, 3), np.uint8)))
    for path in (tmp_path / "kept/model").iterdir():
        os.utime(path, (1e9, 1e9))
    sam.seen.clear()
    encodings = encodings_of(store, sam, files)
    assert encodings.prepare(silent, list[str]().append) == (2, [])
    assert len(list((tmp_path / "kept/model").iterdir())) == 2
    assert not list((tmp_path / "kept/other").iterdir())
    assert sam.seen == [11]


def test_the_end_does_not_wait_for_a_long_encoding(
    store: AnnotationStore, sam: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()
    monkeypatch.setattr(sam.sam, "stop", lambda: begun.set() or Sam.stop(sam.sam))

    def slow(small: np.ndarray) -> Embedding:  # type: ignore[type-arg]
        assert begun.wait(60)
        return sam.sam.encode(small)

    monkeypatch.setattr(sam, "encode", slow)
    encodings = encodings_of(store, sam)
    with encodings.working():
        encodings.embedding("s0")
    assert not files_in(store.root), "stopped, the file runs no more"
    with pytest.raises(SegError, match=r"encoder\.onnx: failed"):
        sam.sam.encode(np.zeros((768, 1024, 3), np.uint8))
