"""masks convert of YOLO segmentation: layouts, names by number, splits, and what is left out or refused."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from prep.labels.registry import label_source
from tests.prep.labels.digits import rows
from tests.support import load, masks_of, random_image, run_error, run_ok, run_partly, save

ROAD = "0 0 0.5 1 0.5 1 1 0 1"
CAR = "1 0 0 0.4 0 0.4 1 0 1\n"
NAMES = "train: ../train/images\nnc: 2\nnames: ['road', 'car']\n"


def write(root: Path, name: str, text: str, photo: str = "") -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)
    if photo:
        save(root / photo, random_image(0, 2, 5))


@pytest.mark.parametrize(("one", "other"), [("train/{}", "valid/{}"), ("{}/train", "{}/val")])
@pytest.mark.parametrize("names", [NAMES, "names:\n  0: road\n  1: car\n"])
def test_both_layouts_with_names_and_splits(one: str, other: str, names: str, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    (raw).mkdir()
    (raw / "data.yaml").write_text(names)
    write(raw, f"{one.format('labels')}/a.txt", f"{ROAD}\n{CAR}", f"{one.format('images')}/a.png")
    write(raw, f"{other.format('labels')}/a.txt", CAR, f"{other.format('images')}/a.png")
    found = label_source(raw)
    assert sorted(found.splits.values()) == ["train", "val"]
    run_ok("masks", "convert", raw, "-o", tmp_path / "set")
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "road", "car")
    assert rows(tmp_path / "set", "train_a") == ["22000", "22111"]
    other_stem = next(stem for stem, split in found.splits.items() if split == "val")
    assert rows(tmp_path / "set", other_stem) == ["22000", "22000"]
    assert {sample.image for sample in Dataset.open(tmp_path / "set").samples} == {
        "images/train_a.png",
        f"images/{other_stem}.png",
    }


@pytest.mark.parametrize("source", ["data.yaml", "labels"])
def test_the_yaml_file_or_the_folder_of_texts_is_enough(source: str, tmp_path: Path) -> None:
    write(tmp_path / "raw", "data.yaml", NAMES)
    write(tmp_path / "raw", "labels/a.txt", ROAD, "images/a.png")
    run_ok("masks", "convert", tmp_path / "raw" / source, "-o", tmp_path / "set")
    assert rows(tmp_path / "set", "a") == ["00000", "11111"]


@pytest.mark.parametrize("file", ["data.yaml", "classes.txt"])
def test_names_in_gbk_are_read_and_told(file: str, tmp_path: Path) -> None:
    """They were refused as invalid YAML, or as a list in no UTF-8."""
    raw = tmp_path / "raw"
    write(raw, "labels/a.txt", f"{ROAD}\n{CAR}", "images/a.png")
    (raw / file).write_text({"data.yaml": "names: [道路, 汽车]\n", "classes.txt": "道路\n汽车\n"}[file], "gbk")
    said = run_ok("masks", "convert", raw, "-o", tmp_path / "set").stdout
    assert f"read as GBK, which is not stated, as it is no UTF-8: {raw / file}; look at the names: 道路, 汽车" in said
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "道路", "汽车")
    assert rows(tmp_path / "set", "a") == ["22000", "22111"]


def test_numbers_of_names_do_not_shift(tmp_path: Path) -> None:
    write(tmp_path / "raw", "data.yaml", "names: {3: car, 1: road}\n")
    write(tmp_path / "raw", "labels/a.txt", ROAD.replace("0", "1", 1) + "\n" + CAR.replace("1", "3", 1), "images/a.png")
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "road", "car")
    assert rows(tmp_path / "set", "a") == ["22000", "22111"]


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    write(raw, "data.yaml", NAMES)
    write(raw, "labels/a.txt", f"{ROAD}\n1 0.5 0.5 0.2 0.2\n1 0 0 0.4 0 0.4 1 0\n", "images/a.png")
    write(raw, "labels/b.txt", "", "images/b.png")
    save(raw / "images/c.png", random_image(0, 2, 5))
    text = run_ok("masks", "convert", raw, "-o", tmp_path / "set").stdout
    assert "left out, because they are boxes without a region: 1 (labels/a.txt line 2)" in text
    assert "left out, because they are no class and pairs of numbers: 1 (labels/a.txt line 3)" in text
    assert "photos without labels, which are left out: 1" in text
    assert "images without a region: 1" in text
    assert rows(tmp_path / "set", "a") == ["00000", "11111"]
    assert rows(tmp_path / "set", "b") == ["00000", "00000"]


def test_without_names_the_classes_are_numbered_and_that_is_said(tmp_path: Path) -> None:
    write(tmp_path / "raw", "labels/a.txt", CAR, "images/a.png")
    text = run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set").stdout
    assert "no data.yaml names the classes, so they are called class0, class1" in text
    assert "differ in a number only" not in text
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "class0", "class1")


BOMB = "a: &a {x: y}\nb: &b {<<: [*a, *a]}\nnames: [road]\n"


@pytest.mark.parametrize(
    ("names", "text", "said"),
    [
        (NAMES, "2 0 0 1 0 1 1", "a.txt, line 1: is of class 2, and data.yaml names 0 to 1"),
        (
            NAMES,
            "0 0 0 1 0 1 1 0.913 7",
            "a.txt, line 1: its last number is no share of the photo (0 to 1): lines of a",
        ),
        (NAMES, f"{ROAD}\n1 0 0 4 0 4 2 0 2", "a.txt, line 2: its points are no shares of the photo (0 to 1): none"),
        (NAMES, "1 0.5 0.5 0.2 0.2", "holds only boxes, no regions; export polygons"),
        (BOMB, ROAD, "data.yaml: not valid YAML (an alias (*name)"),
        ("names: [road\n", ROAD, "data.yaml: not valid YAML"),
        ("names: {road: 0}\n", ROAD, "data.yaml: names is neither a list of class names nor"),
        ("names: !!python/object/apply:os.getcwd []\n", ROAD, "data.yaml: not valid YAML"),
    ],
)
def test_what_is_refused(names: str, text: str, said: str, tmp_path: Path) -> None:
    write(tmp_path / "raw", "data.yaml", names)
    write(tmp_path / "raw", "labels/a.txt", text, "images/a.png")
    assert said in run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("number", ["-1", "250", "99999999999", "1e300"])
def test_numbers_that_no_class_has(number: str, tmp_path: Path) -> None:
    """One of 11 digits took 5 GB, for as many names; one below 0 was a traceback."""
    write(tmp_path, "labels/a.txt", f"{ROAD}\n{number} 0 0 0.4 0 0.4 1 0 1\n", "images/a.png")
    write(tmp_path, "labels/b.txt", ROAD, "images/b.png")
    told = str(label_source(tmp_path).damaged)
    assert f"a.txt, line 2: is of class {number}, not of 0 to 249" in told


def test_another_yaml_file_may_be_what_it_likes(tmp_path: Path) -> None:
    write(tmp_path / "raw", "data.yaml", NAMES)
    write(tmp_path / "raw", "cloud.yaml", BOMB)
    write(tmp_path / "raw", "empty.yml", "")
    write(tmp_path / "raw", "labels/a.txt", ROAD, "images/a.png")
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert rows(tmp_path / "set", "a") == ["00000", "11111"]


def test_boxes_beside_masks_leave_the_masks_alone(tmp_path: Path) -> None:
    write(tmp_path / "raw", "labels/a.txt", "1 0.5 0.5 0.2 0.2", "images/a.png")
    save(tmp_path / "raw/masks/a.png", np.array([[0, 1, 0, 1, 0]] * 2, np.uint8))
    (tmp_path / "raw/classes.txt").write_text("sky,#000000\nsea,#0000ff\n")
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert rows(tmp_path / "set", "a") == ["01010"] * 2


def test_decimal_commas_are_read(tmp_path: Path) -> None:
    write(tmp_path / "raw", "labels/a.txt", ROAD.replace("0.5", "0,5"), "images/a.png")
    write(tmp_path / "raw", "data.yaml", NAMES)
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert rows(tmp_path / "set", "a") == ["00000", "11111"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("0 10 10 90 10 90 500 10 500\n", "line 1: its points are no shares of the photo (0 to 1); divide them"),
        (f"{ROAD} 0.87\n", "holds no regions: its lines are no class and pairs of numbers (those of predictions end"),
    ],
)
def test_pixels_and_predictions_are_named(line: str, said: str, tmp_path: Path) -> None:
    write(tmp_path / "raw", "labels/a.txt", line, "images/a.png")
    write(tmp_path / "raw", "data.yaml", NAMES)
    assert said in run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")


@pytest.mark.parametrize("names", ["data.yaml", "classes.txt", "obj.names"])
def test_classes_counted_from_one_are_refused_before_any_of_them_is_shifted(names: str, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    write(raw, names, NAMES if names == "data.yaml" else "road\ncar\n")
    write(raw, "labels/a.txt", ROAD.replace("0", "1", 1), "images/a.png")  # would be car
    write(raw, "labels/b.txt", CAR.replace("1", "2", 1), "images/b.png")
    said = run_error("masks", "convert", raw, "-o", tmp_path / "set")
    assert "classes 1 to 2, and the names are of 0 to 1 (road, car): YOLO counts from 0" in said
    assert not (tmp_path / "set" / "index.csv").exists()
    write(raw, names, "names: [background, road, car]\n" if names == "data.yaml" else "background\nroad\ncar\n")
    run_ok("masks", "convert", raw, "-o", tmp_path / "set")
    assert rows(tmp_path / "set", "a") == ["00000", "11111"]
    assert rows(tmp_path / "set", "b") == ["22000", "22000"]


@pytest.mark.parametrize("form", ["{:.1f}", "{:.6f}", "{:.18e}"])
def test_numbers_of_classes_as_numpy_writes_them(form: str, tmp_path: Path) -> None:
    """No file was taken for a label."""
    lines = [" ".join(form.format(float(word)) for word in line.split()) for line in (ROAD, CAR)]
    write(tmp_path / "raw", "labels/a.txt", "\n".join(lines), "images/a.png")
    write(tmp_path / "raw", "data.yaml", NAMES)
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert rows(tmp_path / "set", "a") == ["22000", "22111"]
    write(
        tmp_path / "raw", "labels/a.txt", lines[0] + "\n" + lines[1].replace(form.format(1), form.format(0.5), 1) + "\n"
    )
    text = run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", "--overwrite").stdout
    assert "no class and pairs of numbers: 1 (labels/a.txt line 2)" in text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "0 10 10 90 10 90 50 10 50",
            "none is above 100; if they are percent, divide them by 100, if pixels, by width",
        ),
        ("0 10 10 90 10 90 50 10 50\n0 10 10 640 10 640 50", "(0 to 1); divide them by width and height"),
    ],
)
def test_percent_is_not_divided_by_width_and_height(line: str, said: str, tmp_path: Path) -> None:
    write(tmp_path / "raw", "labels/a.txt", line, "images/a.png")
    write(tmp_path / "raw", "data.yaml", NAMES)
    assert said in run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")


ANSWERS = (
    ('names: ["road", "car"]  # 0 is road', ["22000", "22111"]),
    ('names: ["background", "road", "car"]  # 0 is background', ["11000", "11000"]),
)


@pytest.mark.parametrize(("line", "expected"), ANSWERS)
def test_a_list_that_begins_with_background_is_asked_about(
    line: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Road became background, and car road, without a word."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "classes.txt", "background\nroad\ncar\n")
    write(tmp_path, "labels/a.txt", f"{ROAD}\n{CAR}", "images/a.png")
    said = run_error("masks", "convert", ".", "-o", "set")
    assert "regions of class 0 are drawn, which classes.txt calls background, and none of car" in said
    assert "Save one of these lines as data.yaml" in said
    assert said.endswith("\n\n" + "\n".join(row for row, _ in ANSWERS))
    write(tmp_path, "data.yaml", line)
    text = run_ok("masks", "convert", ".", "-o", "set").stdout
    assert rows(tmp_path / "set", "a") == expected
    assert ("if 0 is road, take background out of its names" in text) == (expected[0] == "11000")


@pytest.mark.parametrize("third", ["", "2 0 0 0.4 0 0.4 1 0 1\n"])
def test_a_list_whose_background_is_not_drawn_or_whose_last_class_is_counts_from_0(third: str, tmp_path: Path) -> None:
    write(tmp_path / "raw", "classes.txt", "background\nroad\ncar\n")
    first = ROAD if third else ROAD.replace("0", "1", 1)
    write(tmp_path / "raw", "labels/a.txt", f"{first}\n{third}", "images/a.png")
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert rows(tmp_path / "set", "a") == (["22000", "22000"] if third else ["00000", "11111"])


def test_a_second_batch_is_asked_for_the_names_that_its_classes_have_in_the_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list above it began with background and was taken; without one, the advice was to leave out --classes."""
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "a/images/x.png", random_image(1, 2, 5))
    save(tmp_path / "a/masks/x.png", np.array([[0, 1, 2, 1, 0]] * 2, np.uint8))
    write(tmp_path, "classes.txt", "background\nroad\ncar\n")
    run_ok("masks", "convert", "a", "-o", "set", "--classes", "classes.txt")
    write(tmp_path, "b/labels/y.txt", f"{ROAD}\n{CAR}", "b/images/y.png")
    assert "Save one of these lines as b/data.yaml" in run_error("masks", "convert", "b", "-o", "set")
    (tmp_path / "classes.txt").unlink()
    said = run_error("masks", "convert", "b", "-o", "set")
    assert "its classes are background, road, car, those of these labels background, class0, class1, and 1" in said
    assert "leave out --classes" not in said
    assert "put it beside, with a line names: [NAME OF 0, NAME OF 1, ...]" in said
    write(tmp_path, "b/data.yaml", "names: [road, car]")
    run_ok("masks", "convert", "b", "-o", "set")
    assert rows(tmp_path / "set", "y") == ["22000", "22111"]
    assert rows(tmp_path / "set", "x") == ["01210", "01210"]


