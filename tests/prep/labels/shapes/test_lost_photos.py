"""A photo that is lost is not replaced by that of its name in another folder, whatever format the labels have."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support import by_stem, load, masks_of, random_image, run_error, run_ok, save

HEIGHT, WIDTH = 40, 60
Write = Callable[[str, list[int]], None]
"""Writes labels of photos 1.png, 2.png, ... in a folder: squares of the class car, from row 4 * number on."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def corners(number: int) -> list[list[int]]:
    return [[20, 4 * number], [24, 4 * number], [24, 4 * number + 4], [20, 4 * number + 4]]


def labelme(folder: str, numbers: list[int]) -> None:
    for number in numbers:
        shape = {"label": "car", "points": corners(number), "shape_type": "polygon"}
        write_json(
            f"{folder}/{number}.json",
            {"imagePath": f"{number}.png", "imageHeight": HEIGHT, "imageWidth": WIDTH, "shapes": [shape]},
        )


def supervisely(folder: str, numbers: list[int]) -> None:
    for number in numbers:
        ring = {"exterior": corners(number), "interior": []}
        entry = {"classTitle": "car", "geometryType": "polygon", "points": ring}
        content = {"tags": [], "size": {"height": HEIGHT, "width": WIDTH}, "objects": [entry]}
        write_json(f"{folder}/ann/{number}.png.json", content)


def coco(folder: str, numbers: list[int]) -> None:
    write_json("raw/coco.json", coco_content([f"{Path(folder).name}/{number}.png" for number in numbers], numbers))


def coco_beside(folder: str, numbers: list[int]) -> None:
    write_json(f"{folder}/coco.json", coco_content([f"{number}.png" for number in numbers], numbers))


def coco_content(names: list[str], numbers: list[int]) -> object:
    images = [
        {"id": number, "file_name": name, "width": WIDTH, "height": HEIGHT}
        for name, number in zip(names, numbers, strict=True)
    ]
    annotations = [
        {
            "id": number,
            "image_id": number,
            "category_id": 1,
            "iscrowd": 0,
            "segmentation": [np.ravel(corners(number)).tolist()],
        }
        for number in numbers
    ]
    return {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "car"}]}


def cvat(folder: str, numbers: list[int]) -> None:
    images = [
        f'<image id="{number}" name="{Path(folder).name}/{number}.png" width="{WIDTH}" height="{HEIGHT}">'
        f'<polygon label="car" points="{";".join(f"{x},{y}" for x, y in corners(number))}"/></image>'
        for number in numbers
    ]
    Path("raw").mkdir(exist_ok=True)
    Path("raw/a.xml").write_text(f"<annotations><version>1.1</version>{''.join(images)}</annotations>", "utf-8")


def via(folder: str, numbers: list[int]) -> None:
    regions = {
        number: {
            "shape_attributes": {
                "name": "polygon",
                "all_points_x": [x for x, _ in corners(number)],
                "all_points_y": [y for _, y in corners(number)],
            },
            "region_attributes": {"class": "car"},
        }
        for number in numbers
    }
    files = {f"{n}.png1": {"filename": f"{n}.png", "size": 1, "regions": [regions[n]]} for n in numbers}
    write_json(f"{folder}/via.json", {"_via_img_metadata": files})


def write_json(name: str, content: object) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(json.dumps(content), "utf-8")


def photos(*names: str) -> None:
    for number, name in enumerate(names):
        save(Path("raw") / name, random_image(number, HEIGHT, WIDTH))


def inside(folder: str, name: str, write: Write) -> str:
    return f"{folder}/img/{name}" if write is supervisely else f"{folder}/{name}"


