"""Photos and labels named by URLs give what the same files give from a folder here."""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import numpy as np
import pytest

from prep.core.files import part_of
from prep.storage import store as storage
from tests.prep.storage.flaky import empty_memory, flaky
from tests.prep.storage.s3 import s3_server
from tests.support import (
    CLASS_LIST,
    load,
    paint,
    random_mask,
    run_ok,
    run_partly,
    run_prep,
    run_script,
    save,
    smooth_image,
    tree,
)


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Photos and RGB masks with a class list beside them, as a person has them."""
    monkeypatch.chdir(tmp_path)
    empty_memory()
    for number in range(6):
        save(tmp_path / f"raw/set/images/day {number % 2}/{number}.png", np.roll(smooth_image(), number, 0))
        save(tmp_path / f"raw/set/masks/day {number % 2}/{number}.png", paint(random_mask(number)))
    (tmp_path / "raw/set/classes.txt").write_text(CLASS_LIST)
    return tmp_path / "raw"


def put(folder: Path, url: str) -> None:
    files, path = fsspec.core.url_to_fs(url)
    files.put(f"{folder}/", f"{path}/", recursive=True)


def test_the_same_bytes_from_a_storage(raw: Path) -> None:
    put(raw, "memory://bucket")
    there = "memory://bucket/set"
    run_ok("resize", raw / "set/images", "-o", "a", "--size", 20)
    run_ok("resize", f"{there}/images", "-o", "b", "--size", 20)
    assert tree(Path("a")) == tree(Path("b"))
    run_ok("masks", "convert", raw / "set/masks", "-o", "c", "--images", raw / "set/images")
    run_ok(
        "masks",
        "convert",
        f"{there}/masks",
        "-o",
        "d",
        "--images",
        f"{there}/images",
        "--classes",
        f"{there}/classes.txt",
    )
    assert tree(Path("c")) == tree(Path("d"))
    assert not Path("fetched").exists()


def test_five_of_a_hundred_requests_fail_and_the_bytes_are_the_same(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_FIRST_PAUSE_S", 0)
    run_ok("masks", "convert", raw / "set/masks", "-o", "a", "--images", raw / "set/images")
    with flaky(0.05) as failing:
        put(raw, "memory://bucket")
        there = "flaky://bucket/set"
        for _ in range(10):
            run_ok(
                "masks",
                "convert",
                f"{there}/masks",
                "-o",
                "b",
                "--images",
                f"{there}/images",
                "--classes",
                f"{there}/classes.txt",
            )
            assert tree(Path("a")) == tree(Path("b"))
            shutil.rmtree("b")
        assert failing.failed > 5


def test_a_damaged_photo_is_named_by_its_url(raw: Path) -> None:
    (raw / "set/images/day 0/broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    put(raw, "memory://bucket")
    said = run_partly("resize", "memory://bucket/set/images", "-o", "a", "--size", 20)
    assert "memory://bucket/set/images/day 0/broken.png: " in said
    assert not Path("fetched").exists()


def test_what_a_killed_fetch_left_half_done_goes(raw: Path) -> None:
    """A part of one file lies beside its copy, one of a folder's file in the copy."""
    put(raw, "memory://bucket")
    url = "memory://bucket/set/images/day 0/0.png"
    for place in ("images/day 0", "images/day 1"):
        part = part_of(Path("fetched/bucket/set", place, "0.png"))
        part.parent.mkdir(parents=True)
        part.write_bytes(b"half")
    run_ok("resize", url, "-o", "a", "--size", 20)
    assert [path.parent.name for path in Path("fetched").rglob("*.part")] == ["day 1"]
    run_ok("resize", "memory://bucket/set/images", "-o", "b", "--size", 20)
    assert not Path("fetched").exists()


