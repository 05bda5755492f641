"""Samples with a place: the index, splits by blocks of metres, overlaps across splits."""

import dataclasses
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

import prep
from prep.dataset.dataset import Dataset, Sample, read_index, write_index
from prep.dataset.dataset_files import INDEX
from tests.prep.cutting.vectors import box, write_geojson
from tests.rasters import colored, needs_geo, write_raster
from tests.support import run_error, run_ok, run_prep


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    """A dataset of 10 x 10 samples of 10 m."""
    rng = np.random.default_rng(0)
    raster = write_raster(tmp_path / "town.tif", colored(rng.integers(0, 3, (200, 200)).astype(np.uint8)))
    labels = write_geojson(tmp_path / "l.geojson", [("roof", [box(x, 0, x + 5, 200)]) for x in range(0, 200, 10)])
    run_ok(
        "tile", raster, "-o", tmp_path / "d", "--size", "20", "--labels", labels, "--attribute", "kind", "--unlabelled",
        "background",
    )  # fmt: skip
    return tmp_path / "d"


def test_an_index_without_places_has_the_columns_it_had(tmp_path: Path) -> None:
    plain = Sample("a", "images/a.png", "", 3, 4)
    write_index(tmp_path / INDEX, [plain])
    assert (tmp_path / INDEX).read_text().splitlines()[0] == "stem,image,mask,width,height,group,split"
    placed = dataclasses.replace(plain, stem="b", east=-0.5, north=2e6, crs="EPSG:4326", pixel="1 0 0 -1")
    write_index(tmp_path / INDEX, [plain, placed])
    assert (tmp_path / INDEX).read_text().splitlines()[1:] == [
        "a,images/a.png,,3,4,,,,,,", "b,images/a.png,,3,4,,,-0.5,2000000.0,EPSG:4326,1 0 0 -1",
    ]  # fmt: skip
    assert read_index(tmp_path / INDEX) == (plain, placed)


@needs_geo
def test_blocks_stay_in_one_split(cut: Path) -> None:
    run_ok("split", cut, "--group-by", "place", "--block", "20m", "--no-dedupe", "--ratios", "60/20/20")
    samples = Dataset.open(cut).samples
    splits, places = defaultdict(set), defaultdict(list)
    for sample in samples:
        splits[sample.group].add(sample.split)
        places[sample.group].append((sample.east, sample.north))
    assert all(len(found) == 1 for found in splits.values())
    assert {"train", "val", "test"} == set.union(*splits.values())
    assert 25 <= len(splits) <= 36
    assert max(float(np.ptp(np.array(found), axis=0).max()) for found in places.values()) <= 20.5
    assert "place-leak" not in run_prep("check", cut, "--json").stdout


@needs_geo
def test_a_split_that_knows_nothing_of_places_says_how_to_keep_neighbours_together(cut: Path) -> None:
    said = run_ok("split", cut, "--no-dedupe").stderr
    assert "the same command with --group-by place --block METRES --overwrite keeps squares of it whole\n" in said
    said = run_ok("split", cut, "--no-dedupe", "--group-by", "place", "--block", "20m", "--overwrite").stderr
    assert "--group-by place" not in said


def test_overlaps_across_splits_are_found(cut: Path) -> None:
    samples = [dataclasses.replace(sample, split="train") for sample in Dataset.open(cut).samples]
    samples[5] = dataclasses.replace(samples[5], split="test", east=(samples[6].east or 0) - 4)
    write_index(cut / INDEX, samples)
    (finding,) = [each for each in prep.check(cut) if each.kind == "place-leak"]
    assert set(finding.names) >= {samples[5].stem, samples[6].stem}
    assert finding.severity == "error"
    write_index(cut / INDEX, [dataclasses.replace(sample, pixel="1") for sample in samples])
    (broken,) = [each for each in prep.check(cut) if each.kind == "broken-place"]
    assert "the pixel '1' is not four numbers" in broken.text


@needs_geo
def test_what_a_split_by_place_needs_is_told(cut: Path) -> None:
    assert "--group-by place and --block METRES go together" in run_error("split", cut, "--group-by", "place")
    assert "--group-by place and --block METRES go together" in run_error("split", cut, "--block", "5m")
    assert run_prep("split", cut, "--group-by", "place", "--block", "far").exit_code == 2
    write_index(cut / INDEX, [Sample(s.stem, s.image, s.mask, s.width, s.height) for s in Dataset.open(cut).samples])
    text = run_error("split", cut, "--group-by", "place", "--block", "5m")
    assert "no sample has a place in index.csv; 'seg-prep tile RASTER -o" in text


@needs_geo
def test_resized_samples_lie_where_they_lay(cut: Path, tmp_path: Path) -> None:
    """Of a sample half as large, a pixel is twice as large: else footprints shrink, and overlaps are missed."""
    run_ok("resize", cut, "-o", tmp_path / "half", "--size", "16")
    before, after = Dataset.open(cut).samples[7], Dataset.open(tmp_path / "half").samples[7]
    assert (after.stem, after.width, after.height) == (before.stem, 16, 16)
    assert (after.east, after.north, after.crs) == (before.east, before.north, before.crs)
    assert [float(step) for step in after.pixel.split()] == [0.625, 0, 0, -0.625]
