"""masks convert of COCO files: which pixels each segmentation covers, which class it is, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco

from prep.dataset.dataset import Dataset
from tests.support import by_stem, masks_of, random_image, run_error, run_ok, save

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in pycocotools

Content = dict[str, Any]


def image(number: int, name: str, width: int = 5, height: int = 3) -> Content:
    return {"id": number, "file_name": name, "width": width, "height": height}


def note(number: int, image_id: int, category: int, segmentation: object) -> Content:
    return {"id": number, "image_id": image_id, "category_id": category, "segmentation": segmentation}


def box(left: float, top: float, right: float, bottom: float) -> list[float]:
    return [left, top, right, top, right, bottom, left, bottom]


def content() -> Content:
    """Two images: polygons of two parts, plain and compressed run lengths, ids out of order."""
    region = np.zeros((3, 5), np.uint8)
    region[2, 1:4] = 1
    compressed = coco.encode(np.asfortranarray(region))
    return {
        "info": {"year": 2026},
        "images": [image(7, "a.png"), image(9, "b.png")],
        "categories": [
            {"id": 40, "name": "tree", "color": [1, 2, 3]},
            {"id": 3, "name": "soil"},
            {"id": 41, "name": "Ignore"},
        ],
        "annotations": [
            note(2, 7, 3, [box(0, 1, 2, 2)]),
            note(1, 7, 40, [box(0, 0, 1, 3), box(4, 0, 5, 3)]),
            note(5, 9, 41, {"size": [3, 5], "counts": [0, 2, 13]}),
            note(4, 9, 40, {"size": [3, 5], "counts": compressed["counts"].decode()}),
        ],
    }


def write(path: Path, data: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data), "utf-8")
    return path


def rows(root: Path, stem: str) -> list[str]:
    """The mask as digits, ignored pixels as a point."""
    return ["".join("." if value == 255 else str(value) for value in row) for row in masks_of(root)[stem].tolist()]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where the dataset goes."""
    return tmp_path / "set"


def test_annotations_are_painted_by_id_and_classes_are_in_the_order_of_theirs(tmp_path: Path, out: Path) -> None:
    for stem in ("a", "b"):
        save(tmp_path / f"raw/images/{stem}.png", random_image(0, 3, 5))
    run_ok("masks", "convert", write(tmp_path / "raw/instances.json", content()), "-o", out)
    classes = Dataset.open(out).classes
    assert classes.names == ("background", "soil", "tree")
    assert classes.colors[2] == (1, 2, 3)
    assert rows(out, "a") == ["20002", "11002", "20002"]
    assert rows(out, "b") == [".0000", ".0000", "02220"]
    assert {stem: sample.image for stem, sample in by_stem(out).items()} == {"a": "images/a.png", "b": "images/b.png"}


def test_a_folder_with_photos_around_the_file_is_enough(tmp_path: Path, out: Path) -> None:
    write(tmp_path / "raw/_annotations.coco.json", content())
    save(tmp_path / "raw/a.png", random_image(0, 3, 5))
    result = run_ok("masks", "convert", tmp_path / "raw", "-o", out, "--unlabeled", "ignore")
    assert Dataset.open(out).classes.names == ("soil", "tree")
    assert rows(out, "a") == ["1...1", "00..1", "1...1"]
    assert "masks without their photo (bring it in with --images): 1\n  b\n" in result.stdout


def test_a_photo_of_another_folder_is_not_taken_for_one_that_is_gone(tmp_path: Path, out: Path) -> None:
    data = content()
    for entry, name in zip(data["images"], ("north/a.png", "south/a.png"), strict=True):
        entry["file_name"] = name
    save(tmp_path / "raw/south/a.png", random_image(0, 3, 5))
    run_ok("masks", "convert", write(tmp_path / "raw/c.json", data), "-o", out)
    images = {stem: sample.image for stem, sample in by_stem(out).items()}
    assert images == {"north_a": "", "south_a": "images/south_a.png"}


def test_a_category_background_takes_what_is_uncovered(tmp_path: Path, out: Path) -> None:
    data = content()
    data["categories"][1]["name"] = "Background"
    run_ok("masks", "convert", write(tmp_path / "c.json", data), "-o", out)
    assert Dataset.open(out).classes.names == ("Background", "tree")
    assert rows(out, "a") == ["10001", "00001", "10001"]


def test_names_pair_with_another_class_map(tmp_path: Path, out: Path) -> None:
    (tmp_path / "c.txt").write_text("tree,#010203\nbackground,#000000\nsoil,#ffffff\n")
    source = write(tmp_path / "c.json", content())
    run_ok("masks", "convert", source, "-o", out, "--classes", tmp_path / "c.txt")
    assert rows(out, "a") == ["01110", "22110", "01110"]


