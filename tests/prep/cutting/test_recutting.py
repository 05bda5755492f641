"""seg-prep tile once more, in another way: neither classes nor splits become those of other pixels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from prep.dataset.folds import read_folds
from prep.dataset.index import Sample, write_index
from prep.dataset.states import read_states_and_notes, write_states
from prep.images.imageio import read_mask
from tests.prep.cutting.vectors import box, write_geojson
from tests.rasters import colored, needs_geo, rio, write_raster
from tests.support import by_stem, run_error, run_ok, run_partly, tree

pytestmark = needs_geo

MASK = np.zeros((60, 120), np.uint8)
MASK[10:40, 20:70] = 1


@pytest.fixture
def rasters(tmp_path: Path) -> Path:
    (tmp_path / "rasters").mkdir()
    for number in range(2):
        pixels = np.random.default_rng(number).integers(0, 255, (60, 120, 3)).astype(np.uint8)
        write_raster(tmp_path / f"rasters/r{number}.tif", pixels)
    return tmp_path / "rasters"


def test_other_class_numbers_are_refused_while_older_masks_stay(rasters: Path, tmp_path: Path) -> None:
    labels = write_geojson(
        tmp_path / "labels.geojson", [("road", [box(20, 10, 70, 40)]), ("roof", [box(80, 10, 110, 40)])]
    )
    root, classes = tmp_path / "d", tmp_path / "classes.txt"
    command = ("-o", root, "--size", "60", "--labels", labels, "--attribute", "kind")
    run_ok("tile", rasters / "r0.tif", *command)
    assert Dataset.open(root).classes.names == ("road", "roof")
    before = _shown(root)
    classes.write_text("roof,#ff0000\nroad,#00ff00\n")
    for more in ((), ("--overwrite",)):
        said = run_error("tile", rasters / "r1.tif", *command, "--classes", classes, *more)
        assert "its classes are road, roof, those of these labels roof, road, and 2 of its masks are not among" in said
    assert _shown(root) == before
    classes.write_text("road,#ff0000\nroof,#00ff00\ntree,#0000ff\n")
    run_ok("tile", rasters / "r1.tif", *command, "--classes", classes, "--overwrite")
    classes.write_text("roof,#ff0000\nroad,#00ff00\n")
    run_ok("tile", rasters, *command, "--classes", classes, "--overwrite")
    assert Dataset.open(root).classes.names == ("roof", "road")
    assert all(read_mask(root / f"masks/r{number}_r0_c0.png")[20, 30] == 1 for number in range(2))


def _shown(root: Path) -> dict[str, bytes]:
    return {name: content for name, content in tree(root).items() if not name.startswith(".")}


def _splits(root: Path) -> dict[str, str]:
    return {sample.stem: sample.split for sample in Dataset.open(root).samples}


def test_samples_of_other_ground_lose_their_split_and_it_is_said(rasters: Path, tmp_path: Path) -> None:
    labels = write_raster(tmp_path / "labels/r0.tif", MASK), write_raster(tmp_path / "labels/r1.tif", MASK)
    (tmp_path / "classes.txt").write_text("background,#000000\nroad,#ff0000\n")
    root = tmp_path / "d"
    command = ("-o", root, "--labels", labels[0].parent, "--classes", tmp_path / "classes.txt")
    run_ok("tile", rasters, *command, "--size", "30")
    run_ok("split", root, "--folds", "2")
    whole = _splits(root)
    said = run_ok("tile", rasters / "r0.tif", *command, "--size", "30", "--overlap", "10", "--overwrite").stdout
    assert "8 samples that had a split show other ground now" not in said  # the first of all lies where it lay
    assert "7 samples that had a split show other ground now" in said
    assert f"type 'seg-prep split {root}' to give them one" in said
    after = _splits(root)
    assert {stem: split for stem, split in after.items() if split} == {
        stem: split for stem, split in whole.items() if stem.startswith("r1") or stem == "r0_r0_c0"
    }
    assert not (root / "folds.csv").exists()
    run_ok("split", root, "--folds", "2")
    assert read_folds(root / "folds.csv").keys() <= _splits(root).keys()


def test_states_and_notes_stay_with_the_ground_that_they_were_given_for(rasters: Path, tmp_path: Path) -> None:
    root = tmp_path / "d"
    run_ok("tile", rasters, "-o", root, "--size", "60")
    stated = {"r0_r0_c0": "rejected", "r0_r0_c1": "done", "r1_r0_c1": "done"}
    write_states(root / "states.csv", stated, {"r0_r0_c1": "blurred", "r1_r0_c0": "a bird"})
    assert "all there already" in run_ok("tile", rasters, "-o", root, "--size", "60").stdout
    said = run_error("tile", rasters / "r0.tif", "-o", root, "--size", "60", "--overlap", "20")
    assert "1 sample whose labelling has a state or a note shows other ground now (r0_r0_c1); add --overwrite" in said
    said = run_ok("tile", rasters / "r0.tif", "-o", root, "--size", "60", "--overlap", "20", "--overwrite").stdout
    assert "1 sample whose labelling had a state or a note is gone or shows other ground now" in said
    left = {"r0_r0_c0": "rejected", "r1_r0_c1": "done"}
    assert read_states_and_notes(root / "states.csv") == (left, {"r1_r0_c0": "a bird"})
    run_ok("tile", rasters / "r1.tif", "-o", root, "--size", "120", "--overwrite")
    assert read_states_and_notes(root / "states.csv") == ({"r0_r0_c0": "rejected"}, {})


def test_samples_of_a_raster_that_is_left_out_stay(rasters: Path, tmp_path: Path) -> None:
    root = tmp_path / "d"
    run_ok("tile", rasters, "-o", root, "--size", "60")
    (rasters / "r1.tif").write_bytes((rasters / "r1.tif").read_bytes()[:200])
    said = run_partly("tile", rasters, "-o", root, "--size", "30", "--overwrite")
    assert "r1.tif" in said
    stems = {sample.stem for sample in Dataset.open(root).samples}
    assert {stem for stem in stems if stem.startswith("r1")} == {"r1_r0_c0", "r1_r0_c1"}
    assert len(stems) == 10


def test_without_a_place_all_of_a_raster_are_other_ground_once_one_is(tmp_path: Path) -> None:
    raster = write_raster(tmp_path / "r.tif", colored(MASK), crs=None, transform=None)
    root = tmp_path / "d"
    run_ok("tile", raster, "-o", root, "--size", "60")
    samples = Dataset.open(root).samples
    _with_splits(root, samples)
    assert "all there already" in run_ok("tile", raster, "-o", root, "--size", "60").stdout
    assert set(_splits(root).values()) == {"train"}
    assert "add --overwrite" in run_error("tile", raster, "-o", root, "--size", "60", "--overlap", "20")
    said = run_ok("tile", raster, "-o", root, "--size", "60", "--overlap", "20", "--overwrite").stdout
    assert "2 samples that had a split show other ground now" in said
    assert set(_splits(root).values()) == {""}


def test_a_place_that_is_corrected_is_another_place(rasters: Path, tmp_path: Path) -> None:
    root, raster = tmp_path / "d", rasters / "r0.tif"
    run_ok("tile", raster, "-o", root, "--size", "60")
    _with_splits(root, Dataset.open(root).samples)
    rio(f"rio edit-info --crs EPSG:32632 {raster}")
    assert "2 samples that have a split show other ground now" in run_error("tile", raster, "-o", root, "--size", "60")
    run_ok("tile", raster, "-o", root, "--size", "60", "--overwrite")
    assert by_stem(root)["r0_r0_c0"].crs == "EPSG:32632"
    assert set(_splits(root).values()) == {""}


def _with_splits(root: Path, samples: tuple[Sample, ...]) -> None:
    write_index(root / "index.csv", [replace(sample, split="train") for sample in samples])
