"""Folds of samples that overlap on the ground: nothing is learned that is scored."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import prep
from prep.core.errors import SegError
from prep.core.progress import silent
from prep.dataset.dataset import Dataset
from prep.dataset.index import write_index
from prep.geo.adjacency import sharing_ground
from tests.rasters import needs_geo, write_raster
from tests.support import run_ok
from train.folding.folds import choose_folds, view_of

pytestmark = needs_geo


def _town(folder: Path, side: int) -> Path:
    """Samples of 20 px that overlap by 5."""
    pixels = np.random.default_rng(5).integers(0, 255, (side, side, 3)).astype(np.uint8)
    raster = write_raster(folder / "town.tif", pixels)
    labels = write_raster(folder / "labels/town.tif", np.tile([[0, 1]], (side, side))[:, :side].astype(np.uint8))
    (folder / "classes.txt").write_text("a,#000000\nb,#ff0000\n")
    command = ("--size", 20, "--overlap", 5, "--labels", labels.parent, "--classes", folder / "classes.txt")
    run_ok("tile", raster, "-o", folder / "d", *command)
    return folder / "d"


def test_ground_that_is_scored_is_not_learned(tmp_path: Path) -> None:
    root = _town(tmp_path, 140)
    said = run_ok("split", root, "--group-by", "place", "--block", "25m", "--folds", 3).stderr
    said_first = [line for line in said.splitlines() if "ground that another fold shows, too" in line]
    dataset, notes = Dataset.open(root), list[str]()
    rows = choose_folds(dataset, 3, 0, silent, notes.append)
    table = {row.stem: row.fold for row in rows}
    number = len({stem for pair in sharing_ground(dataset.samples, table) for stem in pair})
    assert number > 0
    assert f"{number} samples show ground that another fold shows, too, and are not learned where that is" in notes[-1]
    assert said_first == [
        f"{number} samples show ground that another fold shows, too; 'seg-train --folds' does not learn them where "
        "that is scored"
    ]
    (finding,) = [each for each in prep.check(root) if each.kind == "fold-overlap"]
    assert len(finding.names) == number
    scored = []
    for fold in ("fold1", "fold2", "fold3"):
        view = view_of(dataset, table, fold)
        learned, own = view.of_split("train"), view.of_split("test")
        sides = {sample.stem: sample.split for sample in (*learned, *own)}
        assert sharing_ground(view.samples, sides) == []
        assert learned
        scored += [sample.stem for sample in own]
    assert sorted(scored) == sorted(table)


def test_folds_that_leave_nothing_to_learn_are_refused(tmp_path: Path) -> None:
    root = _town(tmp_path, 35)
    write_index(root / "index.csv", [replace(sample, split="train") for sample in Dataset.open(root).samples])
    with pytest.raises(
        SegError, match=r"nothing is left to learn; keep squares of the earth whole: seg-prep split .*d "
    ):
        choose_folds(Dataset.open(root), 2, 0, silent, lambda _: None)
