"""A dataset that was packed comes back byte for byte, and readers see all of it or nothing."""

import errno
import io
import json
import os
import shutil
import subprocess
import tarfile
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pytest
import webdataset
from PIL import Image
from pyarrow import parquet

import prep
from prep.core.errors import SegError
from prep.dataset import lock
from prep.dataset.dataset import Dataset
from prep.dataset.index import write_index
from prep.dataset.missing import PACK_INDEX
from prep.packing import pack as packing
from prep.packing import shard as shards_of_files
from prep.packing.pack import pack_dataset
from prep.packing.pack_index import packed_samples
from prep.packing.shard import WriteShard
from prep.packing.unpack import unpack_dataset
from prep.storage import store as storage
from prep.storage.store import Store
from tests.prep.dataset.holding import held_elsewhere
from tests.prep.packing.packed import SMALL, SPLITS, STEMS, content
from tests.prep.storage.flaky import empty_memory, flaky
from tests.support import (
    CLASSES,
    SCRIPTS,
    load,
    random_image,
    random_mask,
    run_error,
    run_ok,
    run_partly,
    run_prep,
    save,
    tree,
)


def table(target: Path) -> pa.Table:
    return parquet.read_table(target / PACK_INDEX)


@pytest.mark.parametrize("workers", [1, 2])
def test_it_comes_back_byte_for_byte(root: Path, tmp_path: Path, workers: int) -> None:
    before = content(root)
    packed = pack_dataset(root, str(tmp_path / "packed"), shard_size=SMALL, workers=workers)
    assert content(root) == before
    assert (packed.samples, packed.changed) == (9, True)
    assert packed.shards > 4
    unpack_dataset(str(tmp_path / "packed"), tmp_path / "back", workers=workers)
    assert content(tmp_path / "back") == before


def test_the_same_bytes_again_and_nothing_changes(root: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    pack_dataset(root, str(first), shard_size=SMALL, workers=1)
    pack_dataset(root, str(second), shard_size=SMALL, workers=2)
    assert content(first) == content(second)
    times = {path: path.stat().st_mtime_ns for path in first.rglob("*.tar")}
    assert not pack_dataset(root, str(first), shard_size=SMALL).changed
    assert {path: path.stat().st_mtime_ns for path in first.rglob("*.tar")} == times
    unpack_dataset(str(first), tmp_path / "back")
    assert not unpack_dataset(str(first), tmp_path / "back").changed


def test_shards_hold_one_split_each_and_are_as_large_as_allowed(root: Path, tmp_path: Path) -> None:
    pack_dataset(root, str(tmp_path / "packed"), shard_size=SMALL)
    splits = dict(zip(STEMS, SPLITS, strict=True))
    for row in table(tmp_path / "packed").to_pylist():
        assert row["shard"].startswith(splits[row["stem"]] or "unsplit")
    shards = [path for path in (tmp_path / "packed").rglob("*.tar") if not path.name.startswith("files")]
    assert all(path.stat().st_size <= SMALL for path in shards)
    assert len([path for path in shards if path.name.startswith("train")]) == 2  # two samples of 17 kB or more in each


def test_the_index_says_where_each_file_lies(root: Path, tmp_path: Path) -> None:
    """One sample is fetched by its place alone, without any of our code."""
    packed = pack_dataset(root, str(tmp_path / "packed"), shard_size=SMALL)
    rows = {row["stem"]: row for row in table(tmp_path / "packed").to_pylist()}
    row = rows["Über Größe"]
    shard = (Path(packed.folder) / row["shard"]).read_bytes()
    image = shard[row["image_offset"] : row["image_offset"] + row["image_bytes"]]
    assert (root / row["image"]).read_bytes() == image
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(image))), random_image(7, 60, 80))
    assert (row["group"], row["width"], row["height"], row["split"]) == ("north", 80, 60, "test")
    assert rows["z" * 120]["mask_offset"] is None
    said = json.loads(table(tmp_path / "packed").schema.metadata[b"seg_prep"])
    assert [each["name"] for each in said["classes"]["classes"]] == list(CLASSES.names)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # WebDataset does not close its files
