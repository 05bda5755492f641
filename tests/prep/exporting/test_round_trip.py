"""What 'masks export' writes, 'masks convert' reads back: the same masks, classes and images."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prep.core.classes import ClassMap, write_classes
from prep.dataset.dataset import Dataset
from prep.exporting.export import LAYOUTS
from tests.prep.exporting.datasets import CLASSES, MASKS, NO_BACKGROUND, Mask, make_dataset
from tests.support import load, masks_of, run_ok, run_prep

SOURCES = {"rgb": "masks", "voc": "", "coco": "annotations.json", "labelme": "", "cvat": ""}


def assert_same(root: Path, again: Path) -> None:
    first, second = Dataset.open(root), Dataset.open(again)
    assert (second.classes.names, second.classes.colors) == (first.classes.names, first.classes.colors)
    expected, masks = masks_of(root), masks_of(again)
    assert masks.keys() == expected.keys()
    for one, other in zip(first.samples, second.samples, strict=True):
        assert np.array_equal(masks[one.stem], expected[one.stem]), one.stem
        assert np.array_equal(load(root / one.image), load(again / other.image))


@pytest.fixture
def campus(tmp_path: Path) -> Path:
    """Three samples of unlike sizes, with every class and ignored pixels."""
    random = np.random.default_rng(5)
    shapes = {"a": (20, 31), "b c": (16, 16), "d.2": (33, 7)}
    masks = {stem: np.array([0, 1, 2, 255], np.uint8)[random.integers(0, 4, shape)] for stem, shape in shapes.items()}
    return make_dataset(tmp_path / "campus", masks)


@pytest.mark.parametrize("classes", [CLASSES, NO_BACKGROUND], ids=["background", "none"])
@pytest.mark.parametrize("layout", SOURCES)
def test_folders(layout: str, classes: ClassMap, campus: Path, tmp_path: Path) -> None:
    write_classes(campus / "classes.json", classes)
    out, again = tmp_path / "out", tmp_path / "again"
    run_ok("masks", "export", campus, "--to", layout, "-o", out)
    run_ok("masks", "convert", out / SOURCES[layout], "-o", again)
    assert_same(campus, again)


@pytest.mark.parametrize("layout", SOURCES)
def test_the_folder_of_an_export_is_enough(layout: str, campus: Path, tmp_path: Path) -> None:
    out, again = tmp_path / "out", tmp_path / "again"
    run_ok("masks", "export", campus, "--to", layout, "-o", out)
    run_ok("masks", "convert", out, "-o", again)
    assert_same(campus, again)


def test_every_layout_that_is_written_is_read_back_here_or_in_test_yolo() -> None:
    assert {*SOURCES, "yolo"} == LAYOUTS.keys()


@pytest.mark.parametrize("layout", ["voc", "cvat"])
def test_zip_files_with_the_photos_beside(layout: str, campus: Path, tmp_path: Path) -> None:
    out, again = tmp_path / "out.zip", tmp_path / "again"
    run_ok("masks", "export", campus, "--to", layout, "-o", out)
    run_ok("masks", "convert", out, "-o", again, "--images", campus / "images")
    assert_same(campus, again)


@pytest.mark.parametrize("layout", SOURCES)
@pytest.mark.parametrize(
    "name", ["1 2 3 x", "a 1,2,3", "// x", "_background_", "_Ignore_", "void", "a #aabbcc b", "r g b", "ä,b"]
)
def test_odd_class_names_come_back_or_are_refused(layout: str, name: str, tmp_path: Path) -> None:
    classes = ClassMap(("sky", name), ((9, 8, 7), (1, 2, 3)))
    root = make_dataset(tmp_path / "set", {"a": np.array([[0, 1, 255]], np.uint8)}, classes)
    if run_prep("masks", "export", root, "--to", layout, "-o", tmp_path / "out").exit_code == 0:
        run_ok("masks", "convert", tmp_path / "out" / SOURCES[layout], "-o", tmp_path / "again")
        assert_same(root, tmp_path / "again")


@pytest.mark.parametrize("layout", SOURCES)
@settings(max_examples=12)
@given(masks=st.lists(MASKS, min_size=1, max_size=3))
def test_any_masks(layout: str, masks: list[Mask], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("any")
    root = make_dataset(folder / "set", {f"m{number}": mask for number, mask in enumerate(masks)})
    run_ok("masks", "export", root, "--to", layout, "-o", folder / "out", "--workers", 1)
    source = folder / "out" / SOURCES[layout]
    run_ok("masks", "convert", source, "-o", folder / "again", "--workers", 1)
    assert_same(root, folder / "again")


@pytest.mark.parametrize("layout", ["labelme", "yolo", "coco", "voc"])
def test_a_class_called_bg_keeps_its_name(layout: str, tmp_path: Path) -> None:
    """In an export its pixels lie in regions; where pixels lie in none, a list that begins with bg means these."""
    classes = ClassMap(("bg", "road"), ((0, 0, 0), (255, 0, 0)))
    root = make_dataset(tmp_path / "campus", {"a": np.array([[0, 1, 255], [0, 0, 1]], np.uint8)}, classes)
    run_ok("masks", "export", root, "--to", layout, "-o", tmp_path / "out")
    run_ok("masks", "convert", tmp_path / "out", "-o", tmp_path / "again")
    assert Dataset.open(tmp_path / "again").classes.names == classes.names
    assert (load(tmp_path / "again/masks/a.png") == load(root / "masks/a.png")).all()
