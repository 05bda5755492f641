"""Commands that are typed again after files were removed: what stays in the dataset is named."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from prep.dataset.index import read_index, write_index
from tests.support import by_stem, random_image, run_error, run_ok, run_partly, run_prep, save, tree

GONE = "is not among"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("names.txt").write_text("background\nroad\n")
    for number in range(4):
        save(Path(f"photos/{number}.png"), random_image(number, 30, 40))
        save(Path(f"labels/{number}.png"), np.eye(30, 40, number, dtype=np.uint8))


def convert() -> str:
    return run_ok("masks", "convert", "labels", "-o", "d", "--images", "photos", "--classes", "names.txt").stdout


def test_masks_whose_labels_were_withdrawn_are_named() -> None:
    assert GONE not in convert()
    Path("labels/3.png").unlink()
    assert "1 mask of the dataset is not among these labels, and it stays as before: 3" in convert()
    assert by_stem(Path("d"))["3"].mask == "masks/3.png"


def test_no_mask_keeps_the_numbers_of_other_classes_because_its_label_is_damaged() -> None:
    convert()
    before = tree(Path("d"))
    Path("labels/3.png").write_bytes(Path("labels/3.png").read_bytes()[:60])
    again = ("masks", "convert", "labels", "-o", "d", "--images", "photos", "--classes", "names.txt", "--overwrite")
    assert "labels/3.png" in run_partly(*again), "the same classes: the mask of before stays right"
    Path("names.txt").write_text("road\nbackground\n")
    told = run_error(*again)
    assert told.startswith("labels/3.png: the file is truncated")
    assert told.endswith(
        "d: has another class map, and 1 of its masks would stay as it is, with numbers of those classes (3); export "
        "this label again, or convert all labels into another dataset with -o"
    )
    assert tree(Path("d")) == before


def test_labels_that_join_are_no_reason_to_say_so() -> None:
    convert()
    for number in range(4):
        Path(f"labels/{number}.png").unlink()
    save(Path("photos/9.png"), random_image(9, 30, 40))
    save(Path("labels/9.png"), np.eye(30, 40, dtype=np.uint8))
    assert GONE not in convert()


def test_a_batch_that_is_typed_again_says_nothing_of_the_other_one() -> None:
    convert()
    save(Path("more/photos/9.png"), random_image(9, 30, 40))
    save(Path("more/labels/9.png"), np.eye(30, 40, dtype=np.uint8))
    again = ("masks", "convert", "more/labels", "-o", "d", "--images", "more/photos", "--overwrite")
    assert GONE not in run_ok(*again).stdout
    assert GONE not in run_ok(*again).stdout


def test_images_whose_photos_were_removed_are_named() -> None:
    resize = ("resize", "photos", "-o", "d", "--size", 20)
    assert GONE not in run_ok(*resize).stdout
    Path("photos/3.png").unlink()
    told = "1 image of the dataset is not among these photos, and it stays as before: 3"
    assert told in run_ok(*resize).stdout
    assert "3" in by_stem(Path("d"))


def test_photos_that_are_left_out_are_not_named_as_gone() -> None:
    convert()
    Path("photos/3.png").unlink()
    Path("photos/2.png").write_bytes(b"damaged")
    Path("photos/1.jpg").write_bytes(Path("photos/1.png").read_bytes())  # two of one stem
    result = run_prep("resize", "photos", "-o", "d", "--size", 40)
    assert "1 image of the dataset is not among these photos, and it stays as before: 3" in result.stdout
    assert result.exit_code == 1


def test_a_damaged_label_is_not_named_as_gone() -> None:
    shape = {"label": "road", "points": [[1, 1], [20, 1], [20, 20]], "shape_type": "polygon"}
    for number in range(4):
        label = {"imagePath": f"{number}.png", "imageWidth": 40, "imageHeight": 30, "shapes": [shape]}
        Path(f"photos/{number}.json").write_text(json.dumps(label))
    command = ("masks", "convert", "photos", "-o", "d", "--unlabelled", "background")
    run_ok(*command)
    Path("photos/3.json").unlink()
    Path("photos/2.json").write_text("damaged")
    result = run_prep(*command)
    assert "1 mask of the dataset is not among these labels, and it stays as before: 3" in result.stdout


def test_samples_of_a_resized_dataset_that_are_gone_or_in_another_split_are_named() -> None:
    convert()
    resize = ("resize", "d", "-o", "small", "--size", 20)
    assert GONE not in run_ok(*resize).stdout
    for root, split in (("d", "train"), ("small", "val")):
        samples = read_index(Path(root, "index.csv"))
        write_index(Path(root, "index.csv"), [replace(each, split=split) for each in samples])
    assert "in the split that they have where they come from: 4 samples (0, 1, 2, 3)" in run_ok(*resize).stdout
    write_index(Path("d/index.csv"), [each for each in read_index(Path("d/index.csv")) if each.stem != "3"])
    for folder in ("images", "masks"):
        Path(f"d/{folder}/3.png").unlink()
    told = run_ok(*resize).stdout
    assert "1 sample of the dataset is not among those of d, and it stays as before: 3" in told
    assert "in the split" not in told
