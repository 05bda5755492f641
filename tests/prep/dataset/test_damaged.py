"""Samples with a damaged file: every command over many goes on past them, lists them, and the exit code is 1."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import prep
from prep.core.errors import SegError
from prep.core.failures import Failures, TooManyFailed, Trying
from prep.dataset.damaged import leave_out
from prep.dataset.dataset import Dataset
from prep.dataset.index import write_index
from prep.dataset.stats import compute_stats, ensure_stats, is_stale, read_stats
from prep.patching.patches import cut_patches, read_patch_settings, read_patch_stems
from prep.splitting.split import ensure_split
from tests.support import CLASSES, by_stem, run_error, run_ok, run_partly, run_prep, tree

IMAGE, MASK = "image_000002", "image_000005"


@pytest.fixture
def hurt(dataset: Dataset) -> Dataset:
    """An image of no content and a mask that ends half-way."""
    (dataset.root / "images" / f"{IMAGE}.png").write_bytes(b"broken")
    mask = dataset.root / "masks" / f"{MASK}.png"
    mask.write_bytes(mask.read_bytes()[:60])
    return dataset


def without(dataset: Dataset, copy: Path, *stems: str) -> Dataset:
    """A copy of the dataset that never held these samples."""
    shutil.copytree(dataset.root, copy)
    write_index(copy / "index.csv", [sample for sample in dataset.samples if sample.stem not in stems])
    return Dataset.open(copy)


def listed(text: str) -> None:
    assert text.count("\n  ") == 2
    assert f"{IMAGE}.png: the file is truncated or damaged" in text
    assert f"{MASK}.png: the file is truncated or damaged" in text


def test_stats_are_those_of_the_others(hurt: Dataset, tmp_path: Path) -> None:
    listed(run_partly("stats", hurt.root, "--split", "all"))
    made = read_stats(hurt.root / "stats.json")
    others = compute_stats(without(hurt, tmp_path / "others", IMAGE, MASK), "all", 1)
    assert made.left_out == (IMAGE, MASK)
    hashes = {"split_hash": "", "masks_hash": "", "images_hash": "", "left_out": ()}
    assert replace(made, **hashes) == replace(others, **hashes)  # type: ignore[arg-type]
    assert "left_out" not in others.to_json()


def test_statistics_that_left_samples_out_are_never_trained_on(hurt: Dataset) -> None:
    run_partly("stats", hurt.root)
    with pytest.raises(SegError, match=r"(?s)image_000002.*image_000005.*delete the lines of their samples in .*index"):
        ensure_stats(Dataset.open(hurt.root))


def test_the_split_leaves_them_out_until_they_are_mended(dataset: Dataset, tmp_path: Path) -> None:
    whole = tree(dataset.root)
    write_index(dataset.root / "index.csv", [replace(sample, split="") for sample in dataset.samples])
    unsplit = without(Dataset.open(dataset.root), tmp_path / "others", IMAGE)
    (dataset.root / "images" / f"{IMAGE}.png").write_bytes(b"broken")
    text = run_partly("split", dataset.root, "--folds", 2)
    assert f" left out:\n  {dataset.root}/images/{IMAGE}.png" in text
    run_ok("split", unsplit.root, "--folds", 2)
    known, others = by_stem(dataset.root), by_stem(unsplit.root)
    assert known[IMAGE].split == ""
    assert {stem: each.split for stem, each in known.items() if each.split} == {s: e.split for s, e in others.items()}
    assert (dataset.root / "folds.csv").read_bytes() == (unsplit.root / "folds.csv").read_bytes()
    (dataset.root / "images" / f"{IMAGE}.png").write_bytes(whole[f"images/{IMAGE}.png"])
    assert "1 new sample got a split" in run_ok("split", dataset.root).stderr
    assert by_stem(dataset.root)[IMAGE].split


def test_a_split_that_they_have_is_not_lost(hurt: Dataset) -> None:
    before = (hurt.root / "index.csv").read_bytes()
    listed(run_partly("split", hurt.root))
    assert (hurt.root / "index.csv").read_bytes() == before
    listed(run_partly("split", hurt.root, "--overwrite"))
    assert by_stem(hurt.root)[IMAGE].split == by_stem(hurt.root)[MASK].split == ""


@pytest.mark.parametrize("form", ["npy", "png"])
def test_patches_are_those_of_the_others(hurt: Dataset, tmp_path: Path, form: str) -> None:
    others = without(hurt, tmp_path / "others", IMAGE, MASK)
    asked = ("--size", 32, "--per-image", 3, "--format", form)
    listed(run_partly("patches", hurt.root, *asked))
    run_ok("patches", others.root, *asked)
    made, expected = (tree(each.root / "patches") for each in (hurt, others))
    settings = [json.loads(each.pop("size32/settings.json")) for each in (made, expected)]
    assert made == expected
    assert settings[0].pop("left_out") == [IMAGE, MASK]
    assert {k for k in settings[0] if settings[0][k] != settings[1][k]} == {"split_hash", "masks_hash", "images_hash"}
    assert not {IMAGE, MASK} & set(read_patch_stems(hurt.root / "patches" / "size32"))
    assert not [path for path in hurt.root.iterdir() if path.name.startswith(".unfinished")]
    listed(run_partly("patches", hurt.root, *asked))  # the same again is no other result


def test_patches_are_stale_once_a_sample_is_mended(dataset: Dataset) -> None:
    image = dataset.root / "images" / f"{IMAGE}.png"
    whole = image.read_bytes()
    image.unlink()
    made = cut_patches(dataset, size=32, per_image=2, workers=1, failures=Failures())
    assert not made.settings.is_stale(dataset)
    image.write_bytes(whole)
    assert made.settings.is_stale(dataset)


def test_what_left_a_sample_out_is_stale_once_the_index_is_mended(dataset: Dataset) -> None:
    """Of files that are the same as before."""
    right = dataset.samples
    write_index(dataset.root / "index.csv", [replace(s, width=s.width + (s.stem == IMAGE)) for s in right])
    run_partly("stats", dataset.root)
    run_partly("patches", dataset.root, "--size", 32)
    hurt, folder = Dataset.open(dataset.root), dataset.root / "patches" / "size32"
    assert not is_stale(read_stats(dataset.root / "stats.json"), hurt)
    assert read_patch_settings(folder).left_out == (IMAGE,)
    assert not read_patch_settings(folder).is_stale(hurt)
    write_index(dataset.root / "index.csv", right)
    assert is_stale(read_stats(dataset.root / "stats.json"), Dataset.open(dataset.root))
    assert read_patch_settings(folder).is_stale(Dataset.open(dataset.root))
    run_ok("patches", dataset.root, "--size", 32, "--overwrite")
    assert not read_patch_settings(folder).is_stale(Dataset.open(dataset.root))
    assert "left_out" not in (folder / "settings.json").read_text()


def test_stats_name_samples_that_could_get_no_split(hurt: Dataset) -> None:
    write_index(hurt.root / "index.csv", [replace(sample, split="") for sample in hurt.samples])
    done = run_prep("stats", hurt.root, "--json")
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert found["left_out"] == [IMAGE, MASK]
    assert [Path(each.split(":")[0]).stem for each in found["problems"]] == [IMAGE, MASK]
    assert prep.stats(hurt, overwrite=True).left_out == (IMAGE, MASK)


def test_damaged_images_get_no_split_where_they_are_not_compared_either(hurt: Dataset) -> None:
    listed(run_partly("split", hurt.root, "--overwrite", "--no-dedupe"))
    assert by_stem(hurt.root)[IMAGE].split == by_stem(hurt.root)[MASK].split == ""


def test_another_split_is_refused_however_many_are_damaged(dataset: Dataset) -> None:
    run_ok("split", dataset.root, "--overwrite", "--ratios", "50/25/25")
    refusal = run_error("split", dataset.root, "--ratios", "80/10/10")
    for path in (dataset.root / "images").glob("image_00000[0-6]*"):
        path.write_bytes(b"broken")
    said = run_error("split", dataset.root, "--ratios", "80/10/10")
    assert said.startswith(f"{refusal}\n7 left out before that:\n  ")
    assert all(f"image_00000{number}.png: the file is truncated or damaged" in said for number in range(7))


def test_an_export_over_one_from_before_the_damage_says_what_is_damaged(dataset: Dataset, tmp_path: Path) -> None:
    run_ok("masks", "export", dataset.root, "--to", "rgb", "-o", tmp_path / "made")
    before = tree(tmp_path / "made")
    (dataset.root / "masks" / f"{MASK}.png").write_bytes(b"broken")
    said = run_error("masks", "export", dataset.root, "--to", "rgb", "-o", tmp_path / "made", "--overwrite")
    assert f"{MASK}.png, which is no part of this export" in said
    assert f"\n1 left out before that:\n  {dataset.root / 'masks' / MASK}.png: the file is truncated or damaged" in said
    assert tree(tmp_path / "made") == before


@pytest.mark.parametrize("form", ["rgb", "voc", "coco", "labelme", "cvat", "yolo"])
def test_an_export_is_that_of_the_others(hurt: Dataset, tmp_path: Path, form: str) -> None:
    others = without(hurt, tmp_path / "others", IMAGE, MASK)
    listed(run_partly("masks", "export", hurt.root, "--to", form, "-o", tmp_path / "made"))
    run_ok("masks", "export", others.root, "--to", form, "-o", tmp_path / "expected")
    assert tree(tmp_path / "made") == tree(tmp_path / "expected")
    listed(run_partly("masks", "export", hurt.root, "--to", form, "-o", tmp_path / "made"))


def no_room(*_: object) -> None:
    raise SegError("no space left on the disk")


def test_a_full_disk_is_no_damaged_sample(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prep.exporting.export.write_bytes", no_room)
    assert "no space left" in run_error("masks", "export", dataset.root, "--to", "voc", "-o", tmp_path / "made")
    monkeypatch.setattr("prep.patching.patch_files.NpyPatches.write", no_room)
    assert "left out" not in run_error("patches", dataset.root, "--size", 32, "--workers", 1)
    assert not (dataset.root / "patches").exists()


COMMANDS: dict[str, Callable[[Path, Path], tuple[object, ...]]] = {
    "stats": lambda root, _: ("stats", root),
    "split": lambda root, _: ("split", root, "--overwrite"),
    "patches": lambda root, _: ("patches", root, "--size", 32),
    "export": lambda root, other: ("masks", "export", root, "--to", "voc", "-o", other / "made"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_more_than_may_fail_are_an_error_that_changes_nothing(hurt: Dataset, tmp_path: Path, name: str) -> None:
    command, before = COMMANDS[name](hurt.root, tmp_path), tree(hurt.root)
    error = run_error(*command, "--max-failed", 1)
    assert "2 files cannot be used" in error
    assert "--max-failed 12" in error
    assert tree(hurt.root) == before
    assert not (tmp_path / "made").exists()
    listed(run_partly(*command, "--max-failed", 2))


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_made_where_no_sample_can_be_read(dataset: Dataset, tmp_path: Path, name: str) -> None:
    for path in (dataset.root / "images").iterdir():
        path.write_bytes(b"broken")
    before = tree(dataset.root)
    assert "Nothing was written: no sample can be read" in run_error(*COMMANDS[name](dataset.root, tmp_path))
    assert tree(dataset.root) == before


@pytest.mark.parametrize("name", COMMANDS)
def test_an_image_that_is_not_there_is_left_out_too(dataset: Dataset, tmp_path: Path, name: str) -> None:
    (dataset.root / "images" / f"{IMAGE}.png").unlink()
    (dataset.root / "masks" / f"{MASK}.png").unlink()
    assert run_partly(*COMMANDS[name](dataset.root, tmp_path)).count("\n  ") == 2


def test_each_is_listed_once_where_the_split_is_made_on_the_way(hurt: Dataset) -> None:
    known = [replace(each, split="" if each.stem == IMAGE else each.split) for each in hurt.samples]
    write_index(hurt.root / "index.csv", known)
    listed(run_partly("patches", hurt.root, "--size", 32, "--max-failed", 2))
    with pytest.raises(SegError, match="delete the lines"):
        ensure_split(Dataset.open(hurt.root), 0, print)


def test_what_is_left_out_is_refused_listed_or_too_much(tmp_path: Path) -> None:
    problems, dataset = {"b": "b is bad", "a": "a is bad"}, Dataset(tmp_path, CLASSES, ())
    leave_out({}, 3, dataset, None)
    failures = Failures(2)
    leave_out(problems, 3, dataset, failures)
    leave_out(problems, 3, dataset, failures)  # the same are not counted twice
    assert failures.problems == ["a is bad", "b is bad"]
    with pytest.raises(TooManyFailed):
        leave_out(problems, 3, dataset, Failures(1))
    with pytest.raises(SegError, match=r"a is bad\nb is bad\nMend or replace"):
        leave_out(problems, 3, dataset, None)
    with pytest.raises(SegError, match="no sample can be read"):
        leave_out(problems, 2, dataset, Failures())


def test_too_many_are_all_counted_and_the_advice_lets_them_pass(tmp_path: Path) -> None:
    problems, dataset = {f"{number:02}": f"{number} is bad" for number in range(15)}, Dataset(tmp_path, CLASSES, ())
    with pytest.raises(TooManyFailed, match=r"(?s)15 files cannot be used.*and 5 more.*--max-failed 15$"):
        leave_out(problems, 20, dataset, Failures(0))
    leave_out(problems, 20, dataset, Failures(15))


def test_only_errors_in_words_are_problems() -> None:
    def half(number: int) -> int:
        if number % 2:
            raise SegError(f"{number} is odd")
        return number // (number - 2) if number else 0

    work = Trying(half)
    assert (work(0).result, work(3).problem) == (0, "3 is odd")
    assert work.killed(4, "its worker was killed").problem == "its worker was killed"
    with pytest.raises(ZeroDivisionError):
        work(2)
