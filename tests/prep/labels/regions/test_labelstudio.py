"""masks convert of Label Studio: polygons, brush strokes and PNG files of regions, and which photo each is of."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.labels.shapes.brush import Brush, unpack
from tests.prep.labels.digits import rows
from tests.support import by_stem, masks_of, random_image, run_error, run_ok, save

LENGTHS = (3, 4, 8, 16)


def pack(values: NDArray[np.uint8]) -> list[int]:
    """Run lengths as Label Studio packs them: a run of one value, or up to 8 values one by one."""
    bits = f"{len(values):032b}{7:05b}" + "".join(f"{length - 1:04b}" for length in LENGTHS)
    position = 0
    while position < len(values):
        rest = values[position:]
        run = min(len(rest), 1 << 16, *np.flatnonzero(rest != rest[0])[:1].tolist())
        if run > 1:
            which = next(index for index, length in enumerate(LENGTHS) if run <= 1 << length)
            bits += f"1{which:02b}{run - 1:0{LENGTHS[which]}b}{rest[0]:08b}"
        else:
            run = min(len(rest), 8)
            bits += f"000{run - 1:03b}" + "".join(f"{value:08b}" for value in rest[:run].tolist())
        position += run
    bits += "0" * (-len(bits) % 8)
    return [int(bits[start : start + 8], 2) for start in range(0, len(bits), 8)]


def stroke(inside: NDArray[np.bool_]) -> list[int]:
    return pack(np.repeat(np.where(inside, 255, 0).astype(np.uint8), 4))


def polygon(label: str, left: float, top: float, right: float, bottom: float) -> dict[str, Any]:
    points = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return result({"points": points, "polygonlabels": [label]})


def result(value: dict[str, Any]) -> dict[str, Any]:
    return {"original_width": 5, "original_height": 4, "image_rotation": 0, "value": value, "type": "x"}


def task(number: int, photo: str, *results: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"id": number, "data": {"image": photo}, "annotations": [{"result": list(results), **more}]}


def write(tmp_path: Path, *tasks: dict[str, Any]) -> Path:
    path = tmp_path / "raw/project-1.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(tasks))
    return path


BRUSH = np.array([[0, 0, 0, 0, 0], [0, 1, 0, 1, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 1]], bool)


def test_polygons_brush_and_boxes(tmp_path: Path) -> None:
    brush = result({"format": "rle", "rle": stroke(BRUSH), "brushlabels": ["car"]})
    box = result({"x": 0, "y": 0, "width": 9, "height": 9, "rectanglelabels": ["car"]})
    path = write(
        tmp_path,
        task(1, "/data/upload/1/a1b2c3d0-a.png", polygon("road", 0, 50, 100, 100), brush, box),
        task(2, "/data/local-files/?d=raw%2Fimages%2Fb%20c.png", polygon("road", 0, 0, 40, 100)),
        {"id": 3, "data": {"image": "x.png"}, "annotations": []},
    )
    for name in ("a1b2c3d0-a", "b c"):
        save(tmp_path / f"raw/images/{name}.png", random_image(0, 4, 5))
    out = tmp_path / "set"
    text = run_ok("masks", "convert", path, "-o", out).stdout
    assert "left out, because they are boxes, points or rotated ellipses: 1 (car in task 1)" in text
    assert "tasks left out, because nobody annotated them: 1 (task 3)" in text
    assert Dataset.open(out).classes.names == ("background", "car", "road")
    assert rows(out, "a1b2c3d0-a") == ["00000", "01010", "21112", "22221"]
    assert rows(out, "b c") == ["22000"] * 4


def test_a_photo_without_what_the_upload_adds(tmp_path: Path) -> None:
    save(tmp_path / "raw/a.png", random_image(0, 4, 5))
    path = write(tmp_path, task(1, "/data/upload/1/a1b2c3d0-a.png", polygon("road", 0, 50, 100, 100)))
    run_ok("masks", "convert", path, "-o", tmp_path / "set")
    assert by_stem(tmp_path / "set")["a"].image == "images/a.png"


def test_the_ground_truth_of_several_annotations(tmp_path: Path) -> None:
    twice = task(1, "a.png", polygon("road", 0, 0, 100, 50))
    twice["annotations"].append({"result": [polygon("road", 0, 50, 100, 100)], "ground_truth": True})
    text = run_ok("masks", "convert", write(tmp_path, twice), "-o", tmp_path / "set").stdout
    assert "annotated more than once: the ground truth or else the first is taken: 1 (task 1)" in text
    assert rows(tmp_path / "set", "a") == ["00000", "00000", "11111", "11111"]


def test_an_ellipse(tmp_path: Path) -> None:
    oval = result({"x": 50, "y": 50, "radiusX": 30, "radiusY": 30, "rotation": 0, "ellipselabels": ["hole"]})
    run_ok("masks", "convert", write(tmp_path, task(1, "a.png", oval)), "-o", tmp_path / "set")
    assert rows(tmp_path / "set", "a") == ["00000", "01110", "01110", "00000"]


def test_the_short_export(tmp_path: Path) -> None:
    region = {**polygon("road", 0, 50, 100, 100)["value"], "original_width": 5, "original_height": 4}
    path = write(tmp_path, {"id": 1, "image": "/data/upload/a.png", "label": [region], "annotator": 1})
    run_ok("masks", "convert", path, "-o", tmp_path / "set")
    assert rows(tmp_path / "set", "a") == ["00000", "00000", "11111", "11111"]


def test_percents_are_of_the_photo_as_it_was_seen(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "raw").mkdir()
    Image.fromarray(random_image(0, 4, 5)).save(tmp_path / "raw/a.jpg", exif=exif)
    run_ok(
        "masks", "convert", write(tmp_path, task(1, "a.jpg", polygon("road", 0, 80, 100, 100))), "-o", tmp_path / "set"
    )
    assert rows(tmp_path / "set", "a") == ["0000"] * 4 + ["1111"]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ({"value": {"rle": [1, 300], "brushlabels": ["car"]}}, "its brush stroke is no list of bytes"),
        ({"value": {"rle": [1, 3], "brushlabels": ["car"]}}, "a region of 'car': a brush stroke ends too early"),
        ({"value": {"points": [[1, 2, 3]], "polygonlabels": ["car"]}}, "car in task 1: has a region whose points"),
        ({"image_rotation": 90}, "task 1 was turned while it was drawn on; export it as COCO or PNG"),
        ({"value": {"x": 1, "rectanglelabels": ["car"]}}, "holds no polygons and no brush strokes"),
    ],
)
def test_what_is_refused(spoil: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = write(tmp_path, task(1, "a.png", {**polygon("car", 0, 0, 9, 9), **spoil}))
    assert said in run_error("masks", "convert", path, "-o", tmp_path / "set")


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(1, 40)), min_size=1, max_size=12))
def test_packed_values_come_back(runs: list[tuple[int, int]]) -> None:
    values = np.repeat(np.array([value for value, _ in runs], np.uint8), [length for _, length in runs])
    assert np.array_equal(unpack(bytes(pack(values)), len(values)), values)


def test_a_brush_of_another_size() -> None:
    with pytest.raises(SegError, match="of an image of 5 x 4 pixels, but the photo has 4 x 5"):
        Brush(bytes(stroke(BRUSH)), 5, 4).paint(np.zeros((5, 4), np.uint8), 1)
    with pytest.raises(SegError, match="a brush stroke has 80 values of 8 bits, and its image 40"):
        Brush(bytes(stroke(BRUSH)), 5, 2).paint(np.zeros((2, 5), np.uint8), 1)


def test_png_files_of_a_task_become_one_mask(tmp_path: Path) -> None:
    for number, annotation, tag, row in (
        (2, 5, "dark-road", 1),
        (2, 5, "car", 0),
        (10, 7, "car", 2),
        (10, 9, "car", 0),
    ):
        inside = np.zeros((3, 4), np.uint8)
        inside[row] = 255
        save(tmp_path / f"raw/task-{number}-annotation-{annotation}-by-1-tag-{tag}-0.png", inside)
    for name in ("x", "y"):
        save(tmp_path / f"photos/{name}.png", random_image(0, 3, 4))
    arguments = ("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", "--images", tmp_path / "photos")
    assert "2 masks have no image: task-10, task-2" in (said := run_error(*arguments))
    assert "add --in-order" in said
    text = run_ok(*arguments, "--in-order").stdout
    assert "another annotation of the task is taken: 1 (task-10-annotation-9-by-1-tag-car-0.png)" in text
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "car", "dark-road")
    assert rows(tmp_path / "set", "x") == ["1111", "2222", "0000"]
    assert rows(tmp_path / "set", "y") == ["0000", "0000", "1111"]


def test_a_png_of_another_size_is_named(tmp_path: Path) -> None:
    for tag, width in (("car", 4), ("road", 5)):
        save(tmp_path / f"raw/task-1-annotation-1-by-1-tag-{tag}-0.png", np.full((3, width), 255, np.uint8))
    save(tmp_path / "photos/x.png", random_image(0, 3, 4))
    text = run_error(
        "masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", "--images", tmp_path / "photos", "--in-order"
    )
    assert "tag-road-0.png has 5 x 3 pixels, others of its photo 4 x 3" in text


def test_matrices_of_regions_are_read_as_pictures_are(tmp_path: Path) -> None:
    save(tmp_path / "images" / "p1.png", random_image(0, 4, 6))
    (tmp_path / "npy").mkdir()
    for tag, columns in (("road", slice(0, 4)), ("car", slice(4, 6))):
        region = np.zeros((4, 6), np.uint8)
        region[:, columns] = 255
        np.save(tmp_path / "npy" / f"task-1-annotation-1-by-1-tag-{tag}-0.npy", region)
    run_ok("masks", "convert", tmp_path / "npy", "-o", tmp_path / "set", "--images", tmp_path / "images", "--in-order")
    assert Dataset.open(tmp_path / "set").classes.names == ("car", "road")
    assert masks_of(tmp_path / "set")["p1"].tolist() == [[1, 1, 1, 1, 0, 0]] * 4


def test_photos_under_the_names_that_they_had_before_the_upload(tmp_path: Path) -> None:
    """An upload makes "my (1) photo.png" 0a1b2c3d-my_1_photo.png; 0a1b2c3d-x.png may be what a photo is called."""
    for name in ("my (1) photo", "0a1b2c3d-x"):
        save(tmp_path / f"raw/{name}.png", random_image(0, 4, 5))
    tasks = (
        task(1, "/data/upload/1/a1b2c3d0-my_1_photo.png", polygon("road", 0, 50, 100, 100)),
        task(2, "/data/upload/1/0a1b2c3d-x.png", polygon("road", 0, 0, 100, 50)),
    )
    run_ok("masks", "convert", write(tmp_path, *tasks), "-o", tmp_path / "set")
    images = {stem: sample.image for stem, sample in by_stem(tmp_path / "set").items()}
    assert images == {"my (1) photo": "images/my (1) photo.png", "0a1b2c3d-x": "images/0a1b2c3d-x.png"}
