"""A dataset that was made among raw files is no further photos and labels of the next conversion."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support import masks_of, random_image, run_error, run_ok, save

SQUARE = [[0, 0], [20, 0], [20, 20], [0, 20]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        save(Path(f"images/p{number}.png"), random_image(number, 40, 60))


def _codes() -> np.ndarray:
    codes = np.zeros((40, 60), np.uint8)
    codes[:20, :20] = 2
    return codes


def grey_masks() -> None:
    for number in range(3):
        save(Path(f"masks/p{number}.png"), _codes())
    Path("classes.txt").write_text("car,2\nroad,1\nbg,0\n")


def matrices() -> None:
    Path("masks").mkdir()
    for number in range(3):
        np.save(f"masks/p{number}.npy", _codes())
    Path("classes.txt").write_text("car,2\nroad,1\nbg,0\n")


def labelme() -> None:
    Path("labels").mkdir()
    for number in range(3):
        shape = {"label": "car", "points": SQUARE, "shape_type": "polygon"}
        about = {"imagePath": f"p{number}.png", "imageData": None, "imageHeight": 40, "imageWidth": 60}
        Path(f"labels/p{number}.json").write_text(json.dumps({"shapes": [shape], **about}))


def voc_xml() -> None:
    Path("labels").mkdir()
    for number in range(3):
        corners = "".join(f"<x{n}>{x}</x{n}><y{n}>{y}</y{n}>" for n, (x, y) in enumerate(SQUARE, 1))
        shape = f"<object><name>car</name><polygon>{corners}</polygon></object>"
        size = "<size><width>60</width><height>40</height><depth>3</depth></size>"
        Path(f"labels/p{number}.xml").write_text(
            f"<annotation><filename>p{number}.png</filename>{size}{shape}</annotation>"
        )


def cityscapes() -> None:
    Path("labels").mkdir()
    for number in range(3):
        about = {"imgHeight": 40, "imgWidth": 60, "objects": [{"label": "car", "polygon": SQUARE}]}
        Path(f"labels/p{number}_gtFine_polygons.json").write_text(json.dumps(about))


def run_lengths() -> None:
    rows = "".join(f"p{number}.png,1 20 61 20 121 20 181 20,car\n" for number in range(3))
    Path("train.csv").write_text("ImageId,EncodedPixels,ClassId\n" + rows)


def yolo() -> None:
    Path("labels").mkdir()
    for number in range(3):
        Path(f"labels/p{number}.txt").write_text("0 0 0 0.3 0 0.3 0.5 0 0.5\n")
    Path("classes.txt").write_text("car\n")


@pytest.mark.parametrize("write", [grey_masks, matrices, labelme, voc_xml, cityscapes, run_lengths, yolo])
@pytest.mark.parametrize("images", [(), ("--images", "images"), ("--images", ".")])
def test_a_former_dataset_is_left_out_and_told(write: Callable[[], None], images: tuple[str, ...]) -> None:
    write()
    given = ["--classes", "classes.txt"] if Path("classes.txt").exists() and write is not yolo else []
    run_ok("masks", "convert", ".", *images, *given, "-o", "first")
    shutil.copytree("first", "images/older")
    said = run_ok("masks", "convert", ".", *images, *given, "-o", "second").output
    assert "left out, because seg-prep made them: 2 datasets (first, images/older)" in said
    first, second = masks_of(Path("first")), masks_of(Path("second"))
    assert sorted(first) == sorted(second) == ["p0", "p1", "p2"]
    assert all(np.array_equal(first[stem], second[stem]) for stem in first)
    assert "photos without labels" not in said
    again = run_ok("masks", "convert", ".", *images, *given, "-o", "first", "--overwrite").output
    assert "(images/older, second)" in again  # and not the one that it writes into


def test_photos_and_labels_that_lie_in_a_dataset_are_raw() -> None:
    grey_masks()
    Path("set").mkdir()
    shutil.move("images", "set/photos")
    shutil.move("masks", "set/labels")
    run_ok("masks", "convert", ".", "--classes", "classes.txt", "-o", "set")
    run_ok("masks", "convert", ".", "--classes", "classes.txt", "-o", "other")
    assert sorted(path.name for path in Path("other/images").iterdir()) == ["set_p0.png", "set_p1.png", "set_p2.png"]


def test_datasets_alone_are_read() -> None:
    grey_masks()
    run_ok("masks", "convert", ".", "--classes", "classes.txt", "-o", "all/first")
    Path("indices.txt").write_text("car\nroad\nbg\n")
    run_ok("masks", "convert", "all", "--classes", "indices.txt", "-o", "second")
    assert sorted(masks_of(Path("second"))) == ["first_p0", "first_p1", "first_p2"]


def test_a_set_of_somebody_else_with_such_an_index_is_read() -> None:
    grey_masks()
    for name in ("images", "masks"):
        shutil.copytree(name, f"theirs/{name}")
        shutil.rmtree(name)
        for file in sorted(Path("theirs", name).iterdir()):
            Image.open(file).save(Path("theirs", name, f"x{file.name}"))
    Path("theirs/index.csv").write_text("image,mask\n")
    Path("theirs/classes.json").write_text("{}")
    run_ok("masks", "convert", ".", "--classes", "classes.txt", "-o", "out")
    assert len(masks_of(Path("out"))) == 6


def test_masks_of_a_dataset_are_not_read_by_the_ids_of_raw_labels() -> None:
    grey_masks()
    run_ok("masks", "convert", "masks", "--images", "images", "--classes", "classes.txt", "-o", "ds")
    for source in (["ds"], ["ds/masks", "--images", "ds/images", "--classes", "classes.txt"]):
        error = run_error("masks", "convert", *source, "-o", "again")
        assert "ds/masks: seg-prep made these masks: they hold the indices of the classes" in error
        assert not Path("again").exists()
    Path("indices.txt").write_text(error.split("\n\n")[1])
    run_ok("masks", "convert", "ds", "--classes", "indices.txt", "-o", "again")
    assert {stem: mask.tolist() for stem, mask in masks_of(Path("ds")).items()} == {
        stem: mask.tolist() for stem, mask in masks_of(Path("again")).items()
    }
