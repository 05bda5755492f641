"""masks convert of ImageJ's ROIs: kinds of outlines, names as classes, which photo they are of, damage."""

import struct
from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from tests.prep.labels.digits import rows
from tests.prep.labels.microscopes.rois import FREEHAND, LINE, OVAL, POLYGON, RECTANGLE, pack, roi
from tests.support import by_stem, random_image, run_error, run_ok, save

BLOCK = ["000000", "001100", "001100", "000000"]
SQUARE = [(2, 1), (4, 1), (4, 3), (2, 3)]


def composite(*rings: list[tuple[float, float]]) -> bytes:
    path: list[float] = []
    for ring in rings:
        for step, (x, y) in enumerate(ring):
            path += [1.0 if step else 0.0, x, y]
        path.append(4.0)
    data = bytearray(roi(RECTANGLE, (0, 0, 6, 4)))
    struct.pack_into(">i", data, 36, len(path))
    return bytes(data) + np.array(path, ">f4").tobytes()


@pytest.mark.parametrize(
    "data",
    [
        roi(POLYGON, (2, 1, 4, 3), SQUARE),
        roi(FREEHAND, (2, 1, 4, 3), SQUARE, subpixel=1),
        roi(RECTANGLE, (2, 1, 4, 3)),
        roi(OVAL, (2, 1, 4, 3)),
        composite(SQUARE),
    ],
)
def test_outlines_of_each_kind(data: bytes, tmp_path: Path) -> None:
    file = pack(tmp_path / "raw" / "RoiSet.zip", {"road": data}, "a.png")
    text = run_ok("masks", "convert", file, "-o", tmp_path / "set").stdout
    assert rows(tmp_path / "set", "a") == BLOCK
    assert by_stem(tmp_path / "set")["a"].image == "images/a.png"
    assert "taken for the ROIs of the only photo there, a.png" in text
    assert "1 label, read as imagej-roi" in run_ok("masks", "inspect", file).stdout


def test_a_hole_stays_open_and_a_later_roi_covers_an_earlier_one(tmp_path: Path) -> None:
    frame = composite([(0, 0), (6, 0), (6, 4), (0, 4)], SQUARE)
    file = pack(tmp_path / "raw" / "a.zip", {"road": frame, "car": roi(RECTANGLE, (0, 0, 1, 4))}, "a.png")
    run_ok("masks", "convert", file, "-o", tmp_path / "set")
    assert rows(tmp_path / "set", "a") == ["122222", "120022", "120022", "122222"]


def test_names_are_classes_without_the_numbers_of_imagej(tmp_path: Path) -> None:
    names = ("road", "road-1", "level-2", "0001-0040-0030", "0001-0050-0030-1")
    file = pack(tmp_path / "raw" / "a.zip", {name: roi(RECTANGLE, (2, 1, 4, 3)) for name in names}, "a.png")
    text = run_ok("masks", "convert", file, "-o", tmp_path / "set").stdout
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "level-2", "object", "road")
    assert "ROIs without a name of their own are the class 'object': 2 (0001-0040-0030, 0001-0050-0030-1)" in text


def test_sets_and_single_files_of_several_photos(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    pack(raw / "a_RoiSet.zip", {"road": roi(RECTANGLE, (2, 1, 4, 3))}, "a.png")
    pack(raw / "b.zip", {"car": roi(RECTANGLE, (0, 0, 1, 1))}, "b.png")
    (raw / "c.roi").write_bytes(roi(RECTANGLE, (0, 0, 6, 1)))
    save(raw / "c.png", random_image(1, 4, 6))
    run_ok("masks", "convert", raw, "-o", tmp_path / "set")
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "car", "object", "road")
    assert rows(tmp_path / "set", "a") == [row.replace("1", "3") for row in BLOCK]
    assert rows(tmp_path / "set", "b") == ["100000", "000000", "000000", "000000"]
    assert rows(tmp_path / "set", "c") == ["222222", "000000", "000000", "000000"]


def test_a_set_of_no_photo_is_asked_about(tmp_path: Path) -> None:
    file = pack(tmp_path / "raw" / "RoiSet.zip", {"road": roi(RECTANGLE, (2, 1, 4, 3))}, "a.png")
    save(tmp_path / "raw" / "b.png", random_image(0, 4, 6))
    said = run_error("masks", "convert", file, "-o", tmp_path / "set")
    assert "of which photo are these ROIs? 2 photos lie below" in said
    file.rename(file.with_name("b.zip"))
    run_ok("masks", "convert", file.with_name("b.zip"), "-o", tmp_path / "set")
    assert rows(tmp_path / "set", "b") == BLOCK


def test_lines_are_counted_stacks_and_damage_refused(tmp_path: Path) -> None:
    line = roi(LINE, (0, 0, 3, 3))
    file = pack(tmp_path / "raw" / "a.zip", {"road": roi(RECTANGLE, (2, 1, 4, 3)), "edge": line}, "a.png")
    text = run_ok("masks", "convert", file, "-o", tmp_path / "set").stdout
    assert "left out, because they enclose nothing, line: 1 (edge)" in text
    assert rows(tmp_path / "set", "a") == BLOCK
    slices = {f"s{number}": roi(RECTANGLE, (2, 1, 4, 3), position=number) for number in (1, 2)}
    pack(file, slices)
    assert "its ROIs lie on 2 slices of a stack" in run_error("masks", "convert", file, "-o", tmp_path / "other")
    pack(file, {"road": roi(POLYGON, (2, 1, 4, 3), SQUARE)[:-2]})
    said = run_error("masks", "convert", file, "-o", tmp_path / "other")
    assert f"{file / 'road.roi'}: no ROI of ImageJ, or a damaged one" in said


def test_a_set_is_of_the_only_photo_beside_it(tmp_path: Path) -> None:
    for place, (photo, left) in {"s1": ("x.png", 0), "s2": ("y.png", 3)}.items():
        data = roi(RECTANGLE, (left, 0, left + 2, 4))
        pack(tmp_path / f"raw/{place}/RoiSet.zip", {"road": data}, photo)
    text = run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set").stdout
    assert "s2/RoiSet.zip: taken for the ROIs of the only photo beside it, y.png" in text
    assert rows(tmp_path / "set", "x") == ["110000"] * 4
    assert rows(tmp_path / "set", "y") == ["000110"] * 4
