"""Splits of datasets that were split before: new samples are dealt out as the others were."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

import prep
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import FOLDS, INDEX, PROVENANCE
from prep.dataset.folds import read_folds
from prep.dataset.index import BUFFER, SPLITS, Sample, write_index
from prep.dataset.provenance import SplitWay, last_split_way
from prep.splitting.buffer import touching
from prep.splitting.split import ensure_split
from tests.rasters import needs_geo, write_raster
from tests.support import by_stem, random_image, run_error, run_ok, save

BY_PLACE = ("--group-by", "place", "--block", "30m")


def photos(root: Path, stems: list[str], split: str = "") -> Path:
    """A dataset of images that have nothing in common, or more of them."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "classes.json").write_text(json.dumps({"classes": [{"name": "a", "color": "#000000"}]}), encoding="utf-8")
    known = by_stem(root) if (root / INDEX).exists() else {}
    for number, stem in enumerate(stems, start=len(known)):
        save(root / f"images/{stem}.png", random_image(number, 12, 12))
        save(root / f"masks/{stem}.png", np.zeros((12, 12), np.uint8))
        known[stem] = Sample(stem, f"images/{stem}.png", f"masks/{stem}.png", 12, 12, split=split)
    write_index(root / INDEX, known.values())
    return root


def town(folder: Path) -> Path:
    """8 x 8 samples of 10 m, each of its own noise, side by side."""
    pixels = np.random.default_rng(5).integers(0, 255, (160, 160, 3)).astype(np.uint8)
    raster = write_raster(folder / "town.tif", pixels)
    labels = write_raster(folder / "labels/town.tif", np.tile([[0, 1]], (160, 80)).astype(np.uint8))
    (folder / "classes.txt").write_text("a,#000000\nb,#ff0000\n")
    root = folder / "d"
    run_ok("tile", raster, "-o", root, "--size", 20, "--labels", labels.parent, "--classes", folder / "classes.txt")
    return root


def test_new_samples_are_grouped_as_the_others_were(tmp_path: Path) -> None:
    root = photos(tmp_path / "d", [f"tile{n}_{part}" for n in range(10) for part in "ab"])
    run_ok("split", root, "--group-by", r"tile\d+", "--ratios", "60/20/20")
    photos(root, [f"tile{n}_c" for n in range(10)])
    said = run_ok("split", root).stderr
    assert r"As the dataset was split before: --ratios 60/20/20 --group-by 'tile\d+'." in said
    splits = {stem: sample.split for stem, sample in by_stem(root).items()}
    assert all(splits[f"tile{n}_a"] == splits[f"tile{n}_c"] for n in range(10))
    photos(root, [f"tile{n}_d" for n in range(10)])
    notes: list[str] = []
    grown = ensure_split(Dataset.open(root), 0, notes.append)
    assert all(sample.group for sample in grown.samples)
    assert r"(60/20/20, seed 0, --group-by 'tile\d+')" in notes[0]
    photos(root, ["other"])
    said = run_error("split", root)
    assert "finds nothing in the stem 'other'" in said
    assert "--group-by group goes by the group column of index.csv instead" in said
    run_ok("split", root, "--group-by", "group")
    assert last_split_way(root).grouping == "--group-by group"


def test_new_samples_of_a_resized_dataset_are_grouped_as_the_others_were(tmp_path: Path) -> None:
    source, small = photos(tmp_path / "d", [f"tile{n}_{part}" for n in range(10) for part in "ab"]), tmp_path / "small"
    run_ok("split", source, "--group-by", r"tile\d+", "--ratios", "60/20/20")
    for _ in "ab":
        run_ok("resize", source, "-o", small, "--size", 16)
    assert (small / PROVENANCE).read_text(encoding="utf-8").count(' split"') == 1
    samples = by_stem(small)
    photos(small, [f"tile{n}_c" for n in range(10)])
    assert r"--ratios 60/20/20 --group-by 'tile\d+'" in run_ok("split", small).stderr
    assert all(by_stem(small)[f"tile{n}_c"].split == samples[f"tile{n}_a"].split for n in range(10))


def test_the_way_of_folders_goes_along(tmp_path: Path) -> None:
    for number, folder in enumerate("aabbccdd"):
        save(tmp_path / f"photos/{folder}/{folder}{number}.png", random_image(number, 12, 12))
    run_ok("resize", tmp_path / "photos", "-o", tmp_path / "d", "--size", 16)
    photos(tmp_path / "d", [])
    known = by_stem(tmp_path / "d")
    for stem in known:
        save(tmp_path / f"d/masks/{stem}.png", np.zeros((12, 12), np.uint8))
    write_index(tmp_path / "d" / INDEX, [replace(s, mask=f"masks/{s.stem}.png") for s in known.values()])
    run_ok("split", tmp_path / "d", "--group-by", "folder")
    run_ok("resize", tmp_path / "d", "-o", tmp_path / "small", "--size", 16)
    assert last_split_way(tmp_path / "small").group_by == "folder"