def test_two_categories_of_one_name_are_one_class_and_equal_colours_differ(tmp_path: Path, out: Path) -> None:
    data = content()
    data["categories"] = [{"id": number, "name": name, "color": "#010203"} for number, name in ((3, "x"), (40, "x"))]
    data["categories"].append({"id": 41, "name": "y", "color": [1, 2, 3]})
    run_ok("masks", "convert", write(tmp_path / "c.json", data), "-o", out)
    classes = Dataset.open(out).classes
    assert classes.names == ("background", "x", "y")
    assert classes.colors[1] == (1, 2, 3)
    assert len(set(classes.colors)) == 3


def test_boxes_are_left_out_and_counted(tmp_path: Path, out: Path) -> None:
    data = content()
    data["annotations"][2]["segmentation"] = []
    del data["annotations"][3]["segmentation"]
    result = run_ok("masks", "convert", write(tmp_path / "c.json", data), "-o", out)
    assert "left out, because they are boxes without a region: 2 annotations" in result.stdout
    assert "images without a region: 1" in result.stdout
    assert rows(out, "b") == ["00000"] * 3
    data["annotations"] = data["annotations"][2:]
    assert "holds only boxes" in run_error("masks", "convert", write(tmp_path / "d.json", data), "-o", tmp_path / "x")


def change(*keys: Any, value: object) -> Callable[[Content], None]:  # noqa: ANN401
    """Set a value deep inside."""

    def apply(data: Any) -> None:  # noqa: ANN401
        for key in keys[:-1]:
            data = data[key]
        data[keys[-1]] = value

    return apply


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (change("annotations", 1, "category_id", value=8), "a.png: annotation 1 is of category 8"),
        (change("annotations", 1, "image_id", value=8), "annotation 1 is of image 8"),
        (change("annotations", 1, "id", value=None), 'an annotation has no whole number as "id"'),
        (change("annotations", 1, value=5), 'an annotation has no whole number as "id": 5'),
        (change("annotations", 0, "segmentation", 0, 1, value=float("nan")), "a.png: has a region whose points"),
        (change("annotations", 0, "segmentation", 0, value=[1, 2, 3]), "a.png: has a region whose points"),
        (change("annotations", 0, "segmentation", value="x"), "a.png: a segmentation is neither"),
        (change("annotations", 2, "segmentation", "counts", value=[1]), "b.png: the run lengths do not fill"),
        (change("annotations", 2, "segmentation", "counts", value=7), "b.png: run lengths are a list or a text"),
        (change("annotations", 2, "segmentation", "counts", value="oooooooooo"), "b.png: the compressed run lengths"),
        (change("annotations", 2, "segmentation", "size", value=[5, 3]), "b.png: run lengths are of the size [5, 3]"),
        (change("images", 0, "width", value=-5), "a.png: its image is said to be -5 wide"),
        (change("images", 0, "width", value=10**9), "a.png: its image is said to have 1000000000 x 3 pixels"),
        (change("images", 0, "file_name", value=""), 'image 7 has no "file_name"'),
        (change("images", 1, "id", value=7), "two images have the same id"),
        (change("images", 0, "id", value=True), 'an image has no whole number as "id"'),
        (change("categories", 0, "name", value=None), "category 40 has no name"),
        (change("categories", 0, "name", value=""), "empty name"),
        (change("categories", 0, "id", value=3), "two categories have the same id"),
        (change("categories", value={}), "of no format that is read"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(
    spoil: Callable[[Content], None], said: str, tmp_path: Path, out: Path
) -> None:
    data = content()
    spoil(data)
    source = write(tmp_path / "c.json", data)
    text = run_error("masks", "convert", source, "-o", out)
    assert said in text
    assert str(source) in text
    assert not out.exists()


def test_several_files_are_not_guessed_between(tmp_path: Path, out: Path) -> None:
    for name in ("train.json", "val.json"):
        write(tmp_path / "raw" / name, content())
    assert "holds 2 files of COCO; name one of them" in run_error("masks", "convert", tmp_path / "raw", "-o", out)


def test_masks_with_json_of_others_beside_are_still_masks(tmp_path: Path, out: Path) -> None:
    write(tmp_path / "raw/notes.json", {"shapes": 3})
    (tmp_path / "raw/broken.json").write_text("{")
    save(tmp_path / "raw/masks/a.png", np.array([[0, 1]], np.uint8))
    save(tmp_path / "raw/images/a.png", random_image(0, 1, 2))
    (tmp_path / "raw/classes.txt").write_text("sky,#000000\nsea,#0000ff\n")
    run_ok("masks", "convert", tmp_path / "raw", "-o", out)
    assert rows(out, "a") == ["01"]
