"""Packing to, and unpacking from, an S3 server as one types it."""

from pathlib import Path

import pytest

from prep.packing.pack import pack_dataset
from prep.storage.store import Store
from tests.prep.packing.packed import SMALL, content
from tests.prep.storage.s3 import s3_server
from tests.support import run_error, run_ok, run_script


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> object:
    with s3_server(monkeypatch) as url:
        yield url


def test_there_and_back_by_the_commands(root: Path, tmp_path: Path, bucket: str) -> None:
    for _ in range(2):
        done = run_script("seg-prep", "pack", root, "-o", f"{bucket}/campus", "--shard-size", "100kB")
        assert (done.returncode, done.stderr) == (0, "")
    assert "(all there already)" in done.stdout
    done = run_script("seg-prep", "unpack", f"{bucket}/campus", "-o", tmp_path / "back")
    assert (done.returncode, done.stderr) == (0, "")
    assert content(tmp_path / "back") == content(root)


def test_the_index_is_put_once(bucket: str) -> None:
    store = Store(f"{bucket}/campus")
    assert store.put_new("index.parquet", b"mine")
    assert not store.put_new("index.parquet", b"yours")
    assert store.read("index.parquet") == b"mine"


def test_the_same_bytes_as_in_a_folder(root: Path, tmp_path: Path, bucket: str) -> None:
    local = pack_dataset(root, str(tmp_path / "packed"), shard_size=SMALL)
    there = pack_dataset(root, f"{bucket}/campus", shard_size=SMALL, workers=1)
    store = Store(f"{bucket}/campus")
    for name, data in content(tmp_path / "packed").items():
        if not name.endswith("/"):
            assert store.read(name) == data
    assert (local.shards, local.size) == (there.shards, there.size)


def test_errors_name_the_place_and_no_secret(root: Path, tmp_path: Path, bucket: str) -> None:
    error = run_error("unpack", "s3://nosuchbucket/campus", "-o", tmp_path / "back")
    assert error.startswith("s3://nosuchbucket/campus: holds no index.parquet")
    error = run_error("pack", root, "-o", "s3://nosuchbucket/campus")
    assert error.startswith("s3://nosuchbucket/campus/")
    assert "geheimnis" not in error
    run_ok("pack", root, "-o", f"{bucket}/campus")