def test_new_samples_need_no_groups_where_few_have_any(tmp_path: Path) -> None:
    """A person has put one burst together by hand."""
    root = photos(tmp_path / "d", [f"s{number:02}" for number in range(20)])
    samples = by_stem(root).values()
    write_index(root / INDEX, [replace(s, group="burst" if s.stem < "s05" else "") for s in samples])
    run_ok("split", root)
    photos(root, ["t0", "t1"])
    assert "2 new samples got a split" in run_ok("split", root).stderr
    assert len({sample.split for sample in by_stem(root).values() if sample.group}) == 1


def test_new_samples_are_not_torn_from_groups_of_which_nobody_knows_how_they_were_made(tmp_path: Path) -> None:
    root = photos(tmp_path / "d", [f"tile{n}_{part}" for n in range(10) for part in "ab"])
    run_ok("split", root, "--group-by", r"tile\d+")
    (root / PROVENANCE).unlink()
    run_ok("split", root)  # nothing is dealt out
    photos(root, [f"tile{n}_c" for n in range(10)])
    for options in ((), ("--overwrite",)):
        said = run_error("split", root, *options)
        assert "what was split is in groups (tile0, tile1, tile2, tile3, tile4 and 5 more)" in said
        assert "10 new samples are in none" in said
        assert "--group-by group" in said
    before = by_stem(root)
    run_ok("split", root, "--group-by", r"tile\d+")
    after = by_stem(root)
    assert all(after[f"tile{n}_c"].split == before[f"tile{n}_a"].split for n in range(10))


def test_samples_that_belong_to_no_group_get_a_split_once_that_is_said(tmp_path: Path) -> None:
    root = photos(tmp_path / "d", [f"s{n}" for n in range(10)])
    samples = by_stem(root)
    write_index(
        root / INDEX,
        [replace(s, group=f"burst{int(s.stem[1]) // 2}" if s.stem < "s8" else "") for s in samples.values()],
    )
    run_ok("split", root)  # a column that was filled in for most, before the first split
    photos(root, ["new"])
    assert "1 new sample is in none (new)" in run_error("split", root)
    run_ok("split", root, "--group-by", "group")
    photos(root, ["newer"])
    assert "As the dataset was split before: --group-by group." in run_ok("split", root).stderr


@needs_geo
def test_a_split_by_place_goes_on_by_place(tmp_path: Path) -> None:
    root = town(tmp_path)
    run_ok("split", root, *BY_PLACE, "--ratios", "60/20/20")
    before = by_stem(root)
    samples = [replace(s, group="", split="") if s.stem.endswith(("c3", "c4")) else s for s in before.values()]
    write_index(root / INDEX, samples)
    assert (
        "As the dataset was split before: --ratios 60/20/20 --group-by place --block 30m."
        in run_ok("split", root).stderr
    )
    assert touching(Dataset.open(root).samples) == 0
    run_ok("split", root, "--overwrite", "--seed", 3)
    after = Dataset.open(root).samples
    assert touching(after) == 0
    assert {sample.split for sample in after} == {*SPLITS, BUFFER}


@needs_geo
def test_a_split_by_unknown_squares_is_not_torn_by_place(tmp_path: Path) -> None:
    root = town(tmp_path)
    run_ok("split", root, *BY_PLACE)
    (root / PROVENANCE).unlink()
    run_ok("split", root)  # nothing is dealt out
    said = run_error("split", root, "--overwrite")
    assert f"type 'seg-prep split {root}' with --group-by place --block 70m, or with the metres that you know" in said
    run_ok("split", root, "--overwrite", "--group-by", "group")


@needs_geo
def test_advice_splits_as_before(tmp_path: Path) -> None:
    root = town(tmp_path)
    run_ok("split", root, *BY_PLACE)
    samples = by_stem(root)
    write_index(root / INDEX, [replace(s, split="train" if s.split == BUFFER else s.split) for s in samples.values()])
    save(root / "masks/town_r0_c0.png", np.zeros((20, 20), np.uint8))
    advice = {finding.kind: finding.advice for finding in prep.check(root) if "seg-prep split" in finding.advice}
    assert "place-neighbour" in advice
    assert all(f"'seg-prep split {root} --group-by place --block 30m" in text for text in advice.values())


def test_a_damaged_record_tells_what_it_can(tmp_path: Path) -> None:
    def recorded(**given: object) -> str:
        return json.dumps({"command": "seg-prep split", "arguments": {"ratios": None, "block": None, **given}})

    lines = [
        recorded(group_by="place", block=60, ratios=[7, 2, 1]),
        recorded(group_by="place", block=-1),
        recorded(group_by="folder", ratios=[0, 1, 1]),
        recorded(group_by="folder", ratios="all"),
        recorded(group_by=None),
        json.dumps({"command": "seg-prep stats", "arguments": {"group_by": "folder"}}),
        '{"group_by',
        '"group_by"',
    ]
    (tmp_path / PROVENANCE).write_text("\n".join(lines), encoding="utf-8")
    assert last_split_way(tmp_path) == SplitWay((7, 2, 1), "place", 60)
    assert last_split_way(tmp_path / "none") == SplitWay()