@pytest.mark.parametrize("write", [labelme, supervisely, coco, coco_beside, cvat])
@pytest.mark.parametrize(
    ("ours", "other"), [("berlin", "paris"), ("train", "val"), ("train", "unlabeled"), ("train_1", "train_2")]
)
def test_a_photo_of_another_folder_is_not_taken(write: Write, ours: str, other: str) -> None:
    photos(inside(ours, "2.png", write), inside(ours, "5.png", write), inside(other, "1.png", write))
    write(f"raw/{ours}", [1, 2, 5])
    said = run_ok("masks", "convert", "raw", "-o", "out").stdout
    place = inside(other, "1.png", write)
    assert (
        "1 photo not taken, because it lies in another folder than the labels say: "
        f"raw/{place} (labels: {ours}); if it is the photo, move it into "
        f"{Path('raw', inside(ours, '2.png', write)).parent}, and convert again with --images raw --overwrite"
    ) in said
    images = {int(stem.rpartition("_")[2]): sample.image for stem, sample in by_stem(Path("out")).items()}
    assert {number: bool(image) for number, image in images.items()} == {1: False, 2: True, 5: True}
    Path("raw", inside(ours, "1.png", write)).parent.mkdir(exist_ok=True)
    Path("raw", place).rename(Path("raw", inside(ours, "1.png", write)))
    assert "not taken" not in run_ok("masks", "convert", "raw", "-o", "out", "--images", "raw", "--overwrite").stdout
    assert all(sample.image for sample in by_stem(Path("out")).values())


def test_a_photo_without_a_size_of_another_folder_is_not_taken() -> None:
    photos("berlin/2.png", "berlin/5.png", "paris/1.png")
    via("raw/berlin", [1, 2, 5])
    run_ok("masks", "convert", "raw", "-o", "out")
    assert by_stem(Path("out")).keys() == {"2", "5"}


@pytest.mark.parametrize("write", [labelme, supervisely, coco_beside])
def test_a_photo_of_another_folder_among_photos_elsewhere_is_not_taken(write: Write) -> None:
    photos("images/berlin/2.png", "images/berlin/5.png", "images/paris/1.png")
    write("raw/berlin", [1, 2, 5])
    run_ok("masks", "convert", "raw/berlin", "--images", "raw/images", "-o", "out")
    assert {stem: bool(sample.image) for stem, sample in by_stem(Path("out")).items()} == {
        "1": False, "2": True, "5": True,
    }  # fmt: skip


@pytest.mark.parametrize("write", [labelme, coco, cvat])
def test_a_folder_that_was_renamed_is_told(write: Write) -> None:
    photos("paris/1.png", "paris/2.png")
    write("raw/berlin", [1, 2])
    said = run_ok("masks", "convert", "raw", "-o", "out").stdout
    told = (
        "2 photos taken from a folder of another name than the labels say, because the names are there: "
        "raw/paris/1.png (labels: berlin), raw/paris/2.png (labels: berlin); look at some masks"
    )
    assert told in said
    for stem, mask in masks_of(Path("out")).items():
        number = int(stem.rpartition("_")[2])
        assert np.argwhere(mask == 1).min(axis=0).tolist() == [4 * number, 20]
        assert np.array_equal(load(Path("out", by_stem(Path("out"))[stem].image)), random_image(number - 1, 40, 60))


@pytest.mark.parametrize(
    ("write", "ours", "there", "numbers"),
    [
        (coco, "berlin", "paris", [1, 2, 3]),
        (labelme, "labels/train", "images/val", [1, 2]),
        (coco_beside, "train", "val", [1, 2]),
    ],
)
def test_where_no_photo_lies_in_its_folder_it_is_asked(write: Write, ours: str, there: str, numbers: list[int]) -> None:
    photos(f"{there}/1.png", f"{there}/2.png")
    write(f"raw/{ours}", numbers)
    said = run_error("masks", "convert", "raw", "-o", "out")
    assert said.startswith("2 photos not taken, because they lie in another folder than the labels say: raw/")
    option = f"--images raw/{there}"
    assert said.endswith(f"If these are others, move raw/{there} away; if they are the photos, say so:\n  {option}")
    run_ok("masks", "convert", "raw", "-o", "out", *option.split())
    assert sum(bool(sample.image) for sample in by_stem(Path("out")).values()) == 2


def test_photos_divided_anew_are_told_where_labels_name_no_folder() -> None:
    photos("images/train/house.png", "images/val/tower.png")
    write_json("raw/annotations/instances_train.json", coco_content(["house.png", "tower.png"], [1, 2]))
    said = run_ok("masks", "convert", "raw", "-o", "out").stdout
    assert "1 photo lies in the folder of another split than the labels name: images/val/tower.png" in said