def test_what_was_fetched_stays_for_the_next_try(raw: Path) -> None:
    put(raw, "memory://bucket")
    result = run_prep(
        "masks", "convert", "memory://bucket/set/masks", "-o", "a", "--images", "memory://bucket/set/images"
    )
    assert result.exit_code == 1  # no class list is fetched with the masks
    assert "What was fetched stays in" in result.stderr
    kept = {path: path.stat().st_mtime_ns for path in Path("fetched").rglob("*.png")}
    assert len(kept) == 12
    (Path("fetched/bucket/set/masks/day 0/0.png")).write_bytes(b"cut off")
    run_ok("masks", "inspect", "memory://bucket/set/masks")
    assert (Path("fetched/bucket/set/masks/day 0/0.png")).read_bytes() == (raw / "set/masks/day 0/0.png").read_bytes()
    assert {path: path.stat().st_mtime_ns for path in kept} == kept  # a copy has a time by its version
    other = paint(random_mask(1)[::-1])
    save(raw / "other.png", other)
    with fsspec.open("memory://bucket/set/masks/day 0/0.png", "wb") as file:  # another one, perhaps of the same size
        file.write((raw / "other.png").read_bytes())
    run_ok("masks", "inspect", "memory://bucket/set/masks")
    assert np.array_equal(load(Path("fetched/bucket/set/masks/day 0/0.png")), other)
    Path("classes.txt").write_text(CLASS_LIST)
    run_ok(
        *("masks", "convert", "memory://bucket/set/masks", "-o", "a", "--images", "memory://bucket/set/images"),
        *("--classes", "classes.txt"),
    )
    assert not Path("fetched").exists()


def test_neither_record_nor_result_holds_a_password(raw: Path) -> None:
    with flaky(0):
        put(raw / "set/images", "memory://bucket/images")
        result = run_ok("resize", "flaky://anna:geheim@bucket/images", "-o", "a", "--size", 20, "--json")
        assert json.loads(result.stdout)["images"] == 6
        assert "geheim" not in result.output + Path("a/provenance.jsonl").read_text() + Path("a/photos.csv").read_text()
        assert "flaky://bucket/images" in Path("a/provenance.jsonl").read_text()


def test_what_is_not_there_is_told(raw: Path) -> None:
    for url, words in {
        "memory://bucket/none": "memory://bucket/none: no such file or folder",
        "memory://": "names a whole storage",
        "nosuch://a/b": "nosuch://a/b: ",
    }.items():
        result = run_prep("resize", url, "-o", "a", "--size", 20)
        assert result.exit_code == 1
        assert words in result.stderr
        assert "Traceback" not in result.stderr


def test_files_in_a_zip_behind_a_url(raw: Path) -> None:
    shutil.make_archive("photos", "zip", raw / "set")
    fsspec.filesystem("memory").put_file("photos.zip", "/bucket/photos.zip")
    run_ok("resize", raw / "set/images", "-o", "a", "--size", 20)
    run_ok("resize", "zip://images::memory://bucket/photos.zip", "-o", "b", "--size", 20)
    assert tree(Path("a")) == tree(Path("b"))