def test_folds_are_of_the_split_that_stands(tmp_path: Path) -> None:
    root = photos(tmp_path / "d", [f"s{n:02}" for n in range(20)])
    run_ok("split", root, "--ratios", "60/20/20", "--folds", 3)
    photos(root, [f"t{n}" for n in range(5)])
    assert "--folds K writes it anew" in run_ok("split", root).stderr
    before = by_stem(root)
    run_ok("split", root, "--folds", 3)
    assert by_stem(root) == before
    assert read_folds(root / FOLDS).keys() == {stem for stem, sample in before.items() if sample.split != "test"}
    (root / FOLDS).write_text("stem,fold\n?", encoding="utf-8")
    run_ok("split", root, "--folds", 3)
    said = run_error("split", root, "--folds", 2)
    assert "already holds other results (folds.csv); delete folds.csv to have it written anew" in said
    assert (
        "folds.csv was of the split before and is deleted" in run_ok("split", root, "--overwrite", "--seed", 4).stderr
    )
    assert not (root / FOLDS).exists()


def test_folds_of_a_division_that_no_ratios_gave(tmp_path: Path) -> None:
    root = photos(tmp_path / "d", [f"s{n:02}" for n in range(15)], "train")
    photos(root, [f"t{n}" for n in range(5)], "test")
    run_ok("split", root, "--folds", 3)
    assert len(read_folds(root / FOLDS)) == 15
    assert "is split in another way already (15/0/5 samples" in run_error("split", root, "--ratios", "80/10/10")


def test_a_torn_split_shows_a_sample_of_each(tmp_path: Path) -> None:
    root = photos(tmp_path / "d", ["a0", "a1", "a2", "b0", "b1"], "train")
    photos(root, ["c0"], "test")
    samples = by_stem(root)
    image = random_image(77, 12, 12)
    for stem in ("b0", "c0"):
        save(root / f"images/{stem}.png", image)
    write_index(root / INDEX, [replace(each, group=each.stem[0]) for each in samples.values()])
    said = run_error("split", root)
    assert "the split tears apart what belongs together (b0 in train, c0 in test)" in said
    assert "--no-dedupe leaves near-duplicates where they are" in said
    run_ok("split", root, "--no-dedupe")
    write_index(
        root / INDEX, [replace(each, group="b" if each.group == "c" else each.group) for each in by_stem(root).values()]
    )
    assert "--no-dedupe" not in run_error("split", root)


def test_images_without_labels_are_not_called_split(tmp_path: Path) -> None:
    root = photos(tmp_path / "d", [f"s{n}" for n in range(8)])
    run_ok("split", root)
    assert "All samples have a split already" in run_ok("split", root).stderr
    write_index(root / INDEX, [*by_stem(root).values(), Sample("new", "images/new.png", "", 12, 12)])
    assert "All labelled samples have a split already" in run_ok("split", root).stderr


def test_lengths_are_typed_back_as_they_were() -> None:
    assert SplitWay(None, "place", 2500).grouping == "--group-by place --block 2500m"
    assert SplitWay(None, "(a b)").grouping == "--group-by '(a b)'"


def test_squares_are_not_suggested_where_no_sample_has_a_place(tmp_path: Path) -> None:
    """They were the mean of nothing, a warning of NumPy."""
    root = tmp_path / "d"
    run_ok("synth", "--n", 4, "--test", 0, "--size", "32x32", "-o", root)
    write_index(root / "index.csv", [replace(each, split="", group="block 0 1") for each in by_stem(root).values()])
    (root / "provenance.jsonl").unlink()
    assert f"type 'seg-prep split {root}' with --group-by place --block METRES, or with" in run_error("split", root)


def test_the_ratios_are_told_where_splits_came_with_the_labels(tmp_path: Path) -> None:
    root = photos(tmp_path / "d", [f"s{n:02}" for n in range(9)])
    samples = {s.stem: (s, SPLITS[number % 3]) for number, s in enumerate(by_stem(root).values())}
    write_index(root / INDEX, [replace(s, split=split, source_split=split) for s, split in samples.values()])
    photos(root, ["t0", "t1", "t2"])
    said = " ".join(run_ok("split", root).stderr.split())
    assert (
        "9 samples came with their splits (3/3/3); with the new ones, all come as near to 80/10/10, the default" in said
    )
    assert "--ratios 3/3/3 --overwrite" in said
    assert [by_stem(root)[stem].split for stem in ("t0", "t1", "t2")] == ["train"] * 3
    run_ok("split", root, "--ratios", "3/3/3", "--overwrite")
    photos(root, ["t3"])
    assert "came with their splits" not in run_ok("split", root).stderr