def test_tar_and_webdataset_read_the_shards(root: Path, tmp_path: Path) -> None:
    packed = pack_dataset(root, str(tmp_path / "packed"), shard_size=SMALL)
    shards = sorted(Path(packed.folder).glob("[tuv]*.tar"))
    for shard in shards:
        with tarfile.open(shard) as archive:
            assert all(member.mtime == 0 and member.isfile() for member in archive.getmembers())
    found = {}
    for sample in webdataset.WebDataset([str(path) for path in shards], shardshuffle=False).decode("pil"):
        mask = sample.get("mask.png")
        found[sample["__key__"]] = None if mask is None else np.asarray(mask)
    assert found.keys() == {"a", "b%2E1", "c%2520", "d%2Ejpg", "e", "f", "g", "Über Größe", "z" * 120}
    assert np.array_equal(np.asarray(found["b%2E1"])[..., 0], load(root / "masks" / "b.1.png"))


def test_one_split_fetches_its_shards_only(root: Path, tmp_path: Path) -> None:
    packed = pack_dataset(root, str(tmp_path / "packed"), shard_size=SMALL)
    for path in Path(packed.folder).glob("*.tar"):
        if path.name.startswith(("train", "val", "unsplit")):
            path.unlink()
    unpack_dataset(str(tmp_path / "packed"), tmp_path / "tests", splits=("test",))
    opened = Dataset.open(tmp_path / "tests")
    assert [sample.stem for sample in opened.samples] == ["g", "Über Größe"]
    assert np.array_equal(opened["g"].mask, random_mask(6, 60, 80))
    assert not (tmp_path / "tests" / "patches").exists()
    with pytest.raises(SegError, match="no such file"):
        unpack_dataset(str(tmp_path / "packed"), tmp_path / "all")


