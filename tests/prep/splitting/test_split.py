"""Splits: exact counts, whole groups, nobody lost, the same for any order."""

import csv
import json
import random
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.dataset.dataset import Dataset
from prep.dataset.index import SPLITS, Sample, read_index, write_index
from prep.photos.record import PhotoRecord, write_records
from prep.splitting.assignment import assign_units, split_counts
from prep.splitting.grouping import units_of
from tests.conftest import Raw
from tests.support import by_stem, paint, random_image, random_mask, run_error, run_ok, save, tree

RATIOS = st.tuples(st.integers(1, 100), st.integers(0, 100), st.integers(0, 100)).map(
    lambda ratios: (float(ratios[0]), float(ratios[1]), float(ratios[2]))
)
SIZES = st.dictionaries(st.text("abc0123", min_size=1, max_size=5), st.integers(1, 9), min_size=1, max_size=30)


def unsplit(
    root: Path,
    stems: Sequence[str],
    groups: Sequence[str] | None = None,
    classes: Sequence[Sequence[int]] | None = None,
) -> Path:
    """A dataset of images that have nothing in common; classes: those that each mask holds, in equal parts."""
    root.mkdir(parents=True)
    names = [{"name": name, "color": f"#00000{number}"} for number, name in enumerate("abc")]
    (root / "classes.json").write_text(json.dumps({"classes": names}), encoding="utf-8")
    samples = []
    for number, stem in enumerate(stems):
        save(root / f"images/{stem}.png", random_image(number, 12, 12))
        save(root / f"masks/{stem}.png", np.resize(np.array(classes[number] if classes else [0], np.uint8), (12, 12)))
        samples.append(
            Sample(stem, f"images/{stem}.png", f"masks/{stem}.png", 12, 12, groups[number] if groups else "")
        )
    write_index(root / "index.csv", samples)
    return root


def splits_of(samples: Sequence[Sample], ratios: tuple[float, float, float], seed: int) -> dict[str, str]:
    """Splits of samples that are all of one class."""
    return assign_units(units_of(samples), {sample.stem: np.array([9]) for sample in samples}, ratios, seed)


def counts_of(root: Path) -> dict[str, int]:
    return Counter(sample.split for sample in Dataset.open(root).samples)


@given(st.integers(1, 5000), RATIOS)
def test_counts_add_up_and_nothing_is_empty(number: int, ratios: tuple[float, float, float]) -> None:
    counts = split_counts(number, ratios)
    assert sum(counts) == number
    wanted = sum(ratio > 0 for ratio in ratios)
    assert all(count == 0 for count, ratio in zip(counts, ratios, strict=True) if ratio == 0)
    if number >= wanted:
        assert all(count > 0 for count, ratio in zip(counts, ratios, strict=True) if ratio > 0)
    for count, ratio in zip(counts, ratios, strict=True):
        exact = number * ratio / sum(ratios)
        assert abs(count - exact) < (1 if min(number * r / sum(ratios) for r in ratios if r) >= 1 else 3)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (130, (104, 13, 13)),
        (100, (80, 10, 10)),
        (10, (8, 1, 1)),
        (3, (1, 1, 1)),
        (2, (1, 1, 0)),
        (1, (1, 0, 0)),
        (7, (5, 1, 1)),
    ],
)
def test_counts(number: int, expected: tuple[int, int, int]) -> None:
    assert split_counts(number, (80, 10, 10)) == expected


def grouped(sizes: dict[str, int]) -> list[Sample]:
    return [Sample(f"{group}-{n}", "i", "m", 1, 1, group) for group, size in sizes.items() for n in range(size)]