def test_from_an_s3_server_as_one_types_it(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_server(monkeypatch) as bucket:
        put(raw / "set/images", f"{bucket}/photos")
        done = run_script("seg-prep", "resize", f"{bucket}/photos", "-o", "b", "--size", 20)
        assert (done.returncode, done.stderr) == (0, "")
    run_ok("resize", raw / "set/images", "-o", "a", "--size", 20)
    assert tree(Path("a")) == tree(Path("b"))


def test_a_file_that_is_replaced_while_it_is_copied_is_no_copy(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody uploads a larger photo between the list and the copy, which would end where the old one ended."""
    put(raw, "memory://bucket")
    larger = np.kron(random_mask(9, 90, 120), np.ones((2, 2), np.uint8))
    save(raw / "larger.png", paint(larger))
    stream = storage.Store.stream

    def replaced_first(self: storage.Store, name: str, first: int = 0) -> AbstractContextManager[storage.Download]:
        if name == "day 0/0.png":
            with fsspec.open("memory://bucket/set/images/day 0/0.png", "wb") as file:
                file.write((raw / "larger.png").read_bytes())
        return stream(self, name, first)

    with monkeypatch.context() as patch:
        patch.setattr(storage.Store, "stream", replaced_first)
        result = run_prep("resize", "memory://bucket/set/images", "-o", "a", "--size", 20)
    assert result.exit_code == 1
    assert "day 0/0.png was replaced or removed while it was copied; type the same command again" in result.stderr
    assert not Path("a/index.csv").exists()
    run_ok("resize", "memory://bucket/set/images", "-o", "a", "--size", 20)
    shutil.copy(raw / "larger.png", raw / "set/images/day 0/0.png")
    run_ok("resize", raw / "set/images", "-o", "b", "--size", 20)
    assert tree(Path("a/images")) == tree(Path("b/images"))


class _Listing(SimpleHTTPRequestHandler):
    """Says nothing of its requests; a folder is a page of links."""

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def list_directory(self, path: str) -> None:  # type: ignore[override]
        """The links of Python's server, behind those to other orders of the list and to the folder above."""
        listed = super().list_directory(path)
        page = b'<a href="?C=M;O=A">Date</a> <a href="../">..</a> <a href="/">/</a>' + (
            listed.read() if listed else b""
        )
        self.wfile.write(page)

    def send_header(self, keyword: str, value: str) -> None:
        """Without the length of a page that gets longer."""
        if keyword != "Content-Length" or not self.path.endswith("/"):
            super().send_header(keyword, value)


@contextmanager
def listing_website(folder: Path) -> Iterator[str]:
    """The URL of a folder whose files are listed."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Listing, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_same_bytes_from_a_website_that_lists_its_files(raw: Path) -> None:
    shutil.make_archive(str(raw / "set"), "zip", raw / "set")
    (raw / "set/images/day 0/0.png").rename(raw / "set/images/day 0/50% é #1.png")
    run_ok("resize", raw / "set/images", "-o", "a", "--size", 20)
    run_ok("resize", raw / "set/images/day 1/1.png", "-o", "one", "--size", 20)
    run_ok("masks", "convert", raw / "set.zip", "-o", "c", "--classes", raw / "set/classes.txt")
    with listing_website(raw) as there:
        run_ok("resize", f"{there}/set/images", "-o", "b", "--size", 20)
        run_ok("resize", f"{there}/set/images/day 1/1.png", "-o", "another", "--size", 20)
        run_ok("masks", "convert", f"{there}/set.zip", "-o", "d", "--classes", f"{there}/set/classes.txt")
        assert "3 labels" in run_ok("masks", "inspect", f"{there}/set/masks/day 0").stdout
    assert tree(Path("a")) == tree(Path("b"))
    assert tree(Path("one")) == tree(Path("another"))
    assert tree(Path("c")) == tree(Path("d"))


def test_file_urls_are_the_paths_that_they_mean(raw: Path) -> None:
    there = f"file://{raw}/set"
    run_ok("resize", raw / "set/images", "-o", "a", "--size", 20)
    run_ok("resize", f"{there}/images", "-o", "b", "--size", 20)
    assert tree(Path("a")) == tree(Path("b"))
    run_ok("masks", "convert", raw / "set/masks", "-o", "c", "--images", raw / "set/images")
    run_ok("masks", "convert", f"{there}/masks", "-o", "d", "--images", f"{there}/images")
    assert tree(Path("c")) == tree(Path("d"))
    told = run_ok("masks", "inspect", f"{there}/masks/day%200", "--classes", f"{there}/classes.txt").stdout
    assert told == run_ok("masks", "inspect", raw / "set/masks/day 0", "--classes", raw / "set/classes.txt").stdout
    assert not Path("fetched").exists()
    assert (
        "no such file or folder; did you mean" in run_prep("resize", f"{there}/image", "-o", "e", "--size", 20).stderr
    )
    assert "as in file:///home" in run_prep("resize", "file://set/images", "-o", "e", "--size", 20).stderr


def test_a_command_that_reads_local_files_only_says_so(raw: Path) -> None:
    told = run_prep("tile", "https://anna:geheim@example.org/ortho.tif", "-o", "e")
    assert told.exit_code == 2
    assert (
        "https://example.org/ortho.tif: a URL, and this names a file or folder of this machine; 'seg-prep unpack"
        in told.stderr
    )