def test_counted_names_of_a_file_of_train_are_not_photos_of_val() -> None:
    photos("images/train/2.png", "images/train/5.png", "images/val/1.png")
    write_json("raw/annotations/instances_train.json", coco_content(["1.png", "2.png", "5.png"], [1, 2, 5]))
    said = run_ok("masks", "convert", "raw", "-o", "out").stdout
    assert "raw/images/val/1.png (labels: train)" in said
    assert {stem: bool(sample.image) for stem, sample in by_stem(Path("out")).items()} == {
        "1": False, "2": True, "5": True,
    }  # fmt: skip


def test_names_in_two_forms_of_unicode_are_one() -> None:
    photos("b\u00e4ume/b\u00e4.png", "x/\u00e4.png")
    names = ["ba\u0308ume/ba\u0308.png", "a\u0308.png"]
    write_json("raw/coco.json", coco_content(names, [1, 2]))
    run_ok("masks", "convert", "raw", "-o", "out")
    assert {stem: bool(sample.image) for stem, sample in by_stem(Path("out")).items()} == {
        "b\u00e4": True, "\u00e4": True,
    }  # fmt: skip


def test_a_table_of_pairs_does_not_reach_into_another_folder() -> None:
    photos("berlin/2.jpg", "paris/1.jpg")
    for number in (1, 2):
        save(Path(f"raw/masks/m{number}.png"), np.eye(HEIGHT, WIDTH, dtype=np.uint8))
    Path("raw/pairs.csv").write_text("image,mask\nberlin/1.jpg,masks/m1.png\nberlin/2.jpg,masks/m2.png\n", "utf-8")
    Path("c.txt").write_text("background\ncar\n")
    run_ok("masks", "convert", "raw", "-o", "out", "--classes", "c.txt")
    assert by_stem(Path("out")).keys() == {"2"}


def test_a_photo_that_another_camera_counted_on_that_day_is_not_taken() -> None:
    """A date in a name made it one of its kind, though both cameras have the others."""
    names = [f"20230501_{number:03}.png" for number in (1, 2, 3)]
    photos(*(f"camA/{name}" for name in names[:2]), *(f"camB/{name}" for name in names))
    write_json("raw/coco.json", coco_content([f"camA/{name}" for name in names], [1, 2, 3]))
    said = run_ok("masks", "convert", "raw", "-o", "out").stdout
    assert "1 photo not taken, because it lies in another folder than the labels say: raw/camB/20230501_003.png" in said
    assert sum(bool(sample.image) for sample in by_stem(Path("out")).values()) == 2


@pytest.mark.parametrize("write", [labelme, supervisely, coco, cvat])
@pytest.mark.parametrize("other", ["berlin/augmented", "berlin/small", "."])
def test_a_photo_below_or_above_the_others_is_not_taken(write: Write, other: str) -> None:
    """Augmented photos and thumbnails have the names of those that they were made of."""
    there = f"{other}/1.png"
    photos(inside("berlin", "2.png", write), inside("berlin", "5.png", write), there)
    write("raw/berlin", [1, 2, 5])
    said = run_ok("masks", "convert", "raw", "-o", "out").stdout
    assert f"1 photo not taken, because it lies in another folder than the labels say: {Path('raw', there)} (" in said
    assert sum(bool(sample.image) for sample in by_stem(Path("out")).values()) == 2


@pytest.mark.parametrize(
    ("named", "other"),
    [
        ("{}", "thumbs"),
        ("{}", "images/augmented"),
        ("..\\images\\{}", "thumbs"),
        ("..\\images\\{}", "original"),
        ("C:\\anna\\images\\{}", "thumbs"),
        ("C:\\anna\\images\\{}", "images/augmented"),
    ],
)
def test_a_thumbnail_is_not_the_photo_that_is_lost(named: str, other: str) -> None:
    photos("images/2.png", "images/5.png", f"{other}/1.png")
    labelme("raw/labels", [1, 2, 5])
    for number in (1, 2, 5):
        content = json.loads(Path(f"raw/labels/{number}.json").read_text("utf-8"))
        write_json(f"raw/labels/{number}.json", content | {"imagePath": named.format(f"{number}.png")})
    said = run_ok("masks", "convert", "raw", "-o", "out").stdout
    assert f"1 photo not taken, because it lies in another folder than the labels say: raw/{other}/1.png (" in said
    assert {stem: bool(sample.image) for stem, sample in by_stem(Path("out")).items()} == {
        "1": False, "2": True, "5": True,
    }  # fmt: skip
    Path(f"raw/{other}/1.png").rename("raw/images/1.png")
    assert "not taken" not in run_ok("masks", "convert", "raw", "-o", "out", "--images", "raw", "--overwrite").stdout