def test_a_class_beyond_the_names_beside_class_0_is_left_out(tmp_path: Path) -> None:
    write(tmp_path / "raw", "data.yaml", NAMES)
    write(tmp_path / "raw", "labels/a.txt", ROAD, "images/a.png")
    write(tmp_path / "raw", "labels/b.txt", CAR.replace("1", "2", 1), "images/b.png")
    assert "b.txt, line 1: is of class 2, and data.yaml names 0 to 1" in run_partly(
        "masks", "convert", tmp_path / "raw", "-o", tmp_path / "set"
    )
    assert rows(tmp_path / "set", "a") == ["00000", "11111"]


@pytest.mark.parametrize("names", ["data.yaml", "classes.txt"])
def test_names_lie_in_the_folder_that_a_download_is_wrapped_in(names: str, tmp_path: Path) -> None:
    write(tmp_path / "raw/set", names, NAMES if names == "data.yaml" else "road\ncar\n")
    write(tmp_path / "raw/set", "labels/train/a.txt", f"{ROAD}\n{CAR}", "images/train/a.png")
    text = run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "out").stdout
    assert Dataset.open(tmp_path / "out").classes.names == ("background", "road", "car")
    assert "class0" not in text


def test_two_wrapped_sets_of_different_classes_are_told(tmp_path: Path) -> None:
    for name, names in (("one", NAMES), ("two", NAMES.replace("car", "tree"))):
        write(tmp_path / "raw" / name, "data.yaml", names)
        write(tmp_path / "raw" / name, "labels/a.txt", ROAD, "images/a.png")
    said = run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "out")
    assert "these files name different classes" in said
    assert f"  {tmp_path}/raw/one/data.yaml" in said


