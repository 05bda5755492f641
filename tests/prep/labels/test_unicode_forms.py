"""One name in two forms of Unicode, as a Mac and others write it, is one class."""

import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from prep.core.classes import ClassMap, read_classes
from prep.dataset.dataset import Dataset
from tests.support import masks_of, random_image, run_ok, save

NAME = "B\u00e4ume"
APART = unicodedata.normalize("NFD", NAME)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def labelme(stem: str, name: str) -> None:
    """Twenty of sixty columns are of a class."""
    save(Path(f"raw/{stem}.png"), random_image(len(stem), 40, 60))
    shape = {"label": name, "points": [[0, 0], [20, 0], [20, 40], [0, 40]], "shape_type": "polygon"}
    content = {"imagePath": f"{stem}.png", "imageHeight": 40, "imageWidth": 60, "shapes": [shape]}
    Path(f"raw/{stem}.json").write_text(json.dumps(content), "utf-8")


def expected(index: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    return np.where(np.arange(60) < 20, index, 0)[np.newaxis].repeat(40, 0)


def test_labels_in_two_forms_are_of_one_class() -> None:
    labelme("a", NAME)
    labelme("bb", APART)
    run_ok("masks", "convert", "raw", "-o", "out")
    assert Dataset.open(Path("out")).classes.names == ("background", NAME)
    assert all(np.array_equal(mask, expected(1)) for mask in masks_of(Path("out")).values())
    labelme("ccc", APART)
    run_ok("masks", "convert", "raw", "-o", "out", "--overwrite")
    assert Dataset.open(Path("out")).classes.names == ("background", NAME)


@pytest.mark.parametrize(("of_labels", "of_list"), [(NAME, APART), (APART, NAME)])
@pytest.mark.parametrize("listed", ["background\n{}\n", "background,#000000\n{},#ff0000\n"])
def test_a_list_in_the_other_form_names_the_class(of_labels: str, of_list: str, listed: str) -> None:
    labelme("a", of_labels)
    Path("c.txt").write_text(listed.format(of_list), "utf-8")
    run_ok("masks", "convert", "raw", "-o", "out", "--classes", "c.txt", "--color", f"{APART}=#0000ff")
    assert Dataset.open(Path("out")).classes.names == ("background", NAME)
    assert Dataset.open(Path("out")).classes.colors[1] == (0, 0, 255)
    assert np.array_equal(masks_of(Path("out"))["a"], expected(1))


def test_folders_in_the_other_form_are_of_the_class() -> None:
    for stem in "ab":
        save(Path(f"raw/images/{stem}.png"), random_image(ord(stem), 40, 60))
        save(Path(f"raw/masks/{APART}/{stem}.png"), (expected(1) * 255).astype(np.uint8))
        save(Path(f"raw/masks/car/{stem}.png"), (expected(1)[:, ::-1] * 255).astype(np.uint8))
    Path("c.txt").write_text(f"background\ncar\n{NAME}\n", "utf-8")
    run_ok("masks", "convert", "raw", "-o", "out", "--classes", "c.txt")
    assert Dataset.open(Path("out")).classes.names == ("background", "car", NAME)
    assert all(np.array_equal(mask, expected(2) + expected(1)[:, ::-1]) for mask in masks_of(Path("out")).values())


def test_class_maps_hold_composed_names(tmp_path: Path) -> None:
    assert ClassMap((APART,), ((0, 0, 0),)).names == (NAME,)
    (tmp_path / "classes.json").write_text(json.dumps({"classes": [{"index": 0, "name": APART, "color": "#000000"}]}))
    assert read_classes(tmp_path / "classes.json").names == (NAME,)
