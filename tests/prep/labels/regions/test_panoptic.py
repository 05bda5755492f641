"""masks convert of COCO panoptic: ids of three bytes, void, splits, PNG files named as their photos."""

import json
import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.dataset.dataset import Dataset
from tests.support import by_stem, masks_of, random_image, run_error, run_ok, save

IDS = np.array([[0, 7, 7], [256 * 3, 70000, 9]])
CATEGORIES = [{"id": 4, "name": "road", "color": [1, 2, 3], "isthing": 0}, {"id": 2, "name": "car", "isthing": 1}]
SEGMENTS = [
    {"id": 7, "category_id": 4},
    {"id": 768, "category_id": 2, "iscrowd": 1},
    {"id": 70000, "category_id": 2},
]


def colors(ids: NDArray[np.int64]) -> NDArray[np.uint8]:
    return np.stack([ids % 256, ids // 256 % 256, ids // 65536], axis=-1).astype(np.uint8)


def write(root: Path, split: str = "val", photo: str = "a.jpg", **changes: object) -> Path:
    entry = {"image_id": 1, "file_name": f"{Path(photo).stem}.png", "segments_info": SEGMENTS}
    image = {"id": 1, "file_name": photo, "width": 3, "height": 2}
    content = {"images": [image], "categories": CATEGORIES, "annotations": [entry], **changes}
    path = root / "annotations" / f"panoptic_{split}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    save(path.with_suffix("") / f"{Path(photo).stem}.png", colors(IDS))
    save(root / split / photo, random_image(0, 2, 3))
    return path


def test_ids_become_classes_and_void_is_ignored(tmp_path: Path) -> None:
    file = write(tmp_path / "raw")
    for name, source in (("file", file), ("folder", tmp_path / "raw")):
        run_ok("masks", "convert", source, "-o", tmp_path / name)
        classes = Dataset.open(tmp_path / name).classes
        assert classes.names == ("road", "car")
        assert classes.colors[0] == (1, 2, 3)
        assert masks_of(tmp_path / name)["a"].tolist() == [[255, 0, 0], [1, 1, 255]]
        assert by_stem(tmp_path / name)["a"].image == "images/a.jpg"
    assert "ignore" in run_ok("masks", "inspect", file).stdout


def test_the_folder_of_png_files_may_lie_beside_annotations(tmp_path: Path) -> None:
    """As Detectron2 has it."""
    file = write(tmp_path / "raw")
    file.with_suffix("").rename(tmp_path / "raw" / file.stem)
    for name, source in (("file", file), ("folder", tmp_path / "raw")):
        run_ok("masks", "convert", source, "-o", tmp_path / name)
        assert masks_of(tmp_path / name)["a"].tolist() == [[255, 0, 0], [1, 1, 255]]


def test_the_advice_to_unpack_them_may_be_taken_to_the_letter(tmp_path: Path) -> None:
    """COCO's zip file has the folder in it."""
    file = write(tmp_path / "raw")
    shutil.make_archive(str(tmp_path / "png"), "zip", file.parent, file.stem)
    shutil.rmtree(file.with_suffix(""))
    said = run_error("masks", "convert", file, "-o", tmp_path / "set")
    assert f"unpack them beside it, into {file.with_suffix('')}" in said
    shutil.unpack_archive(tmp_path / "png.zip", file.with_suffix(""))
    run_ok("masks", "convert", file, "-o", tmp_path / "set")
    assert masks_of(tmp_path / "set")["a"].tolist() == [[255, 0, 0], [1, 1, 255]]


def test_two_files_are_two_splits(tmp_path: Path) -> None:
    write(tmp_path / "raw", "train2017", "a.jpg")
    write(tmp_path / "raw", "val2017", "b.jpg")
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert {stem: sample.split for stem, sample in by_stem(tmp_path / "set").items()} == {"a": "train", "b": "val"}


def test_a_png_file_is_not_taken_for_the_photo_of_its_name(tmp_path: Path) -> None:
    write(tmp_path / "raw", photo="a.png")
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert by_stem(tmp_path / "set")["a"].image == "images/a.png"
    (tmp_path / "raw" / "val" / "a.png").unlink()
    text = run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "other").stdout
    assert by_stem(tmp_path / "other")["a"].image == ""
    assert "masks without their photo (bring it in with --images): 1" in text


def test_segments_of_unknown_categories_are_ignored_and_that_is_said(tmp_path: Path) -> None:
    write(tmp_path / "raw", categories=CATEGORIES[:1])
    text = run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set").stdout
    assert "ignored in the masks (255), because they are of a category that is not listed: 2 (a.png, a.png)" in text
    assert masks_of(tmp_path / "set")["a"].tolist() == [[255, 0, 0], [255, 255, 255]]


def test_missing_png_files_and_those_of_another_size_are_named(tmp_path: Path) -> None:
    file = write(tmp_path / "raw")
    png = file.with_suffix("") / "a.png"
    save(png, colors(IDS[:1]))
    assert "has 3 x 1 pixels, and the JSON file says 3 x 2" in run_error("masks", "convert", file, "-o", tmp_path / "s")
    png.unlink()
    said = run_error("masks", "convert", file, "-o", tmp_path / "set")
    assert f"none of its PNG files is there; unpack them beside it, into {file.with_suffix('')}" in said


def test_a_lost_photo_is_not_the_one_of_its_name_in_another_split(tmp_path: Path) -> None:
    file = write(tmp_path / "raw", split="train2017", photo="1.jpg")
    (tmp_path / "raw/val2017").mkdir()
    (tmp_path / "raw/train2017/1.jpg").rename(tmp_path / "raw/val2017/1.jpg")
    said = run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "out")
    assert "1 photo not taken, because it lies in another folder than the labels say" in said
    assert said.endswith(f"--images {tmp_path / 'raw/val2017'}")
    run_ok("masks", "convert", file, "-o", tmp_path / "out", "--images", tmp_path / "raw/val2017")
    assert by_stem(tmp_path / "out")["1"].image