@given(SIZES, RATIOS, st.integers(0, 5), st.randoms())
def test_groups_are_a_partition_for_any_order(
    sizes: dict[str, int], ratios: tuple[float, float, float], seed: int, shuffled: random.Random
) -> None:
    samples = grouped(sizes)
    splits = splits_of(samples, ratios, seed)
    assert splits.keys() == {sample.stem for sample in samples}
    for group in sizes:
        assert len({splits[sample.stem] for sample in samples if sample.group == group}) == 1
    wanted = split_counts(len(samples), ratios)
    used = {name for name, count in zip(SPLITS, wanted, strict=True) if count > 0}
    assert set(splits.values()) <= used
    if len(sizes) >= len(used):
        assert set(splits.values()) == used
        found = Counter(splits.values())
        # A group for each of the other splits may be missing: three equal groups make three equal splits.
        room = max(len(used) - 1, 1) * max(sizes.values())
        assert all(abs(found[name] - count) <= room for name, count in zip(SPLITS, wanted, strict=True))
    shuffled.shuffle(samples)
    assert splits_of(samples, ratios, seed) == splits


@given(st.integers(3, 300), RATIOS, st.integers(0, 5))
def test_samples_without_groups_get_exact_counts(number: int, ratios: tuple[float, float, float], seed: int) -> None:
    samples = [Sample(f"s{n}", "i", "m", 1, 1) for n in range(number)]
    found = Counter(splits_of(samples, ratios, seed).values())
    assert tuple(found[name] for name in SPLITS) == split_counts(number, ratios)


def test_a_group_is_no_stem() -> None:
    """A group named like the stem of another sample has nothing to do with it."""
    samples = [
        Sample("x", "", "m", 1, 1),
        *(Sample(f"y{n}", "", "m", 1, 1, "x") for n in range(8)),
        Sample("z", "", "m", 1, 1),
    ]
    found = splits_of(samples, (80, 10, 10), 0)
    assert len({found["x"], found["y0"], found["z"]}) == 3


def test_exact_counts_by_command(tmp_path: Path) -> None:
    root = unsplit(tmp_path / "d", [f"s{n:03}" for n in range(130)])
    result = run_ok("split", root, "--ratios", "80/10/10", "--json")
    data = json.loads(result.stdout)
    assert (data["train"], data["val"], data["test"]) == (104, 13, 13)
    assert counts_of(root) == {"train": 104, "val": 13, "test": 13}
    assert not (root / "stats.json").exists()


def test_seeds_choose_differently_and_repeatably(tmp_path: Path) -> None:
    stems = [f"s{n:03}" for n in range(40)]
    roots = [unsplit(tmp_path / name, stems) for name in ("one", "two", "three")]
    for root, seed in zip(roots, (1, 1, 2), strict=True):
        run_ok("split", root, "--seed", seed)
    first, again, other = ((root / "index.csv").read_bytes() for root in roots)
    assert first == again
    assert first != other


def test_split_is_pinned(tmp_path: Path) -> None:
    """One seed chooses the same samples on every machine and in every version."""
    root = unsplit(tmp_path / "d", [f"s{n:02}" for n in range(20)])
    run_ok("split", root)
    found = by_stem(root)
    assert [stem for stem in found if found[stem].split == "val"] == ["s02", "s03"]
    assert [stem for stem in found if found[stem].split == "test"] == ["s04", "s05"]


def test_group_by_keeps_groups_together(tmp_path: Path) -> None:
    root = unsplit(tmp_path / "d", [f"tile{tile}_part{part}" for tile in range(6) for part in range(5)])
    data = json.loads(run_ok("split", root, "--group-by", r"tile\d+", "--json").stdout)
    assert sum(data["groups"].values()) == 6
    splits: dict[str, set[str]] = {}
    for sample in Dataset.open(root).samples:
        assert sample.group == sample.stem.split("_")[0]
        splits.setdefault(sample.group, set()).add(sample.split)
    assert all(len(found) == 1 for found in splits.values())
    assert set().union(*splits.values()) == set(SPLITS)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(", "--group-by '(' is no regular expression"),
        ("x", "--group-by 'x' finds nothing in the stem 's0'"),
        (r"x*", r"--group-by 'x*' finds nothing in the stem 's0'"),
        (r"(s0)|(s1)", "finds nothing in the stem 's2'"),
    ],
)
def test_bad_group_expression_is_told(tmp_path: Path, pattern: str, says: str) -> None:
    root = unsplit(tmp_path / "d", ["s0", "s1", "s2"])
    before = tree(root)
    assert says in run_error("split", root, "--group-by", pattern)
    assert tree(root) == before


