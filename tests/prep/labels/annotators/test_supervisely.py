"""masks convert of a Supervisely project: polygons with holes, bitmaps, datasets, classes of meta.json."""

import base64
import json
import zlib
from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from prep.images.imageio import encode_png
from tests.prep.labels.digits import rows
from tests.support import by_stem, masks_of, random_image, run_error, run_ok, save

META = {"classes": [{"title": "road", "color": "#102030"}, {"title": "car", "color": "#D0021B"}], "tags": []}
HOLE = [[2, 1], [4, 1], [4, 3], [2, 3]]


def polygon(label: str, exterior: list[list[float]], *interior: list[list[float]]) -> dict[str, object]:
    points = {"exterior": exterior, "interior": list(interior)}
    return {"classTitle": label, "geometryType": "polygon", "points": points}


def bitmap(label: str, pixels: list[list[int]], left: int, top: int) -> dict[str, object]:
    data = zlib.compress(encode_png(np.array(pixels, np.uint8) * 255))
    packed = base64.b64encode(data).decode()
    return {"classTitle": label, "geometryType": "bitmap", "bitmap": {"data": packed, "origin": [left, top]}}


def annotate(dataset: Path, photo: str, *objects: dict[str, object]) -> None:
    (dataset / "ann").mkdir(parents=True, exist_ok=True)
    content = {"description": "", "tags": [], "size": {"height": 4, "width": 6}, "objects": list(objects)}
    (dataset / "ann" / f"{photo}.json").write_text(json.dumps(content))
    save(dataset / "img" / photo, random_image(0, 4, 6))


def project(root: Path, meta: dict[str, object] = META) -> Path:
    root.mkdir(parents=True)
    (root / "meta.json").write_text(json.dumps(meta))
    return root


def test_polygons_with_holes_and_bitmaps_in_the_order_of_the_file(tmp_path: Path) -> None:
    raw = project(tmp_path / "raw")
    road = polygon("road", [[0, 0], [6, 0], [6, 4], [0, 4]], HOLE)
    annotate(raw / "ds0", "a.png", road, bitmap("car", [[1, 0, 1], [1, 1, 1]], 4, 3))
    run_ok("masks", "convert", raw, "-o", tmp_path / "set")
    assert rows(tmp_path / "set", "a") == ["111111", "110011", "110011", "111121"]
    classes = Dataset.open(tmp_path / "set").classes
    assert classes.names == ("background", "road", "car")
    assert classes.colors[1:] == ((16, 32, 48), (208, 2, 27))


@pytest.mark.parametrize("name", ["a.png.json", "ann", ""])
def test_a_file_a_folder_of_them_or_a_dataset_is_enough(name: str, tmp_path: Path) -> None:
    raw = project(tmp_path / "raw")
    annotate(raw / "ds0", "a.png", polygon("car", HOLE))
    source = raw / "ds0" / "ann" / name if name.endswith(".json") else raw / "ds0" / name
    run_ok("masks", "convert", source, "-o", tmp_path / "set")
    assert rows(tmp_path / "set", "a") == ["000000", "002200", "002200", "000000"]
    assert by_stem(tmp_path / "set")["a"].image == "images/a.png"


def test_datasets_with_equal_photos_stay_apart_and_are_splits_by_their_names(tmp_path: Path) -> None:
    raw = project(tmp_path / "raw")
    annotate(raw / "train", "a.png", polygon("road", HOLE))
    annotate(raw / "test", "a.png", polygon("car", HOLE))
    run_ok("masks", "convert", raw, "-o", tmp_path / "set")
    assert {stem: sample.split for stem, sample in by_stem(tmp_path / "set").items()} == {
        "train_a": "train",
        "test_a": "test",
    }
    assert masks_of(tmp_path / "set")["train_a"].max() == 1
    assert masks_of(tmp_path / "set")["test_a"].max() == 2


def test_a_single_dataset_named_test_is_no_split(tmp_path: Path) -> None:
    raw = project(tmp_path / "raw")
    annotate(raw / "test", "a.png", polygon("road", HOLE))
    run_ok("masks", "convert", raw, "-o", tmp_path / "set")
    assert by_stem(tmp_path / "set")["a"].split == ""


def test_the_older_names_of_files_and_photos_elsewhere(tmp_path: Path) -> None:
    raw = project(tmp_path / "raw")
    annotate(raw / "ds0", "a.png", polygon("road", HOLE))
    (raw / "ds0" / "ann" / "a.png.json").rename(raw / "ds0" / "ann" / "a.json")
    run_ok("masks", "convert", raw, "-o", tmp_path / "old")
    assert by_stem(tmp_path / "old")["a"].image == "images/a.png"
    (raw / "ds0" / "ann" / "a.json").rename(raw / "ds0" / "ann" / "a.png.json")
    (raw / "ds0" / "img").rename(tmp_path / "photos")
    run_ok("masks", "convert", raw, "-o", tmp_path / "set", "--images", tmp_path / "photos")
    assert by_stem(tmp_path / "set")["a"].image == "images/a.png"


def test_rectangles_and_lines_are_counted_and_objects_without_class_named(tmp_path: Path) -> None:
    raw = project(tmp_path / "raw")
    box = {"classTitle": "car", "geometryType": "rectangle", "points": {"exterior": [[0, 0], [2, 2]], "interior": []}}
    annotate(raw / "ds0", "a.png", polygon("road", HOLE), box, {"geometryType": "polygon"})
    text = run_ok("masks", "convert", raw, "-o", tmp_path / "set").stdout
    assert "left out, because they are no polygons and no bitmaps, rectangle: 1 (car in a.png)" in text
    assert "left out, because they have no class: 1 (a.png)" in text
    assert rows(tmp_path / "set", "a") == ["000000", "001100", "001100", "000000"]


def test_a_bitmap_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    raw = project(tmp_path / "raw")
    entry = bitmap("car", [[1]], 0, 0)
    packed = base64.b64encode(zlib.compress(bytes(1 << 24))).decode()
    entry["bitmap"] = {"data": packed, "origin": [0, 0]}
    annotate(raw / "ds0", "a.png", entry)
    assert "its bitmap unpacks to more than 65,728 bytes" in run_error("masks", "convert", raw, "-o", tmp_path / "set")
    entry["bitmap"] = {"data": "no base64", "origin": [0, 0]}
    annotate(raw / "ds0", "a.png", entry)
    assert "its bitmap cannot be unpacked" in run_error("masks", "convert", raw, "-o", tmp_path / "set")
    assert not (tmp_path / "set" / "index.csv").exists()
