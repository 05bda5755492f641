"""masks convert of VGG Image Annotator: JSON, projects and CSV, the attribute that is the class, what is left out."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from tests.prep.labels.digits import rows
from tests.support import by_stem, masks_of, random_image, run_error, run_ok, save

Region = dict[str, dict[str, object]]

COLUMNS = (
    "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes"  # as VIA 2
)
ROWS = ["000000", "001100", "001100", "000000"]


def region(shape: dict[str, object], **attributes: object) -> Region:
    return {"shape_attributes": shape, "region_attributes": attributes}


def square(left: int, top: int, side: int) -> dict[str, object]:
    xs = [left, left + side, left + side, left]
    return {"name": "polygon", "all_points_x": xs, "all_points_y": [top, top, top + side, top + side]}


def write(folder: Path, regions: dict[str, list[Region]], form: str = "json") -> Path:
    """Photos of 6 x 4 pixels and what VIA writes of them; the file."""
    for photo in regions:
        save(folder / photo, random_image(0, 4, 6))
    path = folder / ("via.csv" if form == "csv" else "via.json")
    if form == "csv":
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(COLUMNS.split(","))
            for photo, own in regions.items():
                for each in own or [{"shape_attributes": {}, "region_attributes": {}}]:
                    parts = (json.dumps(each["shape_attributes"]), json.dumps(each["region_attributes"]))
                    rows.writerow([photo, 1, "{}", len(own), 0, *parts])
        return path
    entries = {
        f"{photo}1": {
            "filename": photo,
            "size": 1,
            "regions": dict(enumerate(own)) if form == "via1" else own,
            "file_attributes": {},
        }
        for photo, own in regions.items()
    }
    content = {"_via_settings": {}, "_via_img_metadata": entries} if form == "project" else entries
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize("form", ["json", "via1", "project", "csv"])
@pytest.mark.parametrize("whole_folder", [True, False])
def test_each_form_is_read(form: str, whole_folder: bool, tmp_path: Path) -> None:
    regions = {
        "a.png": [region(square(0, 0, 4), kind="road"), region(square(2, 1, 2), kind="car")],
        "b.png": [],
    }
    file = write(tmp_path / "raw", regions, form)
    text = run_ok("masks", "convert", tmp_path / "raw" if whole_folder else file, "-o", tmp_path / "set").stdout
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "car", "road")
    assert rows(tmp_path / "set", "a") == ["222200", "221100", "221100", "222200"]
    assert rows(tmp_path / "set", "b") == ["000000"] * 4
    assert "images without a region: 1" in text
    assert {sample.image for sample in by_stem(tmp_path / "set").values()} == {"images/a.png", "images/b.png"}


def test_circles_and_turned_ellipses(tmp_path: Path) -> None:
    circle = {"name": "circle", "cx": 3, "cy": 2, "r": 1.5}
    upright = {"name": "ellipse", "cx": 3, "cy": 2, "rx": 2, "ry": 0.9, "theta": np.pi / 2}
    file = write(tmp_path / "raw", {"a.png": [region(circle, kind="x")], "b.png": [region(upright, kind="x")]})
    run_ok("masks", "convert", file, "-o", tmp_path / "set")
    assert rows(tmp_path / "set", "a") == ROWS
    assert rows(tmp_path / "set", "b") == ["001100"] * 4


def test_of_several_attributes_one_has_to_be_named(tmp_path: Path) -> None:
    regions = {"a.png": [region(square(2, 1, 2), kind={"road": True, "car": False}, **{"seen by": "anna"})]}
    file = write(tmp_path / "raw", regions)
    said = run_error("masks", "convert", file, "-o", tmp_path / "set")
    assert "its regions have 2 attributes; say which one is the class:" in said
    assert "--variable kind   (road)" in said
    assert "--variable 'seen by'   (anna)" in said
    assert "no attribute 'color'" in run_error("masks", "inspect", file, "--variable", "color")
    run_ok("masks", "convert", file, "-o", tmp_path / "set", "--variable", "kind")
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "road")
    assert rows(tmp_path / "set", "a") == ROWS


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    box = {"name": "rect", "x": 0, "y": 0, "width": 1, "height": 1}
    line = {"name": "polyline", "all_points_x": [0, 1, 2], "all_points_y": [0, 1, 0]}
    regions = [region(square(2, 1, 2), kind="road"), region(box, kind="road"), region(line, kind="road")]
    file = write(tmp_path / "raw", {"a.png": [*regions, region(square(0, 0, 1), kind="")]})
    text = run_ok("masks", "convert", file, "-o", tmp_path / "set").stdout
    assert "left out, because they are no regions, rect: 1 (a.png)" in text
    assert "left out, because they are no regions, polyline: 1 (a.png)" in text
    assert "left out, because their attribute 'kind' names no class: 1 (a.png)" in text
    assert rows(tmp_path / "set", "a") == ROWS


def test_without_attributes_all_regions_are_one_class_and_that_is_said(tmp_path: Path) -> None:
    file = write(tmp_path / "raw", {"a.png": [region(square(2, 1, 2))]})
    text = run_ok("masks", "convert", file, "-o", tmp_path / "set").stdout
    assert "no region has an attribute, so that all are one class, 'region'" in text
    assert rows(tmp_path / "set", "a") == ROWS


def test_photos_elsewhere_say_the_sizes(tmp_path: Path) -> None:
    file = write(tmp_path / "raw", {"a.png": [region(square(2, 1, 2), kind="road")]})
    (tmp_path / "photos" / "day1").mkdir(parents=True)
    (tmp_path / "raw" / "a.png").rename(tmp_path / "photos" / "day1" / "a.png")
    assert "says the size of none of its images" in run_error("masks", "convert", file, "-o", tmp_path / "set")
    run_ok("masks", "convert", file, "-o", tmp_path / "set", "--images", tmp_path / "photos")
    assert rows(tmp_path / "set", "a") == ROWS


@pytest.mark.parametrize("form", ["json", "csv"])
def test_damaged_regions_are_named(form: str, tmp_path: Path) -> None:
    broken = {"name": "polygon", "all_points_x": [0, 1, 2], "all_points_y": [0]}
    file = write(tmp_path / "raw", {"a.png": [region(broken, kind="road")]}, form)
    said = run_error("masks", "convert", file, "-o", tmp_path / "set")
    assert f"{file}, a.png: a polygon has not as many x as y" in said


def test_a_file_for_each_split_as_the_balloons_have_it(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "val")):
        region = {
            "shape_attributes": {"name": "polygon", "all_points_x": [0, 3, 3, 0], "all_points_y": [0, 0, 2, 2]},
            "region_attributes": {},
        }
        save(tmp_path / "raw" / split / "a.jpg", random_image(number, 5, 6))
        content = {"a.jpg1": {"filename": "a.jpg", "size": 1, "regions": [region] * (1 - number)}}
        (tmp_path / "raw" / split / "via_region_data.json").write_text(json.dumps(content))
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert {stem: sample.split for stem, sample in by_stem(tmp_path / "set").items()} == {
        "train_a": "train",
        "val_a": "val",
    }
    masks = masks_of(tmp_path / "set")
    assert masks["train_a"].any()
    assert not masks["val_a"].any()
    (tmp_path / "raw/val/more.json").write_text((tmp_path / "raw/val/via_region_data.json").read_text())
    assert "holds 3 files of VIA" in run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "other")


def test_shares_of_the_photo_are_read_as_such(tmp_path: Path) -> None:
    half = {"name": "polygon", "all_points_x": [0, 0.5, 0.5, 0], "all_points_y": [0, 0, 1, 1]}
    source = write(tmp_path / "raw", {"a.png": [region(half, name="cat")]})
    said = run_ok("masks", "convert", source, "-o", tmp_path / "set").stdout
    assert "all points lie between 0 and 1: read as shares of the width and height of their images" in said
    assert rows(tmp_path / "set", "a") == ["111000"] * 4


@pytest.mark.parametrize("kind", ["dropdown", "checkbox"])
def test_options_that_regions_number_have_their_words_from_the_project(kind: str, tmp_path: Path) -> None:
    def value(number: str) -> object:
        return number if kind == "dropdown" else {number: True}

    write(
        tmp_path / "raw",
        {"a.png": [region(square(0, 0, 2), what=value("1")), region(square(2, 2, 1), what=value("2"))]},
        "project",
    )
    project = next((tmp_path / "raw").glob("*.json"))
    content = json.loads(project.read_text())
    options = {"1": "road", "2": "car", "3": "", "sky": "what is above"}
    content["_via_attributes"] = {"region": {"what": {"type": kind, "options": options}}, "file": {}}
    project.write_text(json.dumps(content))
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "car", "road")


@pytest.mark.parametrize("form", ["json", "csv"])
def test_two_photos_of_one_name_are_not_merged(form: str, tmp_path: Path) -> None:
    """VIA writes names without folders; their sizes in bytes tell them apart."""
    path = write(tmp_path / "raw", {"a.png": [region(square(0, 0, 2), what="road")]}, form)
    if form == "json":
        content = json.loads(path.read_text())
        content["a.png2"] = {**content["a.png1"], "size": 2, "regions": [region(square(2, 2, 1), what="car")]}
        path.write_text(json.dumps(content))
    else:
        lines = path.read_text().splitlines()
        path.write_text("\n".join([*lines, lines[-1].replace("a.png,1,", "a.png,2,")]) + "\n")
    said = run_error("masks", "convert", path, "-o", tmp_path / "set")
    assert "has regions of two photos called a.png, of 1 and 2 bytes, and says no folders" in said
