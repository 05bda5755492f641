"""Splits: exact counts, whole groups, nobody lost, the same for any order."""

import json
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.dataset import SPLITS, Dataset, Sample, write_index
from prep.split import assign_groups, split_counts, split_samples
from tests.conftest import Raw
from tests.support import by_stem, paint, random_image, random_mask, run_error, run_ok, save, tree

RATIOS = st.tuples(st.integers(1, 100), st.integers(0, 100), st.integers(0, 100)).map(
    lambda ratios: (float(ratios[0]), float(ratios[1]), float(ratios[2]))
)
SIZES = st.dictionaries(st.text("abc0123", min_size=1, max_size=5), st.integers(1, 9), min_size=1, max_size=30)


def unsplit(root: Path, stems: list[str], groups: list[str] | None = None) -> Path:
    """A dataset whose files are never read: split looks at the index only."""
    root.mkdir(parents=True)
    (root / "classes.json").write_text('{"classes": [{"name": "a", "color": "#000000"}]}', encoding="utf-8")
    rows = zip(stems, groups or [""] * len(stems), strict=True)
    write_index(root / "index.csv", [Sample(s, f"images/{s}.png", f"masks/{s}.png", 9, 9, g) for s, g in rows])
    return root


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


@given(SIZES, RATIOS, st.integers(0, 5), st.randoms())
def test_groups_are_a_partition_for_any_order(
    sizes: dict[str, int], ratios: tuple[float, float, float], seed: int, shuffled: random.Random
) -> None:
    splits = assign_groups(sizes, ratios, seed)
    assert splits.keys() == sizes.keys()
    used = {name for name, ratio in zip(SPLITS, ratios, strict=True) if ratio > 0}
    assert set(splits.values()) <= used
    if len(sizes) >= len(used):
        assert set(splits.values()) == used
    names = list(sizes)
    shuffled.shuffle(names)
    assert assign_groups({name: sizes[name] for name in names}, ratios, seed) == splits


@given(st.integers(3, 300), RATIOS, st.integers(0, 5))
def test_samples_without_groups_get_exact_counts(number: int, ratios: tuple[float, float, float], seed: int) -> None:
    samples = [Sample(f"s{n}", "", "m", 1, 1) for n in range(number)]
    found = Counter(split_samples(samples, ratios, seed).values())
    assert tuple(found[name] for name in SPLITS) == split_counts(number, ratios)


@given(SIZES, st.integers(0, 5))
def test_groups_stay_together(sizes: dict[str, int], seed: int) -> None:
    samples = [Sample(f"{group}-{n}", "", "m", 1, 1, group) for group, size in sizes.items() for n in range(size)]
    splits = split_samples(samples, (80, 10, 10), seed)
    assert splits.keys() == {sample.stem for sample in samples}
    for group in sizes:
        assert len({splits[sample.stem] for sample in samples if sample.group == group}) == 1


def test_a_group_is_no_stem() -> None:
    """A group named like the stem of another sample has nothing to do with it."""
    samples = [
        Sample("x", "", "m", 1, 1),
        *(Sample(f"y{n}", "", "m", 1, 1, "x") for n in range(8)),
        Sample("z", "", "m", 1, 1),
    ]
    found = split_samples(samples, (80, 10, 10), 0)
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
    assert [stem for stem in found if found[stem].split == "val"] == ["s02", "s08"]
    assert [stem for stem in found if found[stem].split == "test"] == ["s16", "s18"]


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
    [("(", "--group-by '(' is no regular expression"), ("x", "--group-by 'x' finds nothing in the stem 's0'")],
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
    write_index(root / "index.csv", [*Dataset.open(root).samples, Sample("bare", "images/bare.png", "", 9, 9)])
    run_ok("split", root)
    assert by_stem(root)["bare"].split == ""
    assert counts_of(root) == {"train": 1, "val": 1, "test": 1, "": 1}


def test_a_dataset_without_masks_is_told(tmp_path: Path) -> None:
    root = unsplit(tmp_path / "d", [])
    write_index(root / "index.csv", [Sample("bare", "images/bare.png", "", 9, 9)])
    assert "no sample has a mask yet" in run_error("split", root)


def test_patches_of_a_half_split_dataset_say_what_to_type(raw: Raw) -> None:
    """New masks came to a split dataset; the hint has to be one that helps."""
    run_ok(*raw.convert)
    run_ok("split", raw.target)
    for number in range(3, 12):
        save(raw.photos / f"n{number}.png", random_image(number))
        save(raw.masks / f"n{number}.png", paint(random_mask(number)))
    run_ok(*raw.convert)
    said = run_error("patches", raw.target, "--size", 16)
    assert "seg-prep split" in said
