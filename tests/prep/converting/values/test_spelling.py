"""Names of classes that differ only in case or spaces: what is told, and that it works when typed."""

import json
from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from tests.support import masks_of, paint, random_image, run_error, run_ok, save

LINE = np.array([[0, 0, 1, 1, 2, 2, 3, 3]] * 4, np.uint8)
COLORS = ((0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def labelme(*names: str) -> None:
    """raw/a.json with a region of two columns for each name, from the third column on."""
    save(Path("raw/a.png"), random_image(0, 4, 8))
    shapes = [
        {"label": name, "points": [[x, 0], [x + 2, 0], [x + 2, 4], [x, 4]], "shape_type": "polygon"}
        for name, x in zip(names, (2, 4, 6), strict=True)
    ]
    plain = {"imagePath": "a.png", "imageHeight": 4, "imageWidth": 8, "shapes": shapes}
    Path("raw/a.json").write_text(json.dumps(plain), "utf-8")


@pytest.mark.parametrize("said", ["road", "Road", "ROAD"])
def test_names_in_two_spellings_become_one_class_or_two_as_the_answer_says(said: str) -> None:
    """It said to write the other spelling, then the first again, and so on."""
    labelme("Road", "road", "car")
    Path("list.txt").write_text(f"background\n{said}\ncar\n", "utf-8")
    told = run_error("masks", "convert", "raw", "-o", "out", "--classes", "list.txt")
    assert "The labels have 1 name in several spellings: " in told
    assert "write there as the labels do" not in told
    assert "\n  --unknown nearest     each becomes the class whose name differs only in spelling\n" in told
    told = run_ok("masks", "convert", "raw", "-o", "out", "--classes", "list.txt", "--unknown", "nearest").stdout
    assert Dataset.open(Path("out")).classes.names == ("background", said, "car")
    assert np.array_equal(masks_of(Path("out"))["a"], np.array([0, 1, 1, 2], np.uint8)[LINE])
    assert f" as {said}" in told
    Path("list.txt").write_text("background\nRoad\nroad\ncar\n", "utf-8")
    run_ok("masks", "convert", "raw", "-o", "two", "--classes", "list.txt")
    assert np.array_equal(masks_of(Path("two"))["a"], LINE)


def test_without_a_list_the_two_stay_two_and_the_note_makes_them_one() -> None:
    labelme("Road", "road", "car")
    told = run_ok("masks", "convert", "raw", "-o", "out").stdout
    assert "'Road' and 'road'; if they are one, convert again with --classes and a list that has 'Road' alone" in told
    assert Dataset.open(Path("out")).classes.names == ("background", "Road", "car", "road")
    Path("list.txt").write_text("background\nRoad\ncar\n", "utf-8")
    typed = ("--classes", "list.txt", "--unknown", "nearest", "--overwrite")
    run_ok("masks", "convert", "raw", "-o", "out", *typed)
    assert np.array_equal(masks_of(Path("out"))["a"], np.array([0, 1, 1, 2], np.uint8)[LINE])


def test_a_name_between_two_spellings_is_neither_of_them() -> None:
    labelme("ROAD", "road", "car")
    Path("list.txt").write_text("background\nRoad\nroad\ncar\n", "utf-8")
    assert "Add them to the class map" in run_error("masks", "convert", "raw", "-o", "out", "--classes", "list.txt")
    told = run_ok("masks", "convert", "raw", "-o", "out", "--classes", "list.txt", "--unknown", "nearest").stdout
    assert "ROAD: 8 pixels became ignore" in told


@pytest.mark.parametrize("colored", [False, True])
def test_two_ids_or_colors_become_one_class_by_the_line_that_is_printed(colored: bool) -> None:
    """It said to rename one, and a list with one name twice is refused."""
    save(Path("raw/images/a.png"), random_image(0, 4, 8))
    save(Path("raw/masks/a.png"), paint(LINE, COLORS) if colored else LINE)
    names = ("background", "Road", "road", "car")
    lines = [f"{name},{','.join(map(str, color))}" for name, color in zip(names, COLORS, strict=True)]
    Path("list.txt").write_text("\n".join(lines if colored else [f"{n},{name}" for n, name in enumerate(names)]))
    told = run_ok("masks", "convert", "raw", "-o", "out", "--classes", "list.txt").stdout
    assert "--classes classes.json --overwrite" in told
    (line,) = (line for line in told.splitlines() if line.startswith("{"))
    Path("classes.json").write_text(line, "utf-8")
    run_ok("masks", "convert", "raw", "-o", "out", "--classes", "classes.json", "--overwrite")
    assert Dataset.open(Path("out")).classes.names == ("background", "Road", "car")
    assert np.array_equal(masks_of(Path("out"))["a"], np.array([0, 1, 1, 2], np.uint8)[LINE])


def class_masks(names: dict[str, int], place: str = "raw/masks/{}/a.png", listed: str = "road\ncar\ntree\n") -> None:
    """raw/images/a.png with a mask of each name, at this value of the line."""
    for stem in ("a", "b"):
        save(Path(f"raw/images/{stem}.png"), random_image(0, 4, 8))
        for name, value in names.items():
            path = place.format(name).replace("a.png", f"{stem}.png").replace("/a/", f"/{stem}/")
            save(Path(path), (value == LINE) * np.uint8(255))
    Path("list.txt").write_text(listed, "utf-8")


@pytest.mark.parametrize(
    ("road", "place"),
    [
        *[(road, "raw/masks/{}/a.png") for road in ("1_road", "2. road", "01-Road", "ROAD", "road")],
        *[(road, "raw/masks/a/{}.png") for road in ("road_mask", "1_road", "Mask road", "road_label")],
    ],
)
def test_masks_of_classes_are_read_by_nearly_the_names_of_the_list(road: str, place: str) -> None:
    """The only answers that were offered threw these classes away."""
    class_masks({road: 1, "car": 2, "house roof": 3}, place, "house_roof\nroad\ncar\n")
    told = run_ok("masks", "convert", "raw", "-o", "out", "--classes", "list.txt").stdout
    assert Dataset.open(Path("out")).classes.names == ("background", "house_roof", "road", "car")
    assert np.array_equal(masks_of(Path("out"))["a"], np.array([0, 2, 3, 1], np.uint8)[LINE])
    assert "read in another spelling: " in told
    assert "house roof as house_roof" in told


def test_two_names_of_masks_that_are_nearly_one_of_the_list_are_asked_about() -> None:
    class_masks({"1_road": 1, "2_road": 2, "car": 3})
    told = run_error("masks", "convert", "raw", "-o", "out", "--classes", "list.txt")
    assert "The labels have 1 name in several spellings: 1_road and 2_road" in told
    run_ok("masks", "convert", "raw", "-o", "out", "--classes", "list.txt", "--unknown", "nearest")
    assert np.array_equal(masks_of(Path("out"))["a"], np.array([0, 1, 1, 2], np.uint8)[LINE])


def test_names_of_the_list_that_are_nearly_alike_are_not_taken_for_one() -> None:
    class_masks({"road": 1, "car": 2}, listed="1_road\n2_road\ncar\n")
    assert "1 value of the masks belongs to no class" in run_error(
        "masks", "convert", "raw", "-o", "out", "--classes", "list.txt"
    )


@pytest.mark.parametrize(("trees", "tree"), [("trees", "tree"), ("tree", "trees"), ("3_Trees", "tree")])
def test_plurals_are_offered_and_not_taken(trees: str, tree: str) -> None:
    class_masks({"road": 1, "car": 2, trees: 3}, listed=f"road\ncar\n{tree}\n")
    told = run_error("masks", "convert", "raw", "-o", "out", "--classes", "list.txt")
    assert "Perhaps the class map has them in singular or plural: write there as the labels do" in told
    assert f"\n  {trees}, not {tree}" in told
    assert "--unknown background" not in told
    Path("list.txt").write_text(f"road\ncar\n{trees}\n", "utf-8")
    run_ok("masks", "convert", "raw", "-o", "out", "--classes", "list.txt")
    assert np.array_equal(masks_of(Path("out"))["a"], LINE)


def test_names_with_numbers_of_a_list_without_them_become_one_class_or_several_as_the_answer_says() -> None:
    """It offered to ignore them, or to make them background."""
    save(Path("raw/images/a.png"), random_image(0, 4, 8))
    for place, name in enumerate(("cell_0", "cell_1", "edge_0"), start=1):
        save(Path(f"raw/masks/a_{name}.png"), np.where(place == LINE, 255, 0).astype(np.uint8))
    Path("raw/classes.txt").write_text("cell\nedge\n", "utf-8")
    told = run_error("masks", "convert", "raw", "-o", "out")
    assert "each becomes the class of its name (cell_0 as cell, cell_1 as cell, edge_0 as edge)" in told
    assert "--unknown ignore" not in told
    assert "--unknown background" not in told
    said = run_ok("masks", "convert", "raw", "-o", "out", "--unknown", "nearest").stdout
    assert "read in another spelling: cell_0 as cell, cell_1 as cell, edge_0 as edge" in said
    assert Dataset.open(Path("out")).classes.names == ("background", "cell", "edge")
    assert masks_of(Path("out"))["a"][0].tolist() == [0, 0, 1, 1, 1, 1, 2, 2]
    Path("classes.txt").write_text(told[told.index("background\ncell_0") :].partition("\n\n")[0], "utf-8")
    run_ok("masks", "convert", "raw", "-o", "many", "--classes", "classes.txt")
    assert Dataset.open(Path("many")).classes.names == ("background", "cell_0", "cell_1", "edge_0")
    assert np.array_equal(masks_of(Path("many"))["a"], LINE)


def test_numbers_that_the_list_has_too_are_those_of_classes() -> None:
    labelme("layer_1", "layer_2", "car")
    Path("list.txt").write_text("background\nlayer\nlayer_2\ncar\n", "utf-8")
    assert "each becomes the class" not in run_error("masks", "convert", "raw", "-o", "out", "--classes", "list.txt")