def test_an_interrupted_pack_is_not_seen_and_goes_on(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "packed"
    with monkeypatch.context() as patch:
        patch.setattr(packing, "write_tables", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            pack_dataset(root, str(target), shard_size=SMALL, workers=1)
    assert run_error("unpack", target, "-o", tmp_path / "back").startswith(f"{target}: holds no index.parquet")
    one = next(target.rglob("train-000001.tar"))
    one.write_bytes(one.read_bytes()[:-512])  # as a copy that was cut off leaves it
    times = {path: path.stat().st_mtime_ns for path in target.rglob("*.tar") if path != one}
    pack_dataset(root, str(target), shard_size=SMALL, workers=1)
    assert {path: path.stat().st_mtime_ns for path in target.rglob("*.tar") if path != one} == times
    unpack_dataset(str(target), tmp_path / "back")
    assert content(tmp_path / "back") == content(root)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_interrupted_unpack_goes_on(root: Path, tmp_path: Path) -> None:
    packed = pack_dataset(root, str(tmp_path / "packed"), shard_size=SMALL)
    last = max(Path(packed.folder).glob("val*.tar"))
    hidden = last.rename(tmp_path / "hidden.tar")
    with pytest.raises(SegError, match="no such file"):
        unpack_dataset(str(tmp_path / "packed"), tmp_path / "back", workers=1)
    assert not (tmp_path / "back" / "index.csv").exists()
    staged = {path: path.stat().st_mtime_ns for path in (tmp_path / "back").rglob("*.png")}
    assert staged
    hidden.rename(last)
    unpack_dataset(str(tmp_path / "packed"), tmp_path / "back", workers=1)
    times = {path.stat().st_mtime_ns for path in (tmp_path / "back").rglob("*.png")}
    assert set(staged.values()) <= times
    assert content(tmp_path / "back") == content(root)


def test_two_at_once_unpack_one_dataset(root: Path, tmp_path: Path) -> None:
    packed, back = tmp_path / "packed", tmp_path / "back"
    pack_dataset(root, str(packed))
    command = [SCRIPTS / "seg-prep", "unpack", packed, "-o", back]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(3)]
    said = [process.communicate(timeout=600)[0].decode() for process in processes]
    assert {process.returncode for process in processes} <= {0, 1}, said
    assert 0 in {process.returncode for process in processes}, said
    refused = [words for words, process in zip(said, processes, strict=True) if process.returncode]
    assert all("at work on this folder" in words for words in refused)
    assert content(back) == content(root)


def test_a_folder_that_another_command_writes_stays_as_it_is(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "WAIT_S", 0.1)
    pack_dataset(root, str(tmp_path / "packed"))
    back = tmp_path / "back"
    with held_elsewhere(back):
        before = tree(back)
        assert "is at work on this folder; nothing was changed" in run_error("unpack", tmp_path / "packed", "-o", back)
        assert tree(back) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_not_said_of_the_file_that_is_read(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards_of_files, "_part", lambda folder: nullcontext(Path("/dev/full")))
    with pytest.raises(SegError, match=r"^/dev/full: no space left on the disk"):
        pack_dataset(root, str(tmp_path / "packed"), workers=1)


def test_another_dataset_is_replaced_only_when_asked(root: Path, tmp_path: Path) -> None:
    target = tmp_path / "packed"
    pack_dataset(root, str(target), shard_size=SMALL)
    shutil.copytree(root, tmp_path / "other")
    save(tmp_path / "other" / "masks" / "a.png", random_mask(77, 60, 80))
    before = content(target)
    error = run_error("pack", tmp_path / "other", "-o", target, "--shard-size", "65536")
    assert error == f"{target}: holds another packed dataset; add --overwrite to replace it, or name another place"
    assert content(target) == before
    result = run_ok("pack", tmp_path / "other", "-o", target, "--shard-size", "66kB", "--overwrite")
    assert "The shards before are still in" in result.stdout
    unpack_dataset(str(target), tmp_path / "back")
    assert content(tmp_path / "back") == content(tmp_path / "other")


def test_an_index_that_was_put_meanwhile_stays(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = packing.write_tables
    for before in (None, b"old"):
        target = tmp_path / f"packed-{before}"
        store = Store(str(target))
        if before:
            store.replace(PACK_INDEX, before)

        def slow(*arguments: object, at: Store = store) -> object:
            at.replace(PACK_INDEX, b"of somebody else")
            return made(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(packing, "write_tables", slow)
            with pytest.raises(SegError, match=r"index\.parquet: somebody else has (put one|replaced it) meanwhile"):
                pack_dataset(root, str(target), shard_size=SMALL, overwrite=True)
        assert store.read(PACK_INDEX) == b"of somebody else"


def test_a_dataset_that_changes_meanwhile_is_not_shown(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changing(self: WriteShard, shard: object) -> object:
        save(root / "masks" / "a.png", random_mask(99, 60, 80))
        return written(self, shard)

    written = WriteShard.__call__
    monkeypatch.setattr(WriteShard, "__call__", changing)
    with pytest.raises(SegError, match="was changed while it was read"):
        pack_dataset(root, str(tmp_path / "packed"), shard_size=SMALL, workers=1)
    assert not (tmp_path / "packed" / PACK_INDEX).exists()


def test_a_damaged_shard_is_named_and_nothing_is_made(root: Path, tmp_path: Path) -> None:
    packed = pack_dataset(root, str(tmp_path / "packed"), shard_size=SMALL)
    row = next(row for row in table(tmp_path / "packed").to_pylist() if row["stem"] == "e")
    shard = Path(packed.folder) / row["shard"]
    data = bytearray(shard.read_bytes())
    data[row["image_offset"] + 50] ^= 1
    shard.write_bytes(data)
    error = run_error("unpack", tmp_path / "packed", "-o", tmp_path / "back")
    assert "images/e.jpg is not as it was packed (another SHA-256)" in error
    assert not (tmp_path / "back" / "index.csv").exists()


@pytest.mark.parametrize(
    "name", ["../out.png", "/etc/out.png", ".unfinished-x/commit.json", ".lock", "a\\..\\b", "c:/x", ""]
)
def test_an_index_of_a_stranger_leads_nowhere(root: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / "packed"
    pack_dataset(root, str(target), shard_size=SMALL)
    rows, schema = table(target).to_pylist(), table(target).schema
    rows[0]["shard" if name == "" else "image"] = name
    parquet.write_table(pa.Table.from_pylist(rows, schema), target / PACK_INDEX)
    assert "which is no file of a dataset; do not use it" in run_error("unpack", target, "-o", tmp_path / "back")
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("data", [b"", b"PAR1", b"{}", b"PAR1" + bytes(100) + b"PAR1"])
def test_what_is_no_index_is_refused_in_words(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / PACK_INDEX).write_bytes(data)
    assert "index.parquet: is damaged" in run_error("unpack", tmp_path / "packed", "-o", tmp_path / "back")


def test_a_parquet_of_others_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "packed").mkdir()
    parquet.write_table(pa.table({"a": [1]}), tmp_path / "packed" / PACK_INDEX)
    assert "was not written by 'seg-prep pack'" in run_error("unpack", tmp_path / "packed", "-o", tmp_path / "back")


@pytest.mark.parametrize(("column", "value"), [("offset", -1), ("bytes", None), ("file", None), ("shard", "../x")])
def test_a_damaged_list_of_other_files_is_refused_in_words(
    root: Path, tmp_path: Path, column: str, value: object
) -> None:
    packed = pack_dataset(root, str(tmp_path / "packed"), shard_size=SMALL)
    files = Path(packed.folder) / "files.parquet"
    rows, schema = parquet.read_table(files).to_pylist(), parquet.read_table(files).schema
    rows[0][column] = value
    parquet.write_table(pa.Table.from_pylist(rows, schema), files)
    assert "files.parquet: " in run_error("unpack", tmp_path / "packed", "-o", tmp_path / "back")
    parquet.write_table(pa.table({"a": [1]}), files)
    assert "files.parquet: is damaged" in run_error("unpack", tmp_path / "packed", "-o", tmp_path / "back")


def test_links_do_not_take_along_what_lies_elsewhere(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (root / "notes.txt").symlink_to(tmp_path / "secret")
    error = run_error("pack", root, "-o", tmp_path / "packed")
    assert error.startswith(f"{root / 'notes.txt'}: is a link or no plain file")


def test_places_that_cannot_be(root: Path, tmp_path: Path) -> None:
    assert "that is where the dataset itself lies" in run_error("pack", root, "-o", root / "packed")
    shutil.copytree(root, tmp_path / "other")
    assert "that is a dataset" in run_error("pack", root, "-o", tmp_path / "other")
    pack_dataset(root, str(tmp_path / "packed"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    assert "already holds something" in run_error("unpack", tmp_path / "packed", "-o", tmp_path / "full")
    said = run_error("unpack", tmp_path / "packed", "-o", tmp_path / "other", "--split", "val")
    assert "already holds other results" in said
    assert said.endswith("; name a new folder with -o")  # there is no --overwrite


def test_where_it_cannot_be_used_it_says_how_to_bring_it_back(root: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    pack_dataset(root, str(packed))
    for command in ("check", "stats"):
        assert f"packed: a packed dataset; 'seg-prep unpack {packed} -o datasets/packed'" in run_error(command, packed)
    with pytest.raises(SegError, match="a packed dataset; 'seg-prep unpack"):
        prep.open(packed)
    said = run_error("masks", "convert", packed, "-o", tmp_path / "campus")
    assert "recognised as a packed dataset, which is not read here; 'seg-prep unpack FOLDER -o datasets/NAME'" in said


def test_a_storage_that_fails_now_and_then_gives_the_same_bytes(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "_FIRST_PAUSE_S", 0)
    pack_dataset(root, str(tmp_path / "packed"), shard_size=SMALL)
    with flaky(0.05) as failing:
        for _ in range(4):
            pack_dataset(root, "memory://campus", shard_size=SMALL)
            pack_dataset(root, "flaky://campus", shard_size=SMALL, workers=1)
            shutil.rmtree(tmp_path / "back", ignore_errors=True)
            unpack_dataset("flaky://campus", tmp_path / "back", workers=1)
            assert content(tmp_path / "back") == content(root)
            kept = {path.removeprefix("/campus/"): file.getvalue() for path, file in failing.store.items()}
            assert kept == {name: data for name, data in content(tmp_path / "packed").items() if not name.endswith("/")}
            failing.store.clear()
        assert failing.failed > 3


def test_memory_is_a_storage_like_others_but_for_a_command_that_ends(root: Path, tmp_path: Path) -> None:
    empty_memory()
    refused = run_prep("pack", root, "-o", "memory://campus", "--shard-size", "100kB")
    assert refused.exit_code == 2
    assert "memory://campus: the memory of this command, which is gone when it ends; name a folder" in refused.stderr
    pack_dataset(root, "memory://campus", shard_size=100_000)
    run_ok("unpack", "memory://campus", "-o", tmp_path / "back")
    assert content(tmp_path / "back") == content(root)


def test_a_url_of_this_machine_is_its_folder(root: Path, tmp_path: Path) -> None:
    for place in ("of/url", "of/path"):
        pack_dataset(root, (tmp_path / place).as_uri() if place == "of/url" else str(tmp_path / place), workers=1)
    assert tree(tmp_path / "of" / "url") == tree(tmp_path / "of" / "path")
    unpack_dataset((tmp_path / "of" / "url").as_uri(), tmp_path / "back", workers=1)
    assert tree(tmp_path / "back") == tree(root)


def test_it_says_what_to_install(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prep.storage.extra.find_spec", lambda _: None)
    for words in (("pack", root, "-o", "s3://b/c"), ("unpack", "s3://b/c", "-o", tmp_path / "back")):
        assert "pip install 'seg-prep[cloud]'" in run_error(*words)


def test_a_sample_that_is_not_whole_is_listed_and_comes_back_as_it_was(root: Path, tmp_path: Path) -> None:
    (root / "images" / "a.png").unlink()
    (root / "masks" / "e.png").unlink()
    (root / "images" / ("z" * 120 + ".png")).unlink()
    before = content(root)
    said = run_partly("pack", root, "-o", tmp_path / "packed", "--shard-size", SMALL)
    for name in ("images/a.png", "masks/e.png", f"images/{'z' * 120}.png"):
        assert f"{root / name}: no such file; put it back" in said
    with tarfile.open(next((tmp_path / "packed").glob("data-*/train-000000.tar"))) as shard:
        assert all(name.split(".")[0] != "a" for name in shard.getnames()), "half a sample is none for WebDataset"
    said = run_partly("unpack", tmp_path / "packed", "-o", tmp_path / "back")
    assert said.count(": was not there when the dataset was packed\n") == 3
    assert content(tmp_path / "back") == before
    said = run_partly("unpack", tmp_path / "packed", "-o", tmp_path / "val", "--split", "val")
    assert said == f" left out:\n  {tmp_path / 'val/masks/e.png'}: was not there when the dataset was packed\n"
    assert not (tmp_path / "val" / "masks" / "e.png").exists()
    assert "3 files cannot be used" in run_error("pack", root, "-o", tmp_path / "none", "--max-failed", 1)
    assert not (tmp_path / "none").exists()


def test_where_no_sample_is_whole_nothing_is_packed(root: Path, tmp_path: Path) -> None:
    shutil.rmtree(root / "images")
    said = run_error("pack", root, "-o", tmp_path / "packed")
    assert "no sample can be read" in said
    assert not (tmp_path / "packed" / PACK_INDEX).exists()


def test_a_file_that_may_not_be_read_is_left_out_until_it_may(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, content_of = root / "masks" / "e.png", (root / "masks" / "e.png").read_bytes()
    may, opened = os.access, shards_of_files.open_to_read
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != locked and may(path, mode))  # also for root

    def refuse(path: Path) -> BinaryIO:
        if path == locked:
            raise PermissionError(errno.EACCES, "permission denied")
        return opened(path)

    monkeypatch.setattr(shards_of_files, "open_to_read", refuse)
    packed = tmp_path / "packed"
    said = run_partly("pack", root, "-o", packed, "--workers", 1)
    assert f" left out:\n  {locked}: permission denied; change its permissions" in said
    run_partly("unpack", packed, "-o", tmp_path / "back")
    assert not (tmp_path / "back" / "masks" / "e.png").exists()
    assert (tmp_path / "back" / "images" / "e.jpg").read_bytes() == (root / "images" / "e.jpg").read_bytes()
    monkeypatch.undo()
    assert "--overwrite" in run_error("pack", root, "-o", packed)
    run_ok("pack", root, "-o", packed, "--overwrite")
    run_ok("unpack", packed, "-o", tmp_path / "whole")
    assert (tmp_path / "whole" / "masks" / "e.png").read_bytes() == content_of


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_what_is_packed_can_be_unpacked_whatever_it_is_called(root: Path, tmp_path: Path) -> None:
    for name in ("2026-01-01T12:00:00", "back\\slash", "two\nlines"):
        (root / "images" / f"{name}.png").write_bytes(b"photo")
    run_ok("pack", root, "-o", tmp_path / "packed")
    run_ok("unpack", tmp_path / "packed", "-o", tmp_path / "back")
    assert content(tmp_path / "back") == content(root)


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
@pytest.mark.parametrize(
    ("name", "told"),
    [("c:notes.txt", "rename it"), ("a\\..\\b", "rename it"), ("Gr\udcfcn.txt", "not in UTF-8; rename")],
)
def test_what_could_not_be_unpacked_is_not_packed(root: Path, tmp_path: Path, name: str, told: str) -> None:
    (root / name).touch()
    assert told in run_error("pack", root, "-o", tmp_path / "packed")
    assert not (tmp_path / "packed").exists()


def test_a_file_of_two_samples_is_one_of_each(root: Path, tmp_path: Path) -> None:
    """One of them is not whole, and two are of different splits, so that they lie in different shards."""
    shared = {"a": "masks/e.png", "f": "masks/g.png", "c%20": "masks/d.jpg.png"}
    samples = [replace(s, mask=shared.get(s.stem, s.mask)) for s in Dataset.open(root).samples]
    write_index(root / "index.csv", samples)
    (root / "images" / "a.png").unlink()
    before = content(root)
    run_partly("pack", root, "-o", tmp_path / "packed", "--shard-size", SMALL)
    run_partly("unpack", tmp_path / "packed", "-o", tmp_path / "back")
    assert content(tmp_path / "back") == before
    rows = table(tmp_path / "packed").to_pylist()
    missing = {name for row in packed_samples(table(tmp_path / "packed"), "x") for name in row.missing}
    assert missing == {"images/a.png"}
    for row in rows:
        data = (next((tmp_path / "packed").glob("data-*")) / row["shard"]).read_bytes()
        for kind in ("image", "mask"):
            if row[f"{kind}_sha256"]:
                part = data[row[f"{kind}_offset"] :][: row[f"{kind}_bytes"]]
                assert part == (root / row[kind]).read_bytes()


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [("stem", None, "a row has no stem"), ("width", None, "a row has no width"), ("image", "x" * 300, "too long")],
)
def test_a_damaged_row_is_told_in_words(root: Path, tmp_path: Path, column: str, value: object, told: str) -> None:
    target = tmp_path / "packed"
    pack_dataset(root, str(target), shard_size=SMALL)
    rows, schema = table(target).to_pylist(), table(target).schema
    rows[0][column] = value
    parquet.write_table(pa.Table.from_pylist(rows, schema), target / PACK_INDEX)
    assert told in run_error("unpack", target, "-o", tmp_path / "back", "--split", rows[0]["split"])