@pytest.mark.parametrize("write", [labelme, supervisely, coco, coco_beside, cvat])
@pytest.mark.parametrize(("ours", "other"), [("camA", "camB"), ("site_1", "site_2")])
def test_of_two_cameras_none_is_the_other_renamed(write: Write, ours: str, other: str) -> None:
    photos(f"{other}/1.png", f"{other}/2.png")
    write(f"raw/{ours}", [1, 2])
    said = run_error("masks", "convert", "raw", "-o", "out")
    assert said.startswith("2 photos not taken, because they lie in another folder than the labels say: raw/")
    assert said.endswith(f"if they are the photos, say so:\n  --images raw/{other}")
    run_ok("masks", "convert", "raw", "-o", "out", "--images", f"raw/{other}")
    assert sum(bool(sample.image) for sample in by_stem(Path("out")).values()) == 2


def test_where_labels_name_one_split_for_the_photos_of_two_the_words_say_what_to_do() -> None:
    """It said to move them into a folder of the name that the labels say: where, and is it there?"""
    photos("images/train/1.png", "images/train/2.png", "images/val/3.png", "images/val/4.png")
    write_json("raw/coco.json", coco_content([f"train/{number}.png" for number in (1, 2, 3, 4)], [1, 2, 3, 4]))
    said = run_ok("masks", "convert", "raw", "-o", "out").stdout
    way = "if they are the photos, move them into raw/images/train, and convert again with --images raw --overwrite"
    assert way in said
    for name in ("3.png", "4.png"):
        Path("raw/images/val", name).rename(Path("raw/images/train", name))
    assert "not taken" not in run_ok("masks", "convert", "raw", "-o", "out", "--images", "raw", "--overwrite").stdout
    assert all(sample.image for sample in by_stem(Path("out")).values())


def test_photos_in_folders_that_labels_do_not_name_are_found() -> None:
    photos("images/monday/1.png", "images/tuesday/2.png")
    coco("raw/images", [1, 2])
    run_ok("masks", "convert", "raw", "-o", "out")
    assert all(sample.image for sample in by_stem(Path("out")).values())


@pytest.mark.parametrize(
    ("write", "home", "other"),
    [
        (labelme, "images", "images/augmented"),
        (labelme, "images", "images/val"),
        (labelme, "images", "copies"),
        (coco_beside, "pool", "pool/augmented"),
        (via, "pool", "copies"),
    ],
)
def test_the_only_one_is_asked_about_where_others_stand_there_and_elsewhere(
    write: Write, home: str, other: str
) -> None:
    photos(f"{home}/1.png", f"{home}/3.png", f"{other}/1.png", f"{other}/2.png", f"{other}/3.png")
    write("raw/labels", [1, 2, 3])
    said = run_error("masks", "convert", "raw", "-o", "set")
    assert "2 photos not taken, because the name stands in several folders: 1.png" in said
    assert f"nor 1 that lies in one of these only (raw/{other}/2.png)" in said
    ways = [line.split() for line in said.splitlines() if line.startswith("  --images ")]
    assert sorted(way[1] for way in ways) == sorted([f"raw/{home}", f"raw/{other}"])
    run_ok("masks", "convert", "raw", "-o", "first", "--images", f"raw/{home}")
    assert {path.name for path in Path("first/images").iterdir()} == {"1.png", "3.png"}
    run_ok("masks", "convert", "raw", "-o", "second", "--images", f"raw/{other}")
    for name in ("1.png", "2.png", "3.png"):
        assert np.array_equal(load(Path("second/images") / name), load(Path("raw", other, name)))


def test_a_photo_in_the_folder_around_is_taken_where_another_stands_below_it_too() -> None:
    photos("images/1.png", "images/2.png", "images/3.png", "images/thumbs/1.png")
    labelme("raw/labels", [1, 2, 3])
    said = run_ok("masks", "convert", "raw", "-o", "set").output
    assert "1 photo not taken, because the name stands in several folders: 1.png" in said
    assert np.array_equal(load(Path("set/images/2.png")), load(Path("raw/images/2.png")))