def test_too_few_samples_are_told(tmp_path: Path) -> None:
    root = unsplit(tmp_path / "d", ["a", "b"])
    assert "Too few samples or groups for test" in run_ok("split", root).stdout


def test_another_split_needs_overwrite(tmp_path: Path) -> None:
    root = unsplit(tmp_path / "d", [f"s{n:02}" for n in range(20)])
    run_ok("split", root)
    before = tree(root)
    run_ok("split", root)  # the same again is no change
    assert tree(root) == before
    said = run_error("split", root, "--ratios", "60/20/20")
    assert "is split in another way already" in said
    assert "--overwrite" in said
    assert tree(root) == before
    run_ok("split", root, "--ratios", "60/20/20", "--overwrite")
    assert counts_of(root) == {"train": 12, "val": 4, "test": 4}


def test_samples_without_mask_stay_out(tmp_path: Path) -> None:
    root = unsplit(tmp_path / "d", ["a", "b", "c"])
    write_index(root / "index.csv", [*Dataset.open(root).samples, Sample("bare", "images/bare.png", "", 12, 12)])
    run_ok("split", root)
    assert by_stem(root)["bare"].split == ""
    assert counts_of(root) == {"train": 1, "val": 1, "test": 1, "": 1}


def test_a_dataset_without_masks_is_told(tmp_path: Path) -> None:
    root = unsplit(tmp_path / "d", [])
    write_index(root / "index.csv", [Sample("bare", "images/bare.png", "", 9, 9)])
    assert "no sample has a mask yet" in run_error("split", root)


def test_patches_of_a_grown_dataset_split_the_new_samples(raw: Raw) -> None:
    """New masks came to a split dataset."""
    run_ok(*raw.convert)
    run_ok("split", raw.target)
    before = {stem: sample.split for stem, sample in by_stem(raw.target).items()}
    for number in range(3, 12):
        save(raw.photos / f"n{number}.png", random_image(number))
        save(raw.masks / f"n{number}.png", paint(random_mask(number)))
    run_ok(*raw.convert)
    said = run_ok("patches", raw.target, "--size", 16).stderr
    assert "9 samples had no split and now have one (80/10/10, seed 0); the others keep theirs." in said
    after = by_stem(raw.target)
    assert {stem: after[stem].split for stem in before} == before
    assert counts_of(raw.target) == {"train": 10, "val": 1, "test": 1}


# Stratification.


@given(
    st.lists(st.lists(st.integers(0, 50), min_size=3, max_size=3), min_size=3, max_size=40),
    RATIOS,
    st.integers(0, 3),
)
def test_counts_are_exact_whatever_the_classes(
    pixels: list[list[int]], ratios: tuple[float, float, float], seed: int
) -> None:
    samples = [Sample(f"s{n}", "i", "m", 1, 1) for n in range(len(pixels))]
    counts = {sample.stem: np.array(row) for sample, row in zip(samples, pixels, strict=True)}
    found = Counter(assign_units(units_of(samples), counts, ratios, seed).values())
    assert tuple(found[name] for name in SPLITS) == split_counts(len(samples), ratios)


def test_a_rare_class_comes_into_every_split(tmp_path: Path) -> None:
    """Three of 60 samples hold c, two hold b: c goes everywhere, b to train and val."""
    for seed in range(5):
        classes = [[0, 2]] * 3 + [[0, 1]] * 2 + [[0]] * 55
        root = unsplit(tmp_path / f"d{seed}", [f"s{n:02}" for n in range(60)], classes=classes)
        result = run_ok("split", root, "--seed", seed)
        assert "No pixel of b in test: too few samples or groups hold it." in result.stdout
        assert "No pixel of b in train" not in result.stdout
        found = by_stem(root)
        assert {found[f"s{n:02}"].split for n in range(3)} == set(SPLITS)
        assert {found[f"s{n:02}"].split for n in (3, 4)} == {"train", "val"}
        assert counts_of(root) == {"train": 48, "val": 6, "test": 6}


