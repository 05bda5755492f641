"""Samples with a place: the index, splits by blocks of metres, overlaps across splits."""

import dataclasses
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

import prep
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import INDEX
from prep.dataset.index import SPLITS, Sample, read_index, write_index
from tests.prep.cutting.vectors import box, write_geojson
from tests.rasters import colored, needs_geo, write_raster
from tests.support import run_error, run_ok, run_prep


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    """A dataset of 10 x 10 samples of 10 m."""
    return _town(tmp_path, 10)


def test_an_index_without_places_has_the_columns_it_had(tmp_path: Path) -> None:
    plain = Sample("a", "images/a.png", "", 3, 4)
    write_index(tmp_path / INDEX, [plain])
    assert (tmp_path / INDEX).read_text().splitlines()[0] == "stem,image,mask,width,height,group,split"
    placed = dataclasses.replace(
        plain, stem="b", image="images/b.png", east=-0.5, north=2e6, crs="EPSG:4326", pixel="1 0 0 -1"
    )
    write_index(tmp_path / INDEX, [plain, placed])
    assert (tmp_path / INDEX).read_text().splitlines()[1:] == [
        "a,images/a.png,,3,4,,,,,,", "b,images/b.png,,3,4,,,-0.5,2000000.0,EPSG:4326,1 0 0 -1",
    ]  # fmt: skip
    assert read_index(tmp_path / INDEX) == (plain, placed)


