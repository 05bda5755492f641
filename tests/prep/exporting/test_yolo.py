"""masks export --to yolo: what stands in the files, and that masks convert reads the same masks back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prep.core.classes import ClassMap
from prep.dataset.dataset import Dataset
from prep.dataset.index import write_index
from tests.prep.exporting.datasets import MASKS, NO_BACKGROUND, make_dataset
from tests.support import by_stem, masks_of, run_error, run_ok

CLASSES = ClassMap(("background", "road", "car: red"), ((0, 0, 0), (9, 0, 0), (0, 9, 0)))
FRAME = np.array([[1, 1, 1, 0], [1, 0, 1, 0], [1, 1, 1, 0], [0, 0, 0, 2]], np.uint8)


def test_regions_in_shares_with_holes_on_slits(tmp_path: Path) -> None:
    root = make_dataset(tmp_path / "set", {"a": FRAME, "b": np.zeros((4, 4), np.uint8)}, CLASSES)
    run_ok("masks", "export", root, "--to", "yolo", "-o", tmp_path / "out")
    lines = (tmp_path / "out/labels/a.txt").read_text().splitlines()
    assert lines == [
        "1 0 0 0.75 0 0.75 0.75 0 0.75 0.25 0.5 0.5 0.5 0.5 0.25 0.25 0.25 0.25 0.5 0 0.75",
        "2 0.75 0.75 1 0.75 1 1 0.75 1",
    ]
    assert (tmp_path / "out/labels/b.txt").read_text() == ""
    assert (tmp_path / "out/data.yaml").read_text() == (
        'train: images\nval: images\nnames:\n  0: "background"\n  1: "road"\n  2: "car: red"\n'
    )
    assert (tmp_path / "out/images/a.png").read_bytes() == (root / "images/a.png").read_bytes()


def test_splits_are_folders_and_come_back(tmp_path: Path) -> None:
    root = make_dataset(tmp_path / "set", {"a": FRAME, "b": FRAME, "c": FRAME}, CLASSES)
    splits = {"a": "train", "b": "test", "c": "val"}
    write_index(root / "index.csv", [replace(s, split=splits[s.stem]) for s in Dataset.open(root).samples])
    run_ok("masks", "export", root, "--to", "yolo", "-o", tmp_path / "out.zip")
    run_ok("masks", "convert", tmp_path / "out.zip", "-o", tmp_path / "again")
    found = by_stem(tmp_path / "again")
    assert {sample.split: stem[-1] for stem, sample in found.items()} == {"train": "a", "test": "b", "val": "c"}
    assert all((mask == FRAME).all() for mask in masks_of(tmp_path / "again").values())


@pytest.mark.parametrize("classes", [CLASSES, NO_BACKGROUND], ids=["background", "none"])
@settings(max_examples=15)
@given(masks=st.lists(MASKS, min_size=1, max_size=3))
def test_any_masks_come_back(
    classes: ClassMap, masks: list[np.ndarray], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    named = {"first": np.array([[1, 2]], np.uint8), **{f"m{number}": mask for number, mask in enumerate(masks)}}
    root = make_dataset(folder / "set", named, classes)
    run_ok("masks", "export", root, "--to", "yolo", "-o", folder / "out", "--workers", 1)
    run_ok("masks", "convert", folder / "out", "-o", folder / "again", "--workers", 1)
    assert Dataset.open(folder / "again").classes.names == classes.names
    again = masks_of(folder / "again")
    assert again.keys() == named.keys()
    assert all(np.array_equal(again[stem], mask) for stem, mask in named.items())


def test_names_that_mean_something_else_are_refused(tmp_path: Path) -> None:
    classes = ClassMap(("sky", "_background_"), ((9, 8, 7), (1, 2, 3)))
    root = make_dataset(tmp_path / "set", {"a": np.array([[0, 1]], np.uint8)}, classes)
    assert "means something else" in run_error("masks", "export", root, "--to", "yolo", "-o", tmp_path / "out")