def test_shares_are_alike(tmp_path: Path) -> None:
    """Half of the samples are all of one class, half all of another: so is each split."""
    root = unsplit(tmp_path / "d", [f"s{n:02}" for n in range(40)], classes=[[0]] * 20 + [[1]] * 20)
    data = json.loads(run_ok("split", root, "--json").stdout)
    assert data["deviation"] == 0
    assert data["absent"] == []
    found = by_stem(root)
    assert Counter(found[f"s{n:02}"].split for n in range(20)) == {"train": 16, "val": 2, "test": 2}


# Near-duplicates.


def with_copies(root: Path) -> Path:
    """20 samples; s01, s02 and s03 show the same."""
    unsplit(root, [f"s{n:02}" for n in range(20)])
    for stem in ("s02", "s03"):
        shutil.copy(root / "images/s01.png", root / f"images/{stem}.png")
    return root


@pytest.mark.parametrize("seed", range(4))
def test_near_duplicates_stay_together(tmp_path: Path, seed: int) -> None:
    root = with_copies(tmp_path / "d")
    result = run_ok("split", root, "--seed", seed)
    assert "3 images in 1 set of near-duplicates are kept together." in result.stderr
    found = by_stem(root)
    assert len({found[stem].split for stem in ("s01", "s02", "s03")}) == 1
    assert all(sample.group == "" for sample in found.values())
    assert counts_of(root) == {"train": 16, "val": 2, "test": 2}


def test_near_duplicates_may_be_split(tmp_path: Path) -> None:
    root = with_copies(tmp_path / "d")
    tear(root, {"s01": "train", "s02": "val", "s03": "test"})
    before = tree(root)
    assert "tears apart what belongs together (s01 in train, s02 in val, s03 in test)" in run_error("split", root)
    assert tree(root) == before
    assert "near-duplicates" not in run_ok("split", root, "--no-dedupe").stderr
    assert by_stem(root)["s02"].split == "val"


def came_as_test(root: Path, *stems: str) -> None:
    """Samples whose labels came divided: these as test, the others as train."""
    path = root / "index.csv"
    splits = {sample.stem: "test" if sample.stem in stems else "train" for sample in read_index(path)}
    write_index(path, [replace(s, split=splits[s.stem], source_split=splits[s.stem]) for s in read_index(path)])


@pytest.mark.parametrize("seed", range(4))
def test_what_is_like_an_image_that_came_as_test_goes_to_test(tmp_path: Path, seed: int) -> None:
    root = with_copies(tmp_path / "d")
    came_as_test(root, "s01", "s11")
    said = run_ok("split", root, "--overwrite", "--seed", seed, "--ratios", "75/25/0").stderr
    assert "2 samples came as test with the labels and stay there" in said
    assert "2 samples go to test, too: near-duplicates of those, or in a group with them" in said
    assert sorted(stem for stem, sample in by_stem(root).items() if sample.split == "test") == [
        "s01",
        "s02",
        "s03",
        "s11",
    ]
    assert counts_of(root) == {"train": 12, "val": 4, "test": 4}
    run_ok("split", root, "--ratios", "75/25/0")  # torn by nothing


def test_labels_that_came_without_val_are_not_too_few(tmp_path: Path) -> None:
    root = unsplit(tmp_path / "d", [f"s{n:02}" for n in range(12)])
    came_as_test(root, "s00", "s01")
    said = run_ok("split", root).stdout
    assert "No samples in val; --overwrite divides anew." in said and "Too few" not in said
    run_ok("split", root, "--overwrite")
    assert counts_of(root) == {"train": 9, "val": 1, "test": 2}


