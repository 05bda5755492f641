"""The dataset folder: finding it, what is told when something in it is wrong."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset, find_dataset
from prep.dataset.index import write_index
from tests.support import (
    load,
    random_image,
    run_error,
    run_partly,
    run_prep,
    run_script,
    save,
)


def make(folder: Path) -> Path:
    """A finished, empty dataset."""
    folder.mkdir(parents=True)
    (folder / "classes.json").write_text('{"classes": [{"name": "a", "color": "#000000"}]}', encoding="utf-8")
    (folder / "index.csv").write_text("stem,image,mask,width,height,group,split\n", encoding="utf-8")
    return folder


# Finding.


def test_found_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only, other = make(tmp_path / "datasets" / "only"), make(tmp_path / "other")
    monkeypatch.chdir(tmp_path)
    assert find_dataset(None).resolve() == only
    monkeypatch.chdir(other)
    assert find_dataset(None).resolve() == other
    monkeypatch.setenv("SEG_DATASET", str(only))
    assert find_dataset(None) == only
    assert find_dataset(Path("named")) == Path("named")


@pytest.mark.parametrize("inside", ["images", "masks/day 1", "patches/size96", "photos", "labels"])
def test_the_folders_of_a_dataset_mean_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    """A set of patches has an index.csv as well."""
    root, within = make(tmp_path / "campus"), tmp_path / "campus" / inside
    save(within / "a.png", random_image(0))
    if inside.startswith("patches"):
        (within / "index.csv").write_text("number,source\n", encoding="utf-8")
    monkeypatch.chdir(within)
    assert find_dataset(None).resolve() == root
    assert not find_dataset(None).is_absolute()
    assert "no sample" in run_prep("check").stdout
    inner = make(within / "inner")
    monkeypatch.chdir(inner)
    assert find_dataset(None) == Path()


def test_a_folder_beside_an_index_of_another_kind_is_no_part_of_a_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "campus")
    only = make(tmp_path / "campus" / "work" / "datasets" / "only")
    monkeypatch.chdir(tmp_path / "campus" / "work")
    assert find_dataset(None).resolve() == only


def test_several_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "datasets" / "one")
    make(tmp_path / "datasets" / "two")
    (tmp_path / "datasets" / "no dataset").mkdir()
    monkeypatch.chdir(tmp_path)
    said = run_error("stats")
    assert "several datasets here: datasets/one, datasets/two" in said
    assert "name one as DATASET or in $SEG_DATASET" in said
    assert "no dataset" not in said


def test_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = run_error("split")
    assert "no dataset here or under ./datasets; name one as DATASET or in $SEG_DATASET, or make one:" in said
    for command in (
        "seg-prep resize photos/ ",
        "seg-prep masks convert labels/ ",
        "seg-prep synth ",
        "seg-prep annotate",
    ):
        assert command in said
    mistyped = run_error("split", "nowhere")
    assert mistyped.startswith("nowhere: no such folder; name a dataset, or make one: of photos with 'seg-prep resize ")
    assert "'seg-prep masks convert labels/ -o datasets/NAME'" in mistyped


def test_a_folder_inside_a_dataset_is_told_which_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "d" / "masks" / "a.png", random_image(0))
    write_index(tmp_path / "d" / "index.csv", [])
    said = run_error("split", tmp_path / "d" / "masks")
    assert said == f"{tmp_path}/d/masks: a folder inside a dataset; name the dataset itself: {tmp_path}/d"
    monkeypatch.chdir(tmp_path / "d" / "masks")
    assert run_error("split", ".") == ".: a folder inside a dataset; name the dataset itself: .."


def test_a_folder_of_photos_is_told_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "my photos" / "a.png", random_image(0))
    monkeypatch.chdir(tmp_path / "my photos")
    here = (
        ".: holds 1 photo, but is no dataset yet. Make one of them, then label it:\n"
        "  seg-prep resize . -o '../my photos-labelled' --size 1024\n"
        "  seg-prep annotate '../my photos-labelled'"
    )
    assert run_error("check") == run_error("check", ".") == run_error("split", ".") == here


def test_a_file_in_place_of_a_dataset_is_told_so(tmp_path: Path) -> None:
    save(tmp_path / "a.png", random_image(0))
    with pytest.raises(SegError, match=r"a\.png: a file, not a folder; name the folder of a dataset"):
        Dataset.open(tmp_path / "a.png")


def test_environment_names_the_dataset(tmp_path: Path, dataset: Dataset) -> None:
    result = run_script("seg-prep", "stats", cwd=tmp_path, env={"SEG_DATASET": str(dataset.root)})
    assert result.returncode == 0, result.stderr
    assert (dataset.root / "stats.json").exists()
    result = run_script("seg-prep", "stats", cwd=tmp_path, env={"SEG_DATASET": "gone"})
    assert result.returncode == 1
    assert result.stderr.startswith("Error: $SEG_DATASET is gone, which is not a dataset (no index.csv in it)")


def test_the_working_folder_may_be_the_dataset(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(dataset.root)
    assert run_prep("stats").exit_code == 0
    assert (dataset.root / "stats.json").exists()


@pytest.mark.parametrize("content", ["", "{", '{"classes": []}'])
def test_broken_classes_are_told(dataset: Dataset, content: str) -> None:
    (dataset.root / "classes.json").write_text(content, encoding="utf-8")
    assert run_error("stats", dataset.root).startswith(f"{dataset.root / 'classes.json'}: ")


def test_missing_classes_are_told(dataset: Dataset) -> None:
    (dataset.root / "classes.json").unlink()
    assert f"{dataset.root / 'classes.json'}: no such file" in run_error("stats", dataset.root)


# Its samples.


def test_samples_by_split(dataset: Dataset) -> None:
    bare = dataclasses.replace(dataset.samples[0], stem="bare", mask="", split="")
    wider = dataclasses.replace(dataset, samples=(*dataset.samples, bare))
    assert len(wider.of_split("train")) == 18
    assert len(wider.of_split("train", "val")) == 20
    assert len(wider.of_split()) == 23
    assert wider.is_split  # a sample without a mask needs no split


def test_samples_by_number_and_slice(dataset: Dataset) -> None:
    stems = [sample.stem for sample in dataset]
    for part in (slice(3), slice(2, None), slice(-2, None), slice(None, None, -1), slice(99, None)):
        found = dataset[part]
        assert isinstance(found, list)
        assert [sample.stem for sample in found] == stems[part]
    assert (dataset[:1][0].image == dataset[0].image).all()
    assert [dataset[number].stem for number in (np.int64(1), -1, np.uint8(0))] == [stems[1], stems[-1], stems[0]]  # type: ignore[call-overload]


@pytest.mark.parametrize("key", [None, 1.5, True, np.float64(1), (0, 1), b"a", slice(None, None, 0), slice("a", "b")])
def test_what_is_no_key_of_a_sample_is_told(dataset: Dataset, key: Any) -> None:  # noqa: ANN401
    with pytest.raises(SegError) as error:
        dataset[key]
    assert str(error.value) == (
        f"{dataset.root}: samples have stems, as ds['IMG_0042'], and numbers from 0, as ds[0] and ds[:3]; {key!r} is "
        "neither"
    )


def test_images_and_masks_are_read(dataset: Dataset) -> None:
    sample = dataset.samples[0]
    assert np.array_equal(dataset.image(sample), load(dataset.root / sample.image))
    assert np.array_equal(dataset.mask(sample), load(dataset.root / sample.mask))


@pytest.mark.parametrize("kind", ["images", "masks"])
def test_replaced_file_of_another_size_is_told(dataset: Dataset, kind: str) -> None:
    name = f"{kind}/image_000003.png"
    save(dataset.root / name, random_image(0, 10, 12) if kind == "images" else np.zeros((10, 12), np.uint8))
    said = run_partly("stats", dataset.root)
    assert f"{dataset.root / name}: 12 x 10 pixels, but index.csv says 64 x 80" in said


def test_mask_value_without_class_is_told(dataset: Dataset) -> None:
    mask = np.zeros((80, 64), np.uint8)
    mask[5, 5] = 7
    name = dataset.root / "masks" / "image_000003.png"
    save(name, mask)
    said = run_partly("stats", dataset.root)
    assert str(name) in said
    assert "7" in said.replace(str(name), "")


@pytest.mark.parametrize("command", ["stats", "patches"])
@pytest.mark.parametrize("kind", ["images", "masks"])
def test_missing_and_damaged_files_are_told(dataset: Dataset, command: str, kind: str) -> None:
    path = dataset.root / kind / "image_000007.png"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert f"{path}: the file is truncated or damaged" in run_partly(command, dataset.root)
    path.unlink()
    assert f"{path}: no such file or folder" in run_partly(command, dataset.root, "--overwrite")
    path.write_bytes(whole)
    assert run_prep(command, dataset.root, "--overwrite").exit_code == 0


def test_hashes_follow_split_and_masks(dataset: Dataset) -> None:
    first = dataset.samples[0]
    moved = dataclasses.replace(dataset, samples=(dataclasses.replace(first, split="test"), *dataset.samples[1:]))
    assert moved.split_hash() != dataset.split_hash()
    assert Dataset.open(dataset.root).split_hash() == dataset.split_hash()
    before = dataset.fingerprint()
    assert Dataset.open(dataset.root).fingerprint() == before
    long = dataclasses.replace(first, image=f"images/{'a' * 5000}.png")  # which no file can be called
    assert dataclasses.replace(dataset, samples=(long, *dataset.samples[1:])).fingerprint() != before
    save(dataset.root / first.mask, np.zeros((80, 64), np.uint8))
    assert dataset.fingerprint() != before


def test_what_is_called_index_csv_and_is_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "index.csv").mkdir()
    with pytest.raises(SegError, match=r"index\.csv: no file, but a folder.*move it away"):
        Dataset.open(tmp_path)
    (tmp_path / "index.csv").rmdir()
    (tmp_path / "index.csv").symlink_to("nowhere")
    with pytest.raises(SegError, match=r"index\.csv: no file, .*a link that leads nowhere"):
        Dataset.open(tmp_path)


def test_open_wants_a_dataset(tmp_path: Path) -> None:
    with pytest.raises(SegError, match="not a dataset"):
        Dataset.open(tmp_path)