def _town(folder: Path, side: int) -> Path:
    """A dataset of side x side samples of 10 m."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    raster = write_raster(folder / "town.tif", colored(rng.integers(0, 3, (20 * side, 20 * side)).astype(np.uint8)))
    strips = [("roof", [box(x, 0, x + 5, 20 * side)]) for x in range(0, 20 * side, 10)]
    labels = write_geojson(folder / "l.geojson", strips)
    run_ok(
        "tile", raster, "-o", folder / "d", "--size", "20", "--labels", labels, "--attribute", "kind", "--unlabelled",
        "background",
    )  # fmt: skip
    return folder / "d"


def _touching(samples: tuple[Sample, ...]) -> int:
    """Pairs of samples of 10 m in two splits that are no farther apart, by their middles alone."""
    used = [sample for sample in samples if sample.split in SPLITS]
    places = np.array([(sample.east, sample.north) for sample in used], np.float64)
    splits = np.array([sample.split for sample in used])
    apart = np.abs(places[:, None] - places).max(axis=2)
    return int(((apart < 10.3) & (splits[:, None] != splits)).sum())


BY_PLACE = ("--no-dedupe", "--ratios", "60/20/20", "--group-by", "place", "--block")


@needs_geo
def test_blocks_stay_in_one_split_and_no_two_neighbours_are_in_two(tmp_path: Path) -> None:
    cut = _town(tmp_path, 20)
    said = run_ok("split", cut, *BY_PLACE, "50m").stderr
    samples = Dataset.open(cut).samples
    splits, places = defaultdict(set), defaultdict(list)
    for sample in samples:
        splits[sample.group].add(sample.split)
        places[sample.group].append((sample.east, sample.north))
    assert all(len(found - {"buffer"}) == 1 for found in splits.values() if found != {"buffer"})
    assert {"train", "val", "test", "buffer"} == set.union(*splits.values())
    assert 16 <= len(splits) <= 36
    assert max(float(np.ptp(np.array(found), axis=0).max()) for found in places.values()) <= 50.5
    assert _touching(samples) == 0
    number = sum(sample.split == "buffer" for sample in samples)
    assert f"{number} of 400 samples lie next to another split on the ground and are in none (buffer in" in said
    assert not [each for each in prep.check(cut) if "place" in each.kind or each.kind == "no-split"]
    after = run_ok("split", cut, *BY_PLACE, "50m").stderr
    assert "All samples have a split already and keep it" in after
    assert Dataset.open(cut).samples == samples


@needs_geo
def test_squares_that_leave_out_too_much_are_answered_with_others_that_do_not(tmp_path: Path) -> None:
    """What the note says is typed, to the letter."""
    cut = _town(tmp_path, 20)
    said = run_ok("split", cut, *BY_PLACE, "20m").stderr
    assert sum(sample.split == "buffer" for sample in Dataset.open(cut).samples) > 100
    (block,) = re.findall(r"suit better: --group-by place --block (\w+) --overwrite splits by them", said)
    again = run_ok("split", cut, *BY_PLACE, block, "--overwrite").stderr
    assert sum(sample.split == "buffer" for sample in Dataset.open(cut).samples) <= 100
    assert "Other squares" not in again
    assert _touching(Dataset.open(cut).samples) == 0


@needs_geo
def test_squares_that_leave_nothing_of_a_split_are_refused(tmp_path: Path) -> None:
    cut = _town(tmp_path, 5)
    index = (cut / INDEX).read_bytes()
    text = run_error("split", cut, *BY_PLACE, "10m")
    assert "is left out, and nothing remains of" in text
    assert (cut / INDEX).read_bytes() == index
    (block,) = re.findall(r"type --block (\w+) instead of 10m", text)
    run_ok("split", cut, *BY_PLACE, block)
    assert {sample.split for sample in Dataset.open(cut).samples} == {"train", "val", "test", "buffer"}
    tiny = _town(tmp_path / "tiny", 2)
    assert "cut the rasters into smaller samples" in run_error("split", tiny, *BY_PLACE, "10m")
    run_ok("split", tiny, "--no-dedupe", "--ratios", "60/20/20")


@needs_geo
def test_what_is_in_the_buffer_is_used_by_nothing(tmp_path: Path) -> None:
    cut = _town(tmp_path, 20)
    run_ok("split", cut, *BY_PLACE, "50m")
    dataset = Dataset.open(cut)
    buffer = {sample.stem for sample in dataset.samples if sample.split == "buffer"}
    assert dataset.is_split
    assert buffer.isdisjoint(sample.stem for sample in dataset.of_split())
    run_ok("stats", cut, "--split", "all")
    assert prep.stats(cut, split="all", overwrite=True).images == 400 - len(buffer)
    run_ok("patches", cut, "--size", "16", "--per-image", "1")
    (table,) = cut.glob("patches/*/index.csv")
    assert {line.split(",")[1] for line in table.read_text().splitlines()[1:]}.isdisjoint(buffer)
    run_ok("masks", "export", cut, "--to", "voc", "-o", tmp_path / "voc")
    lists = {each.stem: set(each.read_text().split()) for each in (tmp_path / "voc").glob("ImageSets/*/*.txt")}
    assert lists.pop("buffer") == buffer
    assert lists.keys() == {"train", "val", "test", "trainval"}
    assert buffer.isdisjoint(set.union(*lists.values()))
    assert len([*(tmp_path / "voc/SegmentationClass").iterdir()]) == 400
    run_ok("report", cut)
    assert "train / val / test / buffer" in (cut / "report.html").read_text(encoding="utf-8")


@needs_geo
def test_new_samples_make_way_for_those_that_have_a_split(tmp_path: Path) -> None:
    cut = _town(tmp_path, 20)
    run_ok("split", cut, *BY_PLACE, "50m")
    before = Dataset.open(cut).samples
    new = {sample.stem for sample in before if sample.stem.endswith(("c03", "c10"))}
    write_index(cut / INDEX, [dataclasses.replace(s, split="" if s.stem in new else s.split) for s in before])
    assert not Dataset.open(cut).is_split
    run_ok("split", cut, *BY_PLACE, "50m")
    after = Dataset.open(cut).samples
    assert {s.stem: s.split for s in after if s.stem not in new} == {
        s.stem: s.split for s in before if s.stem not in new
    }
    assert _touching(after) == 0


@needs_geo
def test_a_split_that_knows_nothing_of_places_says_how_to_keep_neighbours_apart(cut: Path) -> None:
    said = run_ok("split", cut, "--no-dedupe").stderr
    (block,) = re.findall(r"the same command with --group-by place --block (\w+) --overwrite keeps squares of it", said)
    (finding,) = [each for each in prep.check(cut) if each.kind == "place-neighbour"]
    assert finding.severity == "warning"
    assert f"'seg-prep split {cut} --group-by place --block {block} --overwrite'" in finding.advice
    said = run_ok("split", cut, "--no-dedupe", "--group-by", "place", "--block", block, "--overwrite").stderr
    assert "--group-by place" not in said
    assert not [each for each in prep.check(cut) if "place" in each.kind]


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