def test_groups_that_would_leave_nothing_for_train_are_refused(tmp_path: Path) -> None:
    root = unsplit(tmp_path / "d", [f"t0_{n}" for n in range(4)])
    came_as_test(root, "t0_0")
    before = tree(root)
    said = run_error("split", root, "--overwrite", "--group-by", r"t\d")
    assert "all samples belong together with ones that came as test" in said
    assert "delete the column source_split of" in said
    assert tree(root) == before


def test_a_torn_split_is_made_anew_in_the_groups_that_were_asked_for(tmp_path: Path) -> None:
    root = unsplit(tmp_path / "d", [f"t{n // 3}_{n}" for n in range(12)])
    tear(root, {f"t{n // 3}_{n}": "val" if n % 3 == 0 else "train" for n in range(12)})
    asked = ("split", root, "--group-by", r"t\d", "--ratios", "50/25/25")
    said = run_error(*asked)
    assert said.endswith("; the same command with --overwrite splits all anew")
    run_ok(*asked, "--overwrite")
    found = by_stem(root)
    assert all(len({found[f"t{k}_{3 * k + n}"].split for n in range(3)}) == 1 for k in range(4))
    assert counts_of(root) == {"train": 6, "val": 3, "test": 3}


def tear(root: Path, splits: dict[str, str]) -> None:
    """Split by hand."""
    samples = [*Dataset.open(root).samples]
    write_index(root / "index.csv", [replace(s, split=splits.get(s.stem, "")) for s in samples])


# New samples.


def test_only_new_samples_are_assigned(tmp_path: Path) -> None:
    root = unsplit(tmp_path / "d", [f"s{n:02}" for n in range(30)])
    tear(root, {f"s{n:02}": "train" for n in range(20)})
    result = run_ok("split", root)
    assert "10 new samples got a split; what had one keeps it (20)." in result.stderr
    assert counts_of(root) == {"train": 24, "val": 3, "test": 3}
    assert all(by_stem(root)[f"s{n:02}"].split == "train" for n in range(20))
    before = tree(root)
    assert "All samples have a split already" in run_ok("split", root).stderr
    assert tree(root) == before


def test_new_members_follow_their_group(tmp_path: Path) -> None:
    groups = ["tile"] * 5 + [""] * 15
    root = unsplit(tmp_path / "d", [f"s{n:02}" for n in range(20)], groups)
    tear(root, {"s00": "val", "s01": "val", "s10": "train"})
    run_ok("split", root)
    assert {by_stem(root)[f"s{n:02}"].split for n in range(5)} == {"val"}


# Groups.


def test_group_by_folder(tmp_path: Path) -> None:
    root = unsplit(tmp_path / "d", [f"s{n:02}" for n in range(12)])
    assert "there is no photos.csv" in run_error("split", root, "--group-by", "folder")
    photos = [PhotoRecord(f"s{n:02}", f"day {n // 3}/p{n}.jpg", 12, 12, 1, 0, 0, 12, 12) for n in range(12)]
    write_records(root / "photos.csv", photos)
    run_ok("split", root, "--group-by", "folder")
    found = by_stem(root)
    assert {found[f"s{n:02}"].group for n in range(3)} == {"day 0"}
    for day in range(4):
        assert len({found[f"s{n:02}"].split for n in range(3 * day, 3 * day + 3)}) == 1
    assert set(counts_of(root)) == set(SPLITS)


def test_photos_of_one_folder_are_no_groups(tmp_path: Path) -> None:
    root = unsplit(tmp_path / "d", ["a", "b", "c"])
    write_records(root / "photos.csv", [PhotoRecord(stem, f"{stem}.jpg", 12, 12, 1, 0, 0, 12, 12) for stem in "abc"])
    assert "all photos came from one folder" in run_error("split", root, "--group-by", "folder")


def test_group_by_group_column(tmp_path: Path) -> None:
    root = unsplit(tmp_path / "d", [f"s{n}" for n in range(9)], list("xxxyyyzzz"))
    bare = unsplit(tmp_path / "bare", ["a", "b", "c"])
    run_ok("split", root, "--group-by", "group")
    assert counts_of(root) == {"train": 3, "val": 3, "test": 3}
    assert "group column of index.csv is empty" in run_error("split", bare, "--group-by", "group")