@pytest.mark.parametrize("source", ["raw/labels", "raw/labels/train", "raw/images/../labels"])
@pytest.mark.parametrize("more", [[], ["--images", "raw/images"]])
def test_the_folder_of_texts_by_a_path_from_here(
    source: str, more: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "raw", "data.yaml", NAMES)
    write(tmp_path / "raw", "labels/train/a.txt", ROAD, "images/train/a.png")
    run_ok("masks", "convert", source, "-o", "set", *more)
    (stem,) = masks_of(tmp_path / "set")
    assert rows(tmp_path / "set", stem) == ["00000", "11111"]
    assert [sample.split for sample in Dataset.open(tmp_path / "set").samples] == ["train"]


def test_photos_that_a_person_names_are_those_of_the_texts(tmp_path: Path) -> None:
    write(tmp_path / "labels", "train/a.txt", ROAD, "../elsewhere/train/a.png")
    shutil.make_archive(str(tmp_path / "texts"), "zip", tmp_path / "labels")
    shutil.move(tmp_path / "labels", tmp_path / "other/labels")
    for number, source in enumerate(("texts.zip", "other/labels")):
        assert "say with --images FOLDER" in run_error("masks", "convert", tmp_path / source, "-o", tmp_path / "set")
        folder = tmp_path / f"set{number}"
        run_ok("masks", "convert", tmp_path / source, "-o", folder, "--images", tmp_path / "elsewhere")
        (stem,) = masks_of(folder)
        assert rows(folder, stem) == ["00000", "11111"]


def test_photos_of_equal_names_in_folders_that_a_person_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "labels/data.yaml", NAMES)
    for number, (day, line) in enumerate({"day1": ROAD, "day2": CAR}.items()):
        write(tmp_path, f"labels/{day}/a.txt", line)
        save(tmp_path / f"photos/{day}/a.png", random_image(number, 2, 5))
    run_ok("masks", "convert", "labels", "--images", "photos", "-o", "set")
    assert rows(Path("set"), "day1_a") == ["00000", "11111"]
    assert rows(Path("set"), "day2_a") == ["22000", "22000"]
    for number, day in enumerate(("day1", "day2")):
        assert np.array_equal(load(Path(f"set/images/{day}_a.png")), random_image(number, 2, 5))
