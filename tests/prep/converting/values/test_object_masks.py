"""masks convert: of which class the objects are that have a mask each."""

import re
from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from tests.support import masks_of, random_image, run_error, run_ok, save

LINE = np.array([[0, 0, 1, 1, 2, 2, 3, 3]] * 4, np.uint8)
CONVERT = ("masks", "convert", "raw", "-o", "out", "--overwrite")
IDS = "background,#000000,0\nroad,#ff0000,1\ncar,#00ff00,2\ntree,#0000ff,3\n"


def write(sample: str, folder: str = "", *, values: bool = False) -> None:
    """Three objects of each of two photos; values: whether the pixels hold the number of each."""
    for name in map(sample.format, "12"):
        save(Path("raw") / name / folder / f"{name}.png", random_image(0, 4, 8))
        for number in (1, 2, 3):
            save(Path(f"raw/{name}/masks/{number}.png"), (number == LINE) * np.uint8(number if values else 255))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def classes() -> tuple[str, ...]:
    return Dataset.open(Path("out")).classes.names


@pytest.mark.parametrize("layout", [("{}",), ("a{}",), ("{}", "images")])
@pytest.mark.parametrize("values", [False, True])
@pytest.mark.parametrize("path", ["ids.txt", "raw/classes.txt"])
def test_of_several_classes_it_is_asked_of_which_objects_are(layout: tuple[str, ...], values: bool, path: str) -> None:
    write(*layout, values=values)
    Path(path).write_text(IDS, "utf-8")
    listed = ("--classes", path) if path == "ids.txt" else ()
    for said in (run_error(*CONVERT, *listed), run_error(*CONVERT, *listed, "--from", "object-masks")):
        assert "the masks are of objects, and nothing says of which class: " in said
        assert "has road, car, tree. Nothing was written" in said
    assert not Path("out").exists()
    offered = "background,#000000,0\nroad,#ff0000,1"
    assert f"as objects.txt and type --classes objects.txt:\n\n{offered}\n\nIf each is of the class" in said
    assert said.endswith("that its number tells (1, 2, 3), type --from class-masks")
    run_ok(*CONVERT, *listed, "--from", "class-masks")
    assert classes() == ("background", "road", "car", "tree")
    assert all(np.array_equal(mask, LINE) for mask in masks_of(Path("out")).values())
    Path("objects.txt").write_text(offered, "utf-8")
    run_ok(*CONVERT, "--classes", "objects.txt")
    assert classes() == ("background", "road")
    assert all(np.array_equal(mask, LINE > 0) for mask in masks_of(Path("out")).values())


def test_numbers_that_a_list_does_not_state_are_asked_about_next() -> None:
    write("{}")
    Path("names.txt").write_text("background\nroad\ncar\ntree\n", "utf-8")
    assert "type --from class-masks" in run_error(*CONVERT, "--classes", "names.txt")
    said = run_error(*CONVERT, "--classes", "names.txt", "--from", "class-masks")
    assert "are called by numbers (1, 2, 3): what is each? The class map states no numbers" in said


def nuclei() -> None:
    for stem in ("s1", "s2"):
        save(Path(f"raw/{stem}/images/{stem}.png"), random_image(0, 4, 8))
        for number in (1, 2, 3):
            save(Path(f"raw/{stem}/masks/{stem}x{number}q.png"), (number == LINE) * np.uint8(255))


def test_names_that_are_no_numbers_are_not_offered_as_classes() -> None:
    nuclei()
    Path("ids.txt").write_text(IDS, "utf-8")
    assert run_error(*CONVERT, "--classes", "ids.txt").endswith("\n\nbackground,#000000,0\nroad,#ff0000,1")


@pytest.mark.parametrize(
    "listed",
    [
        "background\ncell\n",
        "bg\ncell\n",
        "cell\nbackground\n",
        "background,#000000,0\ncell,#ffffff,255\n",
        "other,#000000\ncell,#ffffff\n",
        "0,Hintergrund\n1,cell\n",
        "0,no_cell\n1,cell\n",
        "cell,1\nunknown,0\n",
        "cell\n",
        "0,cell\n",
        "cell,#ff0000,0\n",
        "cell,#000000,0\n",
        "names:\n  0: cell\n",
        '{"0": "cell"}',
        "cell,#ffffff,255\n",
    ],
)
def test_objects_are_of_the_only_class_whatever_its_number(listed: str) -> None:
    """The objects became the background of a list that has it last, and no class of one that says 255."""
    nuclei()
    Path("list.txt").write_text(listed, "utf-8")
    run_ok(*CONVERT, "--classes", "list.txt")
    assert len(classes()) == 2, classes()
    cell = classes().index("cell")
    assert all(np.array_equal(mask == cell, LINE > 0) for mask in masks_of(Path("out")).values())


@pytest.mark.parametrize(
    "listed", ["healthy\ntumor\n", "names:\n  0: healthy\n  1: tumor\n", "0,healthy\n1,tumor\n", "tumor,1\nhealthy,0\n"]
)
def test_two_names_of_which_none_is_a_background_are_asked_about(listed: str) -> None:
    """YOLO's lists count from 0: the first class was all that lies in no object."""
    nuclei()
    Path("list.txt").write_text(listed, "utf-8")
    said = run_error(*CONVERT, "--classes", "list.txt")
    first, second = "healthy", "tumor"
    assert f"If {first} is what lies in no object, save these lines" in said
    rows = said.split("\n\n")[1::2]
    for offered, names in zip(rows, ((first, second), ("background", first), ("background", second)), strict=True):
        assert re.fullmatch(f"{names[0]},#000000,0\n{names[1]},#[0-9a-f]{{6}},1", offered)
        Path("objects.txt").write_text(offered, "utf-8")
        run_ok(*CONVERT, "--classes", "objects.txt")
        assert classes() == names
        assert all(np.array_equal(mask, LINE > 0) for mask in masks_of(Path("out")).values())


def test_objects_of_a_class_are_added_to_a_dataset_of_several() -> None:
    save(Path("first/images/a.png"), random_image(0, 4, 8))
    save(Path("first/masks/a.png"), LINE)
    Path("ids.txt").write_text(IDS, "utf-8")
    run_ok("masks", "convert", "first", "-o", "out", "--classes", "ids.txt", "--from", "ids")
    before = Dataset.open(Path("out")).classes
    nuclei()
    assert "the class map has road, car, tree" in run_error(*CONVERT, "--images", "raw")
    Path("objects.txt").write_text("background,#000000,0\ncar,#00ff00,1\n", "utf-8")
    run_ok(*CONVERT, "--images", "raw", "--classes", "objects.txt")
    assert Dataset.open(Path("out")).classes == before
    masks = masks_of(Path("out"))
    assert np.array_equal(masks.pop("a"), LINE)
    assert len(masks) == 2
    assert all(np.array_equal(mask, (LINE > 0) * 2) for mask in masks.values())


def test_numbers_of_objects_may_be_those_of_classes() -> None:
    save(Path("raw/JPEGImages/a.jpg"), random_image(0, 4, 8))
    save(Path("raw/SegmentationObject/a.png"), LINE)
    Path("ids.txt").write_text(IDS, "utf-8")
    said = run_error(*CONVERT, "--classes", "ids.txt")
    assert said.endswith("If their numbers are those of classes, type --from ids")
    run_ok(*CONVERT, "--classes", "ids.txt", "--from", "ids")
    assert np.array_equal(masks_of(Path("out"))["a"], LINE)