# Folds.


def folds_of(root: Path) -> dict[str, tuple[str, int]]:
    with (root / "folds.csv").open(encoding="utf-8", newline="") as file:
        return {row["stem"]: (row["group"], int(row["fold"])) for row in csv.DictReader(file)}


def test_folds_of_one_sample_are_told_in_the_singular(tmp_path: Path) -> None:
    root = unsplit(tmp_path / "d", ["a", "b", "c", "d"])
    assert "3 folds of 1 sample, all but those of test" in run_ok("split", root, "--folds", 3).stdout


def test_folds_divide_what_is_not_test(tmp_path: Path) -> None:
    stems = [f"s{n:02}" for n in range(40)]
    groups = [f"g{n // 2}" if n < 10 else "" for n in range(40)]
    classes = [[0, 1]] * 20 + [[0]] * 20
    roots = [unsplit(tmp_path / name, stems, groups, classes) for name in ("with", "without")]
    said = run_ok("split", roots[0], "--folds", 4).stdout
    run_ok("split", roots[1])
    assert "4 folds of 9 samples, all but those of test" in said
    assert (roots[0] / "index.csv").read_bytes() == (roots[1] / "index.csv").read_bytes()
    folds, found = folds_of(roots[0]), by_stem(roots[0])
    assert folds.keys() == {stem for stem in stems if found[stem].split != "test"}
    assert Counter(fold for _, fold in folds.values()) == {0: 9, 1: 9, 2: 9, 3: 9}
    for name in set(groups) - {""}:
        assert len({fold for group, fold in folds.values() if group == name}) <= 1
    held = Counter(folds[stem][1] for stem in stems[:20] if stem in folds)
    assert max(held.values()) - min(held.values()) <= 1
    before = tree(roots[0])
    run_ok("split", roots[0], "--folds", 4)
    assert tree(roots[0]) == before
    assert "--overwrite" in run_error("split", roots[0], "--folds", 3)
    run_ok("split", roots[0], "--folds", 3, "--overwrite")
    assert {fold for _, fold in folds_of(roots[0]).values()} == {0, 1, 2}
    run_ok("split", roots[0], "--overwrite", "--seed", 5)
    assert not (roots[0] / "folds.csv").exists()


def test_folds_grow_with_the_dataset(tmp_path: Path) -> None:
    root = unsplit(tmp_path / "d", [f"s{n:02}" for n in range(20)])
    run_ok("split", root, "--folds", 3)
    tear(root, {stem: sample.split for stem, sample in by_stem(root).items() if stem < "s15"})
    assert "folds.csv does not hold them yet; --folds K writes it anew." in run_ok("split", root).stderr
    tear(root, {stem: sample.split for stem, sample in by_stem(root).items() if stem < "s15"})
    run_ok("split", root, "--folds", 4)
    assert {fold for _, fold in folds_of(root).values()} == {0, 1, 2, 3}


def test_too_many_folds_are_told(tmp_path: Path) -> None:
    root = unsplit(tmp_path / "d", [f"s{n}" for n in range(5)])
    before = tree(root)
    assert "only 4 samples or groups are outside test" in run_error("split", root, "--folds", 5)
    assert tree(root) == before


def test_one_sample_is_told(tmp_path: Path) -> None:
    root = unsplit(tmp_path / "d", ["alone"])
    assert "Too few samples or groups for val and test." in run_ok("split", root).stdout
    assert by_stem(root)["alone"].split == "train"


def test_workers_change_nothing(tmp_path: Path) -> None:
    stems, classes = [f"s{n:02}" for n in range(25)], [[n % 3, 0] for n in range(25)]
    roots = [unsplit(tmp_path / f"d{workers}", stems, classes=classes) for workers in (1, 2)]
    for workers, root in enumerate(roots, start=1):
        run_ok("split", root, "--workers", workers, "--folds", 3)
    assert tree(roots[0]) == tree(roots[1])
